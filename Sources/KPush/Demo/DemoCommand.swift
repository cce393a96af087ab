import ArgumentParser
import Console

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

    @OptionGroup var campaign: DemoCampaignOptions

    @Option(help: "The demo's data folder.", completion: .directory)
    var data = "demo-data"

    func run() async throws {
        let demo = campaign.demo
        let isExact = try await DemoStage(
            settings: .demo(data: data, webPort: demo.webPort, logLevel: demo.logLevel),
            simulator: demo.simulator,
            stopsWithInput: campaign.stopWithInput,
            keepsServing: demo.keepServing
        )
        .run { composition, simulator, door in
            try await campaign.perform(composition, simulator, door) { ProcessMemory.peak ?? 0 }
        }
        if !isExact { throw ExitCode(1) }
    }
}
