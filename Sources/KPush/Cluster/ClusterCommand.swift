import ArgumentParser
import CurlDriver
import Foundation
import Groundwork
import LocalServers
import Logging
import UnixSignals

/// `kpush cluster`: the demo's campaign on the cluster size, with servers and processes of its own.
struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Start PostgreSQL, Redis and a cluster on them, and send a campaign through it.",
        discussion: """
            PostgreSQL and Redis are started on spare ports, with empty folders that are removed at the end; what a \
            cluster consists of are processes of `kpush serve`, a role each. Then it is as with `kpush demo`: a \
            generated crowd, a cron schedule, simulated suppliers, and both sides' books. Exit code 0: they agree.

            The data folder holds the processes' folders and logs; it is emptied at the start.
            """
    )

    @Option(help: "Rows of the crowd file.")
    var rows = 100_000

    @Option(help: "What the crowd and the suppliers' moods are made of.")
    var seed: UInt64 = 1

    @Option(help: "The share of receipts that say undelivered.")
    var failRatio = 0.02

    @Option(help: "Seconds until the campaign begins.")
    var lead = 15

    @Option(help: "Processes that stand for election; one of them leads.")
    var schedulers = 2

    @Option(help: "Processes that run jobs.")
    var executors = 2

    @Option(help: "Processes that send.")
    var workers = 2

    @Option(help: "The folder of the cluster's files.", completion: .directory)
    var data = "cluster-data"

    @Option(help: "The console's port; 0 takes a free one.")
    var webPort = 8_080

    @Option(help: "How much is logged.")
    var logLevel = "warning"

    @Option(help: "A file that takes the summary as JSON.", completion: .file())
    var summary: String?

    @Flag(help: "Go on serving after the summary, until Ctrl-C.")
    var keepServing = false

    @Flag(help: "End when standard input ends, so that it ends with whoever started it.")
    var stopWithInput = false

    func validate() throws {
        guard rows > 0 else { throw ValidationError("--rows is above 0.") }
        guard (1...3_600).contains(lead) else { throw ValidationError("--lead is from 1 to 3600.") }
        guard (0...65_535).contains(webPort) else { throw ValidationError("--web-port is from 0 to 65535.") }
        for (name, count) in [("schedulers", schedulers), ("executors", executors), ("workers", workers)] {
            guard (1...16).contains(count) else { throw ValidationError("--\(name) is from 1 to 16.") }
        }
    }

    func run() async throws {
        try DemoFolder.empty(data)
        let logger = ServeLog.start(level: logLevel)
        let simulator = try SimulatorProcess(
            ["--seed", "\(seed)", "--fail-ratio", "\(failRatio)", "--no-scripts"]
        )
        defer { try? simulator.stop() }
        let cluster = try await LocalCluster(data: data, webPort: webPort, logLevel: logLevel)
        let outcome: Result<Bool, any Error>
        do {
            outcome = .success(
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    group.addTask { try await perform(on: cluster, simulator, logger) }
                    if stopWithInput {
                        group.addTask {
                            await InputWatch.endOfInput()
                            throw CancellationError()
                        }
                    }
                    defer { group.cancelAll() }
                    return try await group.next() ?? false
                }
            )
        } catch { outcome = .failure(error) }
        if keepServing, case .success = outcome {
            Terminal.out("\nStill serving; stop with Ctrl-C.\n")
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { break }
        }
        await cluster.stop()
        if try !outcome.get() { throw ExitCode(1) }
    }

    private func perform(
        on cluster: LocalCluster,
        _ simulator: SimulatorProcess,
        _ logger: Logger
    ) async throws -> Bool {
        let nodes = ClusterNode.nodes([
            (.scheduler, schedulers), (.web, 1), (.executor, executors), (.worker, workers),
        ])
        try await cluster.start(nodes)
        let composition = try await Composition(try await cluster.settings("operator"), logger: logger)
        defer { composition.engine.http.shutdown() }
        Terminal.out(
            """
            PostgreSQL: \(cluster.postgres.address("kpush"))
            Redis:      \(cluster.redis.address)
            Processes:  \(nodes.map(\.name).joined(separator: ", "))
            Console:    \(cluster.url)
            API token:  \(cluster.token)
            Simulator:  \(simulator.url)/_sim/stats

            """
        )
        var demo = DemoSettings()
        demo.rows = rows
        demo.seed = seed
        demo.lead = .seconds(lead)
        let outcome = try await DemoRun(
            composition: composition,
            simulator: SimulatorControl(simulator, http: composition.engine.http),
            door: cluster.url,
            settings: demo
        )
        .perform()
        let books = DemoSummary(outcome: outcome, peakMemory: await cluster.peakMemory)
        Terminal.out(books.text)
        if let summary {
            try JSONEncoder().encode(books.figures).write(to: URL(fileURLWithPath: summary))
        }
        return books.isExact
    }
}
