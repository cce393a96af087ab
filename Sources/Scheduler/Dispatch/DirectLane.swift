import Groundwork
import Synchronization

/// The short way from a trigger to an executor: the process that is asked hands the run over itself, without a word to the leader.
///
/// A run goes it when nothing is to be weighed but who gets it: no other run of its job is open, and its route goes by nothing that
/// the leader remembers. It is added to the store as sent already; from then on the leader looks after it as after those that it sends.
final class DirectLane: Sendable {
    /// A run that was added as sent, and is to be sent now.
    struct Passenger: Sendable {
        let run: JobRun
        let executor: ExecutorInstance
        /// Since before it was written down.
        let announced: Stopwatch
    }

    /// What those who take it up go by.
    private struct Conductor {
        let rules: DispatchRules
        let callLimit: Duration
        let passengers: AsyncStream<Passenger>.Continuation
    }

    private struct State {
        var conductor: Conductor?
        var isOpen = false
        var seats = 0
        var router = Router()
    }

    /// The most runs that are on it at once; further ones go by the leader, and one slow executor keeps nobody from that.
    static let most = 64

    private let state = Mutex(State())

    /// Opens it.
    ///
    /// - Parameters:
    ///   - rules: say when a run is sent again of which nothing is heard.
    ///   - callLimit: how long a call may take.
    /// - Returns: what is to be sent; it ends once the lane is closed and nobody is on it.
    func open(_ rules: DispatchRules, callLimit: Duration) -> AsyncStream<Passenger> {
        let (passengers, continuation) = AsyncStream<Passenger>.makeStream()
        state.withLock { state in
            state.conductor = Conductor(rules: rules, callLimit: callLimit, passengers: continuation)
            state.isOpen = true
        }
        return passengers
    }

    /// Lets nobody on it any more.
    func close() {
        state.withLock { state in
            state.isOpen = false
            Self.endIfEmpty(&state)
        }
    }

    /// Takes a seat for one run; who has one gives it back, or has it carried.
    ///
    /// - Returns: whether there was one.
    func board() -> Bool {
        state.withLock { state in
            guard state.isOpen, state.seats < Self.most else { return false }
            state.seats += 1
            return true
        }
    }

    /// Gives a seat back.
    func alight() {
        state.withLock { state in
            state.seats -= 1
            Self.endIfEmpty(&state)
        }
    }

    /// Has a run carried by whoever opened the lane, which gives its seat back.
    func carry(_ passenger: Passenger) {
        state.withLock { _ = $0.conductor?.passengers.yield(passenger) }
    }

    /// A run as one that is sent as it is added.
    ///
    /// - Parameters:
    ///   - run: is planned, and nobody is in its way.
    ///   - living: the living executors of its group, ordered by address.
    ///   - now: the present instant.
    /// - Returns: the run, and who gets it; nil when it is the leader's to say.
    func sent(
        _ run: NewRun,
        among living: [ExecutorInstance],
        at now: Moment
    ) -> (run: NewRun, executor: ExecutorInstance)? {
        state.withLock { state in
            guard let conductor = state.conductor,
                let executor = state.router.recipient(among: living, of: run.plan)
            else { return nil }
            let resendAt = conductor.rules.resendAt(
                to: executor,
                announcedAt: now,
                callLimit: conductor.callLimit
            )
            return (run.sent(to: ExecutorReference(executor), at: now, resendAt: resendAt), executor)
        }
    }

    private static func endIfEmpty(_ state: inout State) {
        if !state.isOpen, state.seats == 0 { state.conductor?.passengers.finish() }
    }
}
