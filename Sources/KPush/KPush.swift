import ArgumentParser

@main
struct KPush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kpush",
        subcommands: [
            ServeCommand.self, DemoCommand.self, BenchCommand.self, CronCommand.self, CrowdCommand.self,
            SimulateCommand.self,
        ]
    )
}
