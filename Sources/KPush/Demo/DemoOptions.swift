import ArgumentParser
import Foundation

/// What the commands that send something made up are told.
struct DemoOptions: ParsableArguments {
    @Option(help: "Chooses what is left to chance.")
    var seed: UInt64 = 1

    @Option(help: "The share of messages that do not reach their recipient.")
    var failRatio = 0.02

    @Option(help: "The port of the API and the console; 0 takes a free one.")
    var webPort = 8_080

    @Option(help: "How much is logged.")
    var logLevel = "warning"

    @Flag(help: "Go on serving after the summary, until Ctrl-C.")
    var keepServing = false

    func validate() throws {
        guard (0...1).contains(failRatio) else { throw ValidationError("--fail-ratio is from 0 to 1.") }
        guard (0...65_535).contains(webPort) else { throw ValidationError("--web-port is from 0 to 65535.") }
    }

    /// What the simulator is told.
    var simulator: [String] { ["--seed", "\(seed)", "--fail-ratio", "\(failRatio)", "--no-scripts"] }
}

/// What the commands that send the demo's campaign are told.
struct DemoCampaignOptions: ParsableArguments {
    @Option(help: "Rows of the crowd file.")
    var rows = 100_000

    @Option(help: "How many seconds ahead the campaign is scheduled.")
    var lead = 15

    @OptionGroup var demo: DemoOptions

    @Option(help: "A file that takes the summary as JSON.", completion: .file())
    var summary: String?

    @Flag(help: "Stop when standard input ends, such as with the process that started it.")
    var stopWithInput = false

    func validate() throws {
        guard rows > 0 else { throw ValidationError("--rows is above 0.") }
        guard (1...3_600).contains(lead) else { throw ValidationError("--lead is from 1 to 3600.") }
    }

    /// Sends the campaign and shows both sides' books.
    ///
    /// - Parameters:
    ///   - composition: speaks for the system.
    ///   - simulator: the suppliers.
    ///   - door: the base URL of the console.
    ///   - peakMemory: the most memory that the system took, asked for at the end.
    /// - Returns: whether the books agree.
    /// - Throws: what stands in the way of sending.
    func perform(
        _ composition: Composition,
        _ simulator: SimulatorControl,
        _ door: String,
        peakMemory: () async -> Int
    ) async throws -> Bool {
        var settings = DemoSettings()
        settings.rows = rows
        settings.seed = demo.seed
        settings.lead = .seconds(lead)
        let run = DemoRun(composition: composition, simulator: simulator, door: door, settings: settings)
        let books = DemoSummary(outcome: try await run.perform(), peakMemory: await peakMemory())
        Terminal.out(books.text)
        if let summary {
            try JSONEncoder().encode(books.figures).write(to: URL(fileURLWithPath: summary))
        }
        return books.isExact
    }
}
