import ArgumentParser

@main
struct KPush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kpush",
        subcommands: [
            ServeCommand.self,
            DemoCommand.self,
            ChannelsDemoCommand.self,
            ClusterCommand.self,
            FaultsCommand.self,
            BenchCommand.self,
            ChannelsBenchCommand.self,
            SchedulerBenchCommand.self,
            SendCommand.self,
            RecallCommand.self,
            MessagesCommand.self,
            CampaignsCommand.self,
            JobsCommand.self,
            GroupsCommand.self,
            RunsCommand.self,
            CronCommand.self,
            CrowdCommand.self,
            StoreCommand.self,
            HealthCommand.self,
            SimulateCommand.self,
        ]
    )
}
