import Groundwork
import Synchronization

/// Has many calls stored by one transaction: while one is under way, and for a pause after it, further calls gather; the next
/// transaction serves them all.
///
/// Whoever comes first works for those who gather meanwhile and then passes that on, so nothing here outlives the calls. A call
/// that comes alone waits for nobody, unless it has the time.
final class GroupCommit<Call: Sendable, Answer: Sendable>: Sendable {
    /// What a call that gathered hears.
    private enum Word {
        case served(Result<Answer, StoreError>)
        /// Nobody works any more: it is its turn to.
        case work
        /// What was to serve it with others did not come about, which need not be its fault: it is to try by itself.
        case retry
    }

    private typealias Gathered = (call: Call, came: Duration, waiter: CheckedContinuation<Word, Never>)

    private struct State {
        var gathered: [Gathered] = []
        var isWorking = false
        /// When the last transaction ended, by the stopwatch.
        var endedAt: Duration?
    }

    private let pause: Duration
    private let ripeness: Duration
    private let most: Int
    private let clock: any Clock<Duration>
    private let stopwatch: Stopwatch
    private let state = Mutex(State())

    /// - Parameters:
    ///   - pause: what lies between two transactions at least.
    ///   - ripeness: how old a call is at least when it is stored together with an older one.
    ///   - clock: counts it.
    ///   - most: the most calls in one transaction.
    init(pause: Duration = .zero, ripeness: Duration = .zero, clock: any Clock<Duration>, most: Int) {
        self.pause = pause
        self.ripeness = ripeness
        self.clock = clock
        self.most = most
        stopwatch = Stopwatch(clock)
    }

    /// How many calls wait to be stored.
    var waiting: Int { state.withLock { $0.gathered.count } }

    /// Has `call` served, alone or with others.
    ///
    /// - Parameters:
    ///   - call: what is to be stored.
    ///   - patience: how long it may wait for others to come along when nobody is at work.
    ///   - store: stores calls in one transaction, all or none, and gives an answer for each, in their order; the same for all who
    ///     call.
    /// - Returns: the answer.
    /// - Throws: what `store` threw for this call alone, or for all where it would have for each.
    func perform(
        _ call: Call,
        patience: Duration = .zero,
        by store: ([Call]) async throws(StoreError) -> [Answer]
    ) async throws(StoreError) -> Answer {
        let came = stopwatch.elapsed
        switch await turn(of: call, since: came) {
        case .served(let answer): return try answer.get()
        case .retry: return try await store([call])[0]
        case .work: break
        }
        // Cancelled while asleep: it works at once.
        let wait = max(left, came + patience - stopwatch.elapsed)
        if wait > .zero { try? await clock.sleep(for: wait) }
        let gathered = takeGathered()
        defer { passOn() }
        do {
            let answers = try await store([call] + gathered.map(\.call))
            for (one, answer) in zip(gathered, answers.dropFirst()) {
                one.waiter.resume(returning: .served(.success(answer)))
            }
            return answers[0]
        } catch {
            // A store that answers nobody, or a term that is over, is no call's fault; and whoever is cancelled fails alone.
            let isOfAll = (error.isTransient || error.code == .staleToken) && !Task.isCancelled
            for one in gathered { one.waiter.resume(returning: isOfAll ? .served(.failure(error)) : .retry) }
            guard !isOfAll, !gathered.isEmpty else { throw error }
            return try await store([call])[0]
        }
    }

    /// Returns at once when nobody works, and else once the call was served or is to work.
    private func turn(of call: Call, since came: Duration) async -> Word {
        await withCheckedContinuation { waiter in
            let isFree = state.withLock { state in
                defer { state.isWorking = true }
                if state.isWorking { state.gathered.append((call, came, waiter)) }
                return !state.isWorking
            }
            if isFree { waiter.resume(returning: .work) }
        }
    }

    /// What is left of the pause; none or less when it is over.
    private var left: Duration {
        let end = state.withLock { $0.endedAt }.map { $0 + pause } ?? .zero
        return end - stopwatch.elapsed
    }

    private func takeGathered() -> [Gathered] {
        // In a task that is cancelled those that gathered are, too, and have no time to ripen.
        let ripe = stopwatch.elapsed - (Task.isCancelled ? .zero : ripeness)
        return state.withLock { state in
            let taken = Array(state.gathered.prefix(most - 1).prefix { $0.came <= ripe })
            state.gathered.removeFirst(taken.count)
            return taken
        }
    }

    /// Has the first that gathered meanwhile work next.
    private func passOn() {
        let next = state.withLock { state in
            state.endedAt = stopwatch.elapsed
            state.isWorking = !state.gathered.isEmpty
            return state.isWorking ? state.gathered.removeFirst() : nil
        }
        next?.waiter.resume(returning: .work)
    }
}
