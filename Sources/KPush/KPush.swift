import ArgumentParser

@main
struct KPush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kpush",
        subcommands: [CronCommand.self, CrowdCommand.self, SimulateCommand.self]
    )
}
