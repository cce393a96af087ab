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

    @Option(help: "How many seconds ahead the campaigns are scheduled.")
    var lead = 5

    @OptionGroup var demo: DemoOptions

    @Option(help: "The demo's data folder.", completion: .directory)
    var data = "demo-data"

    func validate() throws {
        // DingTalk lets an account say fifty work notices of a hundred recipients a minute, and a robot twenty things.
        guard (1...1_000).contains(recipients) else {
            throw ValidationError("--recipients is from 1 to 1000.")
        }
        guard (1...3_600).contains(lead) else { throw ValidationError("--lead is from 1 to 3600.") }
    }

    func run() async throws {
        let isExact = try await DemoStage(
            settings: .demo(data: data, webPort: demo.webPort, logLevel: demo.logLevel),
            simulator: demo.simulator + ["--smtp-port", "0"],
            keepsServing: demo.keepServing
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
