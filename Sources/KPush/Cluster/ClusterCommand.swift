import ArgumentParser
import CurlDriver
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

    @OptionGroup var campaign: DemoCampaignOptions

    @Option(help: "Processes that stand for election; one of them leads.")
    var schedulers = 2

    @Option(help: "Processes that run jobs.")
    var executors = 2

    @Option(help: "Processes that send.")
    var workers = 2

    @Option(help: "The folder of the cluster's files.", completion: .directory)
    var data = "cluster-data"

    func validate() throws {
        for (name, count) in [("schedulers", schedulers), ("executors", executors), ("workers", workers)] {
            guard (1...16).contains(count) else { throw ValidationError("--\(name) is from 1 to 16.") }
        }
    }

    func run() async throws {
        let demo = campaign.demo
        try DemoFolder.empty(data)
        let logger = ServeLog.start(level: demo.logLevel)
        let simulator = try SimulatorProcess(demo.simulator)
        defer { try? simulator.stop() }
        let cluster = try await LocalCluster(data: data, webPort: demo.webPort, logLevel: demo.logLevel)
        let outcome: Result<Bool, any Error>
        do {
            outcome = .success(
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    group.addTask { try await perform(on: cluster, simulator, logger) }
                    if campaign.stopWithInput {
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
        if demo.keepServing, case .success = outcome {
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
        let control = SimulatorControl(simulator, http: composition.engine.http)
        return try await campaign.perform(composition, control, cluster.url) { await cluster.peakMemory }
    }
}
