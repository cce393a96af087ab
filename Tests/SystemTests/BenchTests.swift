import Foundation
import PushEngine
import TestKit
import Testing

@testable import KPush

/// What the bench makes of measured campaigns.
@Suite struct BenchReportTests {
    @Test func `what was measured is held against each promise`() {
        let report = BenchReport(
            small: [figures(rows: 10_000, peak: 60)],
            large: [figures(peak: 90)],
            cores: 2
        )
        #expect(report.holds)
        #expect(report.requirements.map(\.measured) == ["60,000", "30 MB", "0 twice"])
    }

    @Test(arguments: [(18.4, true), (18.41, false)])
    func `recipients that were sent to make the rate, not rows that were read`(seconds: Double, holds: Bool) {
        let run = figures(recipients: 920_000, seconds: seconds)
        #expect(run.rowsPerSecond > 54_000)
        #expect(BenchReport(small: [run], large: [run]).holds == holds)
    }

    @Test(arguments: [(23.0, true), (23.1, false)])
    func `the cluster size has a promise of its own`(seconds: Double, holds: Bool) {
        let report = BenchReport(cluster: [figures(recipients: 920_000, seconds: seconds)])
        #expect(report.requirements.map(\.holds) == [holds, true])
        #expect(report.text.contains("cluster: at least 40,000 recipients a second"))
    }

    @Test(arguments: [(60, 92, true), (60, 93, false), (93, 60, false), (60, 28, true)])
    func `peak memory may differ by 32 MB either way`(small: Int, large: Int, holds: Bool) {
        let report = BenchReport(small: [figures(peak: small)], large: [figures(peak: large)])
        #expect(report.holds == holds)
    }

    @Test func `of several runs the median rate and the highest peaks count`() {
        let small = [figures(peak: 60), figures(peak: 50), figures(peak: 50)]
        let large = [figures(seconds: 40, peak: 70), figures(seconds: 15, peak: 99), figures(seconds: 16)]
        let report = BenchReport(small: small, large: large)
        #expect(report.requirements.map(\.measured) == ["60,000", "39 MB", "0 twice"])
        #expect(report.requirements.map(\.holds) == [true, false, true])
    }

    @Test(
        arguments: [([], 0), ([3], 3), ([4, 2], 2), ([9, 1, 5], 5), ([4, 1, 3, 2], 2)] as [([Double], Double)]
    )
    func `of two values in the middle the lower is the median`(values: [Double], median: Double) {
        #expect(BenchReport.median(values) == median)
    }

    @Test func `books that differ are no success, and the report says where`() {
        let differing = figures(disagreements: ["sent by us = accepted by the simulator  7  ≠ 8"])
        let report = BenchReport(small: [figures()], large: [differing])
        #expect(!report.holds)
        #expect(report.text.contains("MISSED  every recipient in both books"))
        #expect(report.text.contains("7  ≠ 8"))
    }

    @Test func `somebody sent to twice is no success`() {
        #expect(!BenchReport(small: [figures(doubled: 1)], large: [figures()]).holds)
    }

    private func figures(
        rows: Int = 1_000_000,
        recipients: Int = 960_000,
        seconds: Double = 16,
        peak: Int = 60,
        doubled: Int = 0,
        disagreements: [String] = []
    ) -> DemoFigures {
        DemoFigures(
            rows: rows,
            recipients: recipients,
            sentSeconds: seconds,
            settledSeconds: seconds + 70,
            peakMemory: peak << 20,
            doubled: doubled,
            disagreements: disagreements
        )
    }
}

/// `kpush bench` as a program.
@Suite(.timeLimit(.minutes(5))) struct BenchCommandTests {
    @Test func `campaigns are measured in processes of their own, whose figures make the report`()
        async throws
    {
        let folder = try TemporaryFolder()
        let output = folder.file("report.json")
        try Data().write(to: URL(fileURLWithPath: output))
        let bench = try ChildProcess(
            ["bench", "--rows", "400", "--baseline", "200", "--json", "--data", folder.file("bench")],
            program: ServerProcess.program(),
            output: FileHandle(forWritingTo: URL(fileURLWithPath: output))
        )
        let status = await bench.end()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: output))
        let report = try JSONDecoder().decode(BenchReport.self, from: bytes)
        #expect(report.small.map(\.rows) == [200])
        #expect(report.large.map(\.rows) == [400])
        #expect(report.cluster.map(\.rows) == [400])
        for run in report.small + report.large + report.cluster {
            #expect(run.recipients == run.rows * 92 / 100)
            #expect(run.doubled == 0)
            #expect(run.disagreements == [])
            #expect(0 < run.sentSeconds && run.sentSeconds <= run.settledSeconds)
            #expect(run.peakMemory > 1 << 20)
        }
        // How fast this machine is does not matter here, only that the exit code says what the report does.
        #expect(status == (report.holds ? 0 : 1))
        #expect(!FileManager.default.fileExists(atPath: folder.file("bench")))
    }
}
