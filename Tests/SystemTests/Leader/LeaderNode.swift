import Groundwork
import LocalServers
import Logging
import Synchronization
import TestKit

@testable import PostgresDriver
@testable import RedisDriver
@testable import Scheduler

/// One process of the cluster: ways of its own to both servers, an election, a planner and an outbox.
final class LeaderNode: Sendable {
    /// What keeps a node that is no leader any more from writing.
    enum Fence {
        case token
        /// Nothing: what a lock alone can do.
        case none
    }

    private struct Facts {
        var token: FencingToken?
        /// Writes that were refused because the token was over.
        var refused = 0
    }

    let name: String
    let freezer = Freezer()
    let recorder = LogRecorder()
    let redis: TCPRelay
    let postgres: TCPRelay
    private let fires: FireTable
    private let executor: FireExecutor
    private let term: LeaderTerm
    private let fence: Fence
    private let failpoint: LeaderStage.Failpoint
    private let rounds: Int
    private let clock: FreezableClock
    private let facts = Mutex(Facts())

    init(_ name: String, on stage: LeaderStage) async throws {
        self.name = name
        fence = stage.rules.fence
        failpoint = stage.rules.failpoint
        rounds = stage.rules.rounds
        executor = stage.executor
        clock = FreezableClock(freezer: freezer)
        redis = try await TCPRelay(to: stage.redis.port)
        postgres = try await TCPRelay(to: stage.postgres.port)
        let recorder = recorder
        let logger = Logger(label: name) { _ in recorder }
        let settings = try LeaderStage.settings(port: postgres.port, stage.database)
        let database = try await PostgresSchedulerDatabase(PostgresPool(settings))
        fires = FireTable(pool: database.pool)
        let lock = RedisElectionLock(
            try LeaderStage.settings(stage.rules.redis ?? "redis://127.0.0.1:\(redis.port)"),
            cluster: stage.database,
            logger: logger
        )
        let keeper: any LeaseKeeper =
            switch stage.rules.fence {
            case .token:
                FencedLeaseKeeper(
                    lock: lock,
                    register: PostgresTermRegister(database),
                    settings: stage.rules.lease,
                    clock: clock,
                    logger: logger
                )
            case .none: PlainLockKeeper(lock: lock)
            }
        term = LeaderTerm(
            SchedulerService.leaseName,
            holder: "\(name)/\(UInt64.random(in: 0...UInt64.max))",
            settings: LeaderStage.leaderSettings,
            keeper: keeper,
            clock: clock,
            logger: logger
        )
    }

    /// Under which token it believes that it leads.
    var token: FencingToken? { facts.withLock { $0.token } }
    var refused: Int { facts.withLock { $0.refused } }

    /// The lines that tell of a leadership that was taken away.
    var depositions: Int { recorder.lines.count { $0.hasPrefix("leader deposed") } }

    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Ends all that is wrong with its network.
    func heal() async throws {
        try await redis.heal()
        try await postgres.heal()
    }

    /// Ends its network.
    func disconnect() async {
        await redis.stop()
        await postgres.stop()
    }

    /// Stands for election and leads, until cancelled.
    func run() async {
        await term.run { [self] lease in
            facts.withLock { $0.token = lease.token }
            defer { facts.withLock { $0.token = nil } }
            var round = 0
            while !Task.isCancelled, round < rounds {
                do { try await plan(under: lease.token) } catch let error as StoreError {
                    if error.code == .staleToken { facts.withLock { $0.refused += 1 } }
                    if !error.isTransient { throw error }
                }
                round += 1
                try await clock.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Writes what is due and hands it over; the failpoint is where a process must not stop.
    private func plan(under token: FencingToken) async throws {
        try await freezer.step()
        let due = try await fires.due()
        if !due.jobs.isEmpty {
            if failpoint == .beforeWrite { try await freezer.failpoint() }
            try await fires.write(due, under: fence == .token ? token : nil)
        }
        if failpoint == .beforeDispatch { try await freezer.failpoint() }
        guard fence == .token else { return }
        let pending = try await fires.pending(limit: 1_000)
        guard !pending.isEmpty else { return }
        try await freezer.step()
        executor.take(pending, token)
        try await freezer.step()
        try await fires.acknowledge(pending, under: token)
    }
}

/// An executor that remembers what it was given.
final class FireExecutor: Sendable {
    private struct State {
        var taken: Set<Int64> = []
        var newest = FencingToken(rawValue: 0)
        var repeats = 0
        var refused = 0
    }

    private let state = Mutex(State())

    var taken: Int { state.withLock { $0.taken.count } }

    /// Starts each fire once, and none for a leader that is not the newest it has heard of.
    func take(_ fires: [Int64], _ token: FencingToken) {
        state.withLock { state in
            guard token >= state.newest else {
                state.refused += 1
                return
            }
            state.newest = token
            for fire in fires where !state.taken.insert(fire).inserted { state.repeats += 1 }
        }
    }
}

/// What a lock alone makes of a lease: who has it, leads, and no store asks for more.
struct PlainLockKeeper: LeaseKeeper {
    let lock: any ElectionLock

    func acquire(
        _ name: String,
        holder: String,
        for duration: Duration
    ) async throws(LeaseError) -> Lease? {
        do {
            guard try await lock.take(name, holder: holder, for: duration) == holder else { return nil }
            return Lease(holder: holder, token: FencingToken(rawValue: 0), duration: duration)
        } catch { throw .unavailable("\(error)") }
    }

    func renew(_ name: String, _ lease: Lease) async throws(LeaseError) {
        let isHeld: Bool
        do { isHeld = try await lock.extend(name, holder: lease.holder, for: lease.duration) } catch {
            throw .unavailable("\(error)")
        }
        if !isHeld { throw .lost }
    }

    func release(_ name: String, _ lease: Lease) async {
        // What cannot be given back runs out.
        _ = try? await lock.release(name, holder: lease.holder)
    }

    func waitForVacancy(
        _ name: String,
        atMost limit: Duration,
        on clock: any Clock<Duration>
    ) async {
        // Who is cancelled notices by itself.
        try? await clock.sleep(for: limit)
    }
}
