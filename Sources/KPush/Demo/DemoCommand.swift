import ArgumentParser
import Console
import CurlDriver
import Foundation
import Groundwork
import Logging
import ServiceLifecycle
import UnixSignals

/// `kpush demo`: all roles, the simulator, sample data, and one campaign from its crowd file to the last receipt.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Send a made-up campaign through the whole system, on this machine alone.",
        discussion: """
            Starts every role with the embedded store, and the supplier simulator beside it; loads sample templates and \
            accounts; schedules a campaign by cron a few seconds ahead; shows it going; and compares our books with \
            the simulator's. Exit code 0: every recipient is accounted for, on both sides.

            The data folder is the demo's own and is emptied at its start.
            """
    )

    @Option(help: "Rows of the crowd file.")
    var rows = 100_000

    @Option(help: "Chooses the recipients.")
    var seed: UInt64 = 1

    @Option(help: "How many seconds ahead the campaign is scheduled.")
    var lead = 15

    @Option(help: "The share of messages that the handset does not get.")
    var failRatio = 0.02

    @Option(help: "The demo's data folder.", completion: .directory)
    var data = "demo-data"

    @Option(help: "The port of the API and the console; 0 takes a free one.")
    var webPort = 8_080

    @Option(help: "How much is logged.")
    var logLevel = "warning"

    @Option(help: "A file that takes the summary as JSON.", completion: .file())
    var summary: String?

    @Flag(help: "Stop when standard input ends, such as with the process that started it.")
    var stopWithInput = false

    @Flag(help: "Go on serving after the summary, until Ctrl-C.")
    var keepServing = false

    func validate() throws {
        guard rows > 0 else { throw ValidationError("--rows is above 0.") }
        guard (1...3_600).contains(lead) else { throw ValidationError("--lead is from 1 to 3600.") }
        guard (0...1).contains(failRatio) else { throw ValidationError("--fail-ratio is from 0 to 1.") }
        guard (0...65_535).contains(webPort) else { throw ValidationError("--web-port is from 0 to 65535.") }
    }

    func run() async throws {
        try DemoFolder.empty(data)
        let logger = ServeLog.start(level: logLevel)
        let composition = try await Composition(settings, logger: logger)
        let simulator = try SimulatorProcess(
            ["--seed", "\(seed)", "--fail-ratio", "\(failRatio)", "--no-scripts"]
        )
        defer { try? simulator.stop() }
        try await composition.applyDefinitions()
        let services = ServiceGroup(
            configuration: .init(
                services: try composition.services().map { .init(service: $0) }
                    + (stopWithInput ? [InputWatch.member] : []),
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        let isExact = try await withThrowingTaskGroup(of: Bool?.self) { group in
            group.addTask {
                try await services.run()
                return nil
            }
            group.addTask { try await perform(composition, simulator) }
            guard let isExact = try await group.next() ?? nil else {
                throw DemoError("stopped before its end")
            }
            if keepServing {
                Terminal.out("\nStill serving; stop with Ctrl-C.\n")
            } else {
                await services.triggerGracefulShutdown()
            }
            try await group.waitForAll()
            return isExact
        }
        composition.engine.http.shutdown()
        if !isExact { throw ExitCode(1) }
    }

    private var settings: ServeSettings {
        var settings = ServeSettings()
        settings.data = data
        settings.webPort = webPort
        settings.executorPort = 0
        settings.zone = TimeZone(identifier: "Asia/Shanghai") ?? .gmt
        settings.logLevel = logLevel
        return settings
    }

    private func perform(_ composition: Composition, _ simulator: SimulatorProcess) async throws -> Bool {
        guard let port = await composition.console.port else {
            throw DemoError("the console cannot listen on port \(webPort); choose another with --web-port")
        }
        Terminal.out(
            """
            Console:   http://127.0.0.1:\(port)
            API token: \(composition.folder.file("api-token"))
            Simulator: \(simulator.url)/_sim/stats

            """
        )
        var demo = DemoSettings()
        demo.rows = rows
        demo.seed = seed
        demo.lead = .seconds(lead)
        let control = SimulatorControl(url: simulator.url, http: composition.engine.http)
        let outcome = try await DemoRun(
            composition: composition,
            simulator: control,
            door: "http://127.0.0.1:\(port)",
            settings: demo
        )
        .perform()
        let books = DemoSummary(outcome: outcome, peakMemory: ProcessMemory.peak ?? 0)
        Terminal.out(books.text)
        if let summary {
            try JSONEncoder().encode(books.figures).write(to: URL(fileURLWithPath: summary))
        }
        return books.isExact
    }
}

/// The demo's data folder, which is known by a file in it: no other folder is ever emptied.
enum DemoFolder {
    private static let mark = "made-by-kpush-demo"

    static func empty(_ path: String) throws {
        let files = FileManager.default
        if files.fileExists(atPath: path) {
            let content = try files.contentsOfDirectory(atPath: path)
            guard content.isEmpty || content.contains(mark) else {
                throw DemoError("\(path) is not a folder of the demo; choose another with --data")
            }
            for name in content where name != mark { try files.removeItem(atPath: path + "/" + name) }
        }
        try DataFolder.make(path)
        try Data().write(to: URL(fileURLWithPath: path + "/" + mark))
    }
}
