import Groundwork
import Logging
import PushEngine
import SQLiteDriver
import Synchronization
import TestKit
import Testing

@testable import Scheduler

/// A whole scheduler on a real file, with fake executors and a clock that a test moves.
final class SchedulerRig: Sendable {
    let folder: TemporaryFolder
    let clock: ManualClock
    let http = InProcessHTTP()
    let keeper: SQLiteLeaseKeeper
    let parts: SchedulerParts
    let door: ExecutorDoor

    static let accessToken = Secret("a-token-of-tests")

    init(_ start: Moment = .noon, in folder: consuming TemporaryFolder? = nil) throws {
        self.folder = try folder ?? TemporaryFolder()
        clock = ManualClock(start)
        let database = try SchedulerDatabase(
            path: self.folder.file("scheduler.db"),
            sealer: AESSealer(key: AESSealer.newKey())
        )
        keeper = SQLiteLeaseKeeper(database)
        parts = SchedulerParts(
            jobs: SQLiteJobStore(database),
            history: SQLiteJobHistory(database),
            runs: SQLiteRunStore(database),
            ledger: SQLiteRunLedger(database),
            alarms: SQLiteAlarmStore(database),
            registry: SQLiteRegistryStore(database),
            groups: SQLiteGroupStore(database),
            calls: SQLiteIdempotencyStore(database),
            executors: ExecutorClient(http: http, accessToken: Self.accessToken),
            wall: clock.calendar,
            clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        door = ExecutorDoor(parts, accessToken: Self.accessToken)
    }

    var jobs: JobService { JobService(parts) }
    var runs: RunService { RunService(parts) }
    var groups: GroupService { GroupService(parts) }
    var now: Moment { clock.calendar.now }

    /// Begins another term.
    func lead() async throws -> Lease {
        let lease = try await keeper.acquire(
            SchedulerService.leaseName,
            holder: "test",
            for: .seconds(60)
        )
        return try #require(lease)
    }

    /// Puts an executor of group `app` at `host` and registers it.
    @discardableResult
    func executor(
        at host: String = "one",
        _ generation: FakeExecutor.Generation = .own,
        instance: String? = "first"
    ) async throws -> FakeExecutor {
        let executor = FakeExecutor(generation)
        http.place(executor, at: host)
        try await beat(host, instance: generation == .own ? instance : nil)
        return executor
    }

    /// Lets the executor at `host` beat.
    func beat(_ host: String = "one", instance: String? = "first") async throws {
        let request = RegistryRequest(appName: "app", address: "http://\(host):9999/", instance: instance)
        let envelope = await door.register(request, from: caller)
        #expect(envelope.isSuccess)
    }

    var caller: ExecutorDoor.Caller {
        ExecutorDoor.Caller(accessToken: Self.accessToken.reveal())
    }

    /// Plans what is due now, or within the planner's head start.
    func plan(under lease: Lease, by planner: TriggerPlanner = TriggerPlanner()) async throws {
        let loop = TriggerLoop(parts, planner: planner)
        while try await loop.round(under: lease) == .zero {}
    }

    /// Hands over what is in the outbox now, as a leader that has just begun its term.
    func dispatch(
        under lease: Lease,
        rules: DispatchRules = DispatchRules(),
        listenedSince: Moment = .noon,
        afterWrite: @escaping @Sendable () -> Void = {}
    ) async throws {
        var router = Router()
        try await dispatch(
            under: lease,
            by: &router,
            rules: rules,
            listenedSince: listenedSince,
            afterWrite: afterWrite
        )
    }

    /// Hands over what is in the outbox now, each run once; `afterWrite` is done when a change is in the store and the
    /// scheduler does not know yet.
    func dispatch(
        under lease: Lease,
        by router: inout Router,
        rules: DispatchRules = DispatchRules(),
        listenedSince: Moment = .noon,
        afterWrite: @escaping @Sendable () -> Void = {}
    ) async throws {
        let outbox = try await parts.runs.outbox(at: now, limit: 100, without: [], token: lease.token)
        let groups = ExecutorGroups(try await parts.registry.instances())
        let heard = Heard(groups: groups, from: listenedSince, until: now)
        try await router.recall(outbox.runs, from: parts.runs, among: heard)
        for run in outbox.runs {
            let living = groups.living(in: run.plan.terms.group, at: now)
            let candidates = router.candidates(among: living, for: run, random: { _ in 0 })
            let ledger = HandoverLedger { [parts] run in
                defer { afterWrite() }
                if let written = try await parts.runs.advance([run], token: lease.token).first {
                    return .written(written)
                }
                return .overtaken(by: try await parts.runs.runs([run.id]).first)
            }
            let handover = Handover(parts, rules: rules, token: lease.token, ledger: ledger)
            try await handover.carry(run, candidates: candidates, heard: heard)
        }
    }

    /// Calls back, as an executor does.
    func callBack(_ run: RunID, _ outcome: RunOutcome = .succeeded(nil)) async {
        let item = CallbackItem(run: run, plannedAt: nil, outcome: outcome)
        let envelope = await door.callBack(CallbackBatch([item]))
        #expect(envelope.isSuccess)
    }

    /// Every run, oldest first.
    func allRuns() async throws -> [JobRun] {
        try await parts.runs.runs(RunFilter(), after: nil, limit: 500).elements.reversed()
    }

    /// A job of which one run was just accepted by the executor at `one`.
    func running(_ spec: JobSpec = .sample(schedule: .manual)) async throws -> (JobRun, Lease) {
        let lease = try await lead()
        let job = try await jobs.create(spec)
        let id = try #require(try await jobs.trigger(job.id).first?.id)
        try await dispatch(under: lease)
        let run = try await runs.run(id)
        try #require(run.state == .running)
        return (run, lease)
    }
}
