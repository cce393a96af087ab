import Foundation
import Groundwork
import Scheduler
import TestKit
import Testing

@testable import KPush

/// How the scheduler's bench reckons.
@Suite struct PercentilesTests {
    @Test func `a share of the times kept to the one at its place`() {
        let times = Percentiles((1...100).reversed().map { Int64($0 * 1_000) })
        #expect(times.milliseconds(0.5) == 51)
        #expect(times.milliseconds(0.99) == 100)
        #expect(times.milliseconds(1) == 100)
        #expect(Percentiles([]).milliseconds(0.5) == 0)
    }

    @Test func `a cron expression is due at its second, and not again the same day`() throws {
        let due = Moment(secondsSinceEpoch: 1_900_000_000)
        let schedule = try Schedule(ScheduleText.cron(at: due))
        #expect(schedule.nextTrigger(after: due - .seconds(60)) == due)
        #expect(try #require(schedule.nextTrigger(after: due)) > due + .seconds(86_400))
    }
}

/// `kpush bench-scheduler` as a program.
@Suite(.timeLimit(.minutes(5))) struct SchedulerBenchCommandTests {
    @Test(arguments: [
        ["--embedded", "--only", "rate", "--only", "own", "--only", "trickle", "--only", "lateness"],
        ["--cluster", "--only", "burst", "--only", "leader", "--only", "list", "--only", "verify"],
    ])
    func `each row is measured on a site of its own, and nothing is lost on the way`(
        rows: [String]
    ) async throws {
        let folder = try TemporaryFolder()
        let ending = try await Program.run(
            [
                "bench-scheduler", "--divide", "100", "--runs", "100000", "--proven", "100000", "--json",
                "--data", "bench",
            ]
                + rows,
            in: folder.path
        )
        #expect(ending.status == 0, "\(ending.output)\(ending.complaints)")
        let report = try JSONDecoder().decode(SchedulerBenchReport.self, from: Data(ending.output.utf8))
        #expect(!report.isWhole)
        let wanted = Set(rows.filter { !$0.hasPrefix("--") })
        #expect(Set(report.lines.map(\.row)) == wanted)
        // How fast this machine is does not matter here; that nothing is lost or doubled does.
        for line in report.lines where line.asked == "0, 0" {
            #expect(line.measured == "0, 0", "\(line.what)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.file("bench")))
    }
}
