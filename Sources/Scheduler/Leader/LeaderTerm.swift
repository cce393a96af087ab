package import Groundwork
package import Logging
import Synchronization

/// Stands for election again and again, and leads while it can prove that nobody else does.
///
/// The proof is the store's fencing token, not this type: it only makes sure that two leaders are rare and
/// that a deposed one stops soon. It trusts a lease for less time than the lease lasts, counted by its own
/// monotonic clock from before it was asked for.
package struct LeaderTerm: Sendable {
    private let name: String
    private let holder: String
    private let settings: LeaderSettings
    private let keeper: any LeaseKeeper
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(
        _ name: String,
        holder: String,
        settings: LeaderSettings = LeaderSettings(),
        keeper: any LeaseKeeper,
        clock: any Clock<Duration>,
        logger: Logger
    ) {
        self.name = name
        self.holder = holder
        self.settings = settings
        self.keeper = keeper
        self.clock = clock
        self.logger = logger
    }

    /// Runs `duties` whenever this process leads, until the task is cancelled; then gives the lease back.
    ///
    /// - Parameter duties: what a leader does; cancelled when the lease is lost, and when it returns or throws the
    ///   term ends and the next election begins.
    package func run(_ duties: @escaping @Sendable (Lease) async throws -> Void) async {
        while !Task.isCancelled {
            let stopwatch = Stopwatch(clock)
            if let lease = await elect() {
                await lead(lease, since: stopwatch, duties)
            }
            // Being cancelled while asleep is noticed by the loop's condition.
            try? await clock.sleep(for: settings.electionPause)
        }
    }

    private func elect() async -> Lease? {
        do {
            return try await keeper.acquire(name, holder: holder, for: settings.lease)
        } catch {
            logger.warning("election not possible", metadata: [LogKey.error: "\(error)"])
            return nil
        }
    }

    private func lead(
        _ lease: Lease,
        since stopwatch: Stopwatch,
        _ duties: @escaping @Sendable (Lease) async throws -> Void
    ) async {
        let token: Logger.MetadataValue = "\(lease.token.rawValue)"
        logger.notice("leadership gained", metadata: [LogKey.fencingToken: token])
        let trust = Trust(until: settings.trust)
        var reason = "finished"
        do {
            try await withThrowingTaskGroup(of: Void.self) { term in
                term.addTask { try await renew(lease, trust, stopwatch) }
                term.addTask { try await watch(trust, stopwatch) }
                term.addTask { try await duties(lease) }
                defer { term.cancelAll() }
                try await term.next()
            }
        } catch {
            reason = "\(error)"
        }
        await keeper.release(name, lease)
        logger.notice(
            "leadership ended",
            metadata: [LogKey.fencingToken: token, LogKey.reason: "\(reason)"]
        )
    }

    /// Renews at a third of the lease; ends by throwing when the lease is somebody else's.
    private func renew(_ lease: Lease, _ trust: Trust, _ stopwatch: Stopwatch) async throws {
        while true {
            try await clock.sleep(for: settings.lease / 3)
            let sent = stopwatch.elapsed
            do {
                try await keeper.renew(name, lease)
                trust.extend(until: sent + settings.trust)
            } catch .unavailable(let detail) {
                logger.warning("lease not renewed", metadata: [LogKey.error: "\(detail)"])
            }
        }
    }

    /// Ends by throwing when the lease could have run out; a renewal that hangs cannot hold this up.
    private func watch(_ trust: Trust, _ stopwatch: Stopwatch) async throws {
        while true {
            let left = trust.end - stopwatch.elapsed
            guard left > .zero else { throw LeaseError.lost }
            try await clock.sleep(for: left)
        }
    }
}

/// How leadership is kept.
package struct LeaderSettings: Hashable, Sendable {
    /// How long a lease lasts.
    package var lease = Duration.seconds(6)
    /// How long to wait before standing for election again.
    package var electionPause = Duration.milliseconds(500)

    package init() {}

    /// For how long a lease is trusted: a sixth of it, and at least a second, is left for clocks that differ.
    var trust: Duration { lease - max(.seconds(1), lease / 6) }
}

/// Until when, by the term's stopwatch, the lease is certainly ours.
private final class Trust: Sendable {
    private let instant: Mutex<Duration>

    init(until end: Duration) {
        instant = Mutex(end)
    }

    var end: Duration { instant.withLock { $0 } }

    func extend(until end: Duration) {
        instant.withLock { $0 = max($0, end) }
    }
}
