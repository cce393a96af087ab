import ArgumentParser

/// `kpush demo-channels`: a campaign over each channel, from its crowd file to the last receipt.
struct ChannelsDemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-channels",
        abstract:
            "Send a made-up campaign over each channel, through all of its suppliers, on this machine alone.",
        discussion: """
            Starts every role with the embedded store, and the supplier simulator beside it; makes an account at each \
            supplier and a template and a crowd for each channel; schedules a campaign for each by cron a few seconds \
            ahead; and compares our books with the simulator's. Exit code 0: every recipient is accounted for, on both \
            sides.

            The data folder is the demo's own and is emptied at its start.
            """
    )

    @Option(help: "Recipients of each campaign.")
    var recipients = 500

    @Option(help: "Chooses what is not delivered.")
    var seed: UInt64 = 1

    @Option(help: "How many seconds ahead the campaigns are scheduled.")
    var lead = 5

    @Option(help: "The share of messages that do not reach their recipient.")
    var failRatio = 0.02

    @Option(help: "The demo's data folder.", completion: .directory)
    var data = "demo-data"

    @Option(help: "The port of the API and the console; 0 takes a free one.")
    var webPort = 8_080

    @Option(help: "How much is logged.")
    var logLevel = "warning"

    @Flag(help: "Go on serving after the report, until Ctrl-C.")
    var keepServing = false

    func validate() throws {
        // DingTalk lets an account say fifty work notices of a hundred recipients a minute, and a robot twenty things.
        guard (1...1_000).contains(recipients) else {
            throw ValidationError("--recipients is from 1 to 1000.")
        }
        guard (1...3_600).contains(lead) else { throw ValidationError("--lead is from 1 to 3600.") }
        guard (0...1).contains(failRatio) else { throw ValidationError("--fail-ratio is from 0 to 1.") }
        guard (0...65_535).contains(webPort) else { throw ValidationError("--web-port is from 0 to 65535.") }
    }

    func run() async throws {
        let isExact = try await DemoStage(
            settings: .demo(data: data, webPort: webPort, logLevel: logLevel),
            simulator: [
                "--seed", "\(seed)", "--fail-ratio", "\(failRatio)", "--no-scripts", "--smtp-port", "0",
            ],
            keepsServing: keepServing
        )
        .run { composition, simulator, door in
            let demo = ChannelsDemo(
                composition: composition,
                simulator: simulator,
                door: door,
                recipients: recipients,
                lead: .seconds(lead)
            )
            let (outcomes, stats) = try await demo.perform()
            let report = ChannelsReport(outcomes: outcomes, stats: stats)
            Terminal.out(report.text)
            return report.isExact
        }
        if !isExact { throw ExitCode(1) }
    }
}
