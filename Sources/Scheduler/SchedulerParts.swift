package import Groundwork
package import Logging

/// Everything that is kept of runs.
package typealias RunBooks = RunStore & RunReportStore & RunClearingStore & BackfillStore

/// What the scheduler's loops and doors are built from and share.
package struct SchedulerParts: Sendable {
    package var jobs: any JobStore
    package var history: any JobHistory
    package var runs: any RunBooks
    package var ledger: any RunLedger
    package var alarms: any AlarmStore
    package var registry: any RegistryStore
    package var groups: any GroupStore
    package var calls: any IdempotencyStore
    package var executors: ExecutorClient
    package var wall: any WallClock
    package var clock: any Clock<Duration>
    package var logger: Logger
    /// Says which day of the report a run belongs to.
    package var calendar = RunCalendar()
    package let bells = SchedulerBells()
    package let gauges = SchedulerGauges()
    let groupBook = GroupBook()
    let rush = Rush()
    let sent = SentRuns()
    let direct = DirectLane()
    package let pulls = PullHub()

    package init(
        jobs: any JobStore,
        history: any JobHistory,
        runs: any RunBooks,
        ledger: any RunLedger,
        alarms: any AlarmStore,
        registry: any RegistryStore,
        groups: any GroupStore,
        calls: any IdempotencyStore,
        executors: ExecutorClient,
        wall: any WallClock,
        clock: any Clock<Duration>,
        logger: Logger
    ) {
        self.jobs = jobs
        self.history = history
        self.runs = runs
        self.ledger = ledger
        self.alarms = alarms
        self.registry = registry
        self.groups = groups
        self.calls = calls
        self.executors = executors
        self.wall = wall
        self.clock = clock
        self.logger = logger
    }
}

/// What wakes the loops when there is something to do before they would look by themselves.
package struct SchedulerBells: Sendable {
    /// A job's next trigger changed.
    package let trigger = Bell()
    /// A run may be handed over: one was planned or ended, or an executor came.
    package let dispatch = Bell()
    /// A run ended, and something may follow from it.
    package let sequel = Bell()
    /// Something is to be told.
    package let alarm = Bell()
    /// What rings `dispatch` and is not known to the other processes of a cluster yet.
    package let afar = Bell()
    /// An executor's process may be gone.
    package let sweep = Bell()

    /// Wakes who hands runs over, in whatever process.
    func runsMayGo() {
        dispatch.ring()
        afar.ring()
    }
}
