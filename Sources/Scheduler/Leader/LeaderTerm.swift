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
    private let gauges: SchedulerGauges

    /// Stands for election under a name.
    ///
    /// - Parameters:
    ///   - name: what is led.
    ///   - holder: unguessable, one per process start.
    ///   - settings: how leadership is kept.
    ///   - keeper: says who leads.
    ///   - clock: monotonic, and counts the time that the host sleeps.
    ///   - logger: is told what becomes of the term.
    ///   - gauges: show the term while it lasts.
    package init(
        _ name: String,
        holder: String,
        settings: LeaderSettings = LeaderSettings(),
        keeper: any LeaseKeeper,
        clock: any Clock<Duration>,
        logger: Logger,
        gauges: SchedulerGauges = SchedulerGauges()
    ) {
        self.name = name
        self.holder = holder
        self.settings = settings
        self.keeper = keeper
        self.clock = clock
        self.logger = logger
        self.gauges = gauges
    }

    /// Runs `duties` whenever this process leads, until the task is cancelled; then gives the lease back.
    ///
    /// - Parameter duties: what a leader does; cancelled when the lease is lost, and when it returns or throws the
    ///   term ends and the next election begins.
    package func run(_ duties: @escaping @Sendable (Lease) async throws -> Void) async {
        var complaint: String?
        while !Task.isCancelled {
            let stopwatch = Stopwatch(clock)
            do {
                guard let lease = try await keeper.acquire(name, holder: holder, for: settings.lease) else {
                    complaint = nil
                    await keeper.waitForVacancy(name, atMost: settings.electionPause, on: clock)
                    continue
                }
                complaint = nil
                await lead(lease, since: stopwatch, duties)
            } catch {
                // It may stay so for hours: it is said once.
                if complaint != "\(error)" {
                    logger.warning("election not possible", metadata: [LogKey.error: "\(error)"])
                }
                complaint = "\(error)"
            }
            // Being cancelled while asleep is noticed by the loop's condition.
            try? await clock.sleep(for: settings.electionPause)
        }
    }

    private func lead(
        _ lease: Lease,
        since stopwatch: Stopwatch,
        _ duties: @escaping @Sendable (Lease) async throws -> Void
    ) async {
        let token: Logger.MetadataValue = "\(lease.token.rawValue)"
        logger.notice("leadership gained", metadata: [LogKey.fencingToken: token])
        let trust = Trust(until: settings.trust, stopwatch)
        gauges.leads(lease.token) { trust.left }
        var ending = TermEnding.finished
        do {
            try await withThrowingTaskGroup(of: Void.self) { term in
                term.addTask { try await renew(lease, trust) }
                term.addTask { try await watch(trust) }
                term.addTask { try await duties(lease) }
                defer { term.cancelAll() }
                try await term.next()
            }
        } catch {
            ending = TermEnding(error, isStopped: Task.isCancelled)
        }
        gauges.leadsNoMore()
        // A task of its own, waited for here: whoever is told to stop still gives the lease back.
        await Task { await keeper.release(name, lease) }.value
        logger.notice(
            ending.isDeposition ? "leader deposed" : "leadership ended",
            metadata: [LogKey.fencingToken: token, LogKey.reason: "\(ending)"]
        )
    }

    /// Renews at a third of the lease; ends by throwing when the lease is somebody else's.
    private func renew(_ lease: Lease, _ trust: Trust) async throws {
        while true {
            try await clock.sleep(for: settings.lease / 3)
            let sent = trust.now
            do {
                try await keeper.renew(name, lease)
                trust.extend(until: sent + settings.trust)
            } catch .unavailable(let detail) {
                logger.warning("lease not renewed", metadata: [LogKey.error: "\(detail)"])
            }
        }
    }

    /// Ends by throwing when the lease could have run out; a renewal that hangs cannot hold this up.
    private func watch(_ trust: Trust) async throws {
        while true {
            let left = trust.left
            guard left > .zero else { throw TermEnding.unproven }
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
    /// How much of a lease is not relied upon, because clocks differ; never less than a sixth of it.
    package var margin = Duration.seconds(1)

    package init() {}

    /// For how long a lease is trusted.
    var trust: Duration { lease - max(margin, lease / 6) }
}

/// Why a term ended.
private enum TermEnding: Error, CustomStringConvertible {
    /// This process was told to stop.
    case stopped
    /// The duties came to an end by themselves.
    case finished
    case failed(String)
    /// The lease is somebody else's.
    case lost
    /// The lease could not be renewed in time, so that it may be somebody else's.
    case unproven

    init(_ error: any Error, isStopped: Bool) {
        switch error {
        case let ending as TermEnding: self = ending
        case LeaseError.lost: self = .lost
        case let error as StoreError where error.code == .staleToken: self = .lost
        default: self = isStopped ? .stopped : .failed("\(error)")
        }
    }

    /// Whether it was not for this process to decide.
    var isDeposition: Bool {
        switch self {
        case .lost, .unproven: true
        case .stopped, .finished, .failed: false
        }
    }

    var description: String {
        switch self {
        case .stopped: "told to stop"
        case .finished: "duties finished"
        case .failed(let error): error
        case .lost: "somebody else leads, or nobody"
        case .unproven: "not renewed in time"
        }
    }
}

/// Until when the lease is certainly ours, by the term's stopwatch.
private final class Trust: Sendable {
    private let end: Mutex<Duration>
    private let stopwatch: Stopwatch

    init(until end: Duration, _ stopwatch: Stopwatch) {
        self.end = Mutex(end)
        self.stopwatch = stopwatch
    }

    var now: Duration { stopwatch.elapsed }

    var left: Duration { end.withLock { $0 } - now }

    func extend(until instant: Duration) {
        end.withLock { $0 = max($0, instant) }
    }
}
