package import Groundwork
import Logging
import ServiceLifecycle

/// The scheduler as one long-lived service: stands for election, and while it leads plans, dispatches and
/// sweeps.
///
/// The doors work in every process; only the loops need to lead.
package struct SchedulerService: Service {
    /// The name of what is led.
    package static let leaseName = "scheduler"

    private let term: LeaderTerm
    private let triggers: TriggerLoop
    private let dispatcher: Dispatcher
    private let sequels: SequelLoop
    private let post: AlarmPost
    private let sweep: LostRunSweep
    private let upkeep: RunUpkeep

    /// - Parameters:
    ///   - parts: the stores, clocks and what else the loops share with the doors.
    ///   - keeper: says who leads.
    ///   - holder: unguessable, one per process start.
    ///   - alarmSender: tells people of jobs' trouble.
    ///   - settings: how the loops behave.
    package init(
        _ parts: SchedulerParts,
        keeper: any LeaseKeeper,
        holder: String,
        alarmSender: any AlarmSender,
        settings: SchedulerSettings = SchedulerSettings()
    ) {
        term = LeaderTerm(
            Self.leaseName,
            holder: holder,
            settings: settings.leader,
            keeper: keeper,
            clock: parts.clock,
            logger: parts.logger,
            gauges: parts.gauges
        )
        triggers = TriggerLoop(parts, planner: settings.planner)
        dispatcher = Dispatcher(parts, rules: settings.dispatch)
        sequels = SequelLoop(parts, planner: settings.planner, watch: settings.watch)
        post = AlarmPost(parts, sender: alarmSender)
        sweep = LostRunSweep(parts, settings: settings.sweep)
        upkeep = RunUpkeep(parts, settings: settings.upkeep)
    }

    /// Runs until cancelled or told to shut down; then gives the leadership back.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await term.run { lease in
                try await sequels.lookBack(under: lease)
                try await withThrowingTaskGroup(of: Void.self) { loops in
                    loops.addTask { try await triggers.run(under: lease) }
                    loops.addTask { try await dispatcher.run(under: lease) }
                    loops.addTask { try await sequels.run(under: lease) }
                    loops.addTask { try await post.run(under: lease) }
                    loops.addTask { try await sweep.run(under: lease) }
                    loops.addTask { try await upkeep.run(under: lease) }
                    // The first that ends, ends the term: each runs until it is cancelled or deposed.
                    defer { loops.cancelAll() }
                    try await loops.next()
                }
            }
        }
    }
}

/// How the scheduler behaves.
package struct SchedulerSettings: Hashable, Sendable {
    package var leader = LeaderSettings()
    package var planner = TriggerPlanner(headStart: .seconds(3), stride: .seconds(2))
    package var dispatch = DispatchRules()
    package var sweep = SweepSettings()
    package var upkeep = UpkeepSettings()
    package var watch = WatchSettings()

    package init() {}
}
