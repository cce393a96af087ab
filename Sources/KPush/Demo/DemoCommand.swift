import ArgumentParser
import Console
import Foundation

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
        let isExact = try await DemoStage(
            settings: .demo(data: data, webPort: webPort, logLevel: logLevel),
            simulator: ["--seed", "\(seed)", "--fail-ratio", "\(failRatio)", "--no-scripts"],
            stopsWithInput: stopWithInput,
            keepsServing: keepServing
        )
        .run(perform)
        if !isExact { throw ExitCode(1) }
    }

    private func perform(
        _ composition: Composition,
        _ simulator: SimulatorControl,
        _ door: String
    ) async throws -> Bool {
        var demo = DemoSettings()
        demo.rows = rows
        demo.seed = seed
        demo.lead = .seconds(lead)
        let outcome = try await DemoRun(
            composition: composition,
            simulator: simulator,
            door: door,
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
