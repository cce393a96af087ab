import CurlDriver
import Foundation
import Groundwork
import Logging
import TestKit
import Testing

@testable import KPush

/// The cluster as a person starts it, with few rows, and a split of roles that only settings make.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ClusterTests {
    private static let rows = 3_000

    @Test func `a cluster sends a campaign, compares the books and ends`() async throws {
        let folder = try TemporaryFolder()
        let summary = folder.file("summary.json")
        let ending = try await Program.run([
            "cluster", "--rows", "\(Self.rows)", "--lead", "1", "--web-port", "0",
            "--data", folder.file("cluster"), "--summary", summary,
        ])
        #expect(ending.status == 0, "\(ending.output)\(ending.complaints)")
        let nodes = "scheduler-1, scheduler-2, web-1, executor-1, executor-2, worker-1, worker-2"
        #expect(ending.output.contains("Processes:  \(nodes)\n"))
        #expect(ending.output.contains("ok  sent by us = accepted by the simulator"))
        let figures = try JSONDecoder()
            .decode(DemoFigures.self, from: Data(contentsOf: URL(fileURLWithPath: summary)))
        #expect(figures.rows == Self.rows)
        #expect(figures.recipients > Self.rows * 9 / 10)
        #expect(figures.doubled == 0)
        #expect(figures.disagreements == [])
    }

    @Test func `processes of several roles each make a cluster as well`() async throws {
        let folder = try TemporaryFolder()
        let data = folder.file("cluster")
        try DataFolder.make(data)
        let program = try ServerProcess.program()
        let simulator = try SimulatorProcess(["--no-scripts"], program: program)
        defer { try? simulator.stop() }
        let cluster = try await LocalCluster(
            data: data,
            webPort: 0,
            logLevel: "warning",
            program: program
        )
        let outcome: Result<DemoSummary, any Error>
        do { outcome = .success(try await summary(of: cluster, simulator)) } catch {
            outcome = .failure(error)
        }
        await cluster.stop()
        let books = try outcome.get()
        #expect(books.isExact, "\(books.text)")
        #expect(books.figures.rows == Self.rows)
    }

    /// Sends a campaign through two processes that plan and run jobs; one of them sends, the other has the console.
    private func summary(of cluster: LocalCluster, _ simulator: SimulatorProcess) async throws -> DemoSummary
    {
        try await cluster.start([
            ClusterNode(name: "mixed-1", roles: [.scheduler, .executor, .worker]),
            ClusterNode(name: "mixed-2", roles: [.scheduler, .executor, .web]),
        ])
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let composition = try await Composition(try await cluster.settings("operator"), logger: logger)
        defer { composition.engine.http.shutdown() }
        var settings = DemoSettings()
        settings.rows = Self.rows
        settings.lead = .seconds(1)
        let outcome = try await DemoRun(
            composition: composition,
            simulator: SimulatorControl(simulator, http: composition.engine.http),
            door: cluster.url,
            settings: settings
        )
        .perform()
        for name in await cluster.names { #expect(await cluster.stop(name) == 0, "\(name)") }
        return DemoSummary(outcome: outcome, peakMemory: 0)
    }
}
