import Groundwork
import SQLiteDriver
import TestKit
import Testing

@testable import Scheduler

/// A scheduler that plans and serves by hand, whose ledger is then compared with its jobs' history.
struct LedgerStage {
    let rig: SchedulerRig
    let lease: Lease
    /// The same file, for who changes it behind the scheduler's back.
    let database: SchedulerDatabase
    /// How long a run takes from its hand-over to its end.
    var length = Duration.milliseconds(400)
    private let planner: TriggerPlanner
    private let rules = DispatchRules()

    /// Plans ahead, as the scheduler does; what is planned when all stop is handed over late, and not missed.
    init(headStart: Duration = SchedulerSettings().planner.headStart) async throws {
        planner = TriggerPlanner(headStart: headStart)
        rig = try SchedulerRig()
        lease = try await rig.lead()
        database = try SchedulerDatabase(path: rig.folder.file("scheduler.db"))
    }

    /// Lets time pass in steps, at each of which what is due is planned and handed over, and what has run ends.
    func pass(_ duration: Duration, step: Duration = .milliseconds(500)) async throws {
        let end = rig.now + duration
        while rig.now < end {
            rig.clock.advance(by: min(step, end - rig.now))
            try await serve()
        }
    }

    /// Plans, hands over and ends what is to be at this instant; every other run is fetched by its executor.
    func serve() async throws {
        try await rig.plan(under: lease, by: planner)
        let store = rig.parts.runs
        let until = rig.now + rules.headStart
        let outbox = try await store.outbox(at: until, limit: 500, without: [], token: lease.token)
        let handed = outbox.runs.compactMap { run in
            let executor = run.id.rawValue.isMultiple(of: 2) ? ExecutorReference.sample() : Self.pulling
            return run.dispatched(to: executor, at: rig.now, resendAt: rig.now + .seconds(3_600))
        }
        _ = try await store.advance(handed, token: lease.token)
        let open = try await store.runs(RunFilter(states: [.dispatching]), after: nil, limit: 500).elements
        let ended = open.filter { run in run.dispatchedAt.map { rig.now - $0 >= length } ?? false }
        let closings = ended.compactMap { RunClosing($0, RunEnd(.completed, at: rig.now)) }
        _ = try await store.close(closings, token: lease.token)
    }

    private static let pulling = ExecutorReference(
        address: ExecutorAddress(stored: ExecutorAddress.pulledScheme + "one"),
        instance: "first"
    )

    /// What a comparison of all that was due since noon comes to.
    func verify(from start: Moment = .noon, limit: Duration = .seconds(5)) async throws -> LedgerReport {
        try await LedgerAudit(rig.parts).verify(start..<rig.now, limit: limit)
    }
}
