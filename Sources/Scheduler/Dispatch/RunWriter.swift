import Groundwork
import Synchronization

/// Writes the changes of many hand-overs in few transactions, for one term.
///
/// While one transaction is under way further changes gather; the next takes all of them. A busy scheduler thus pays
/// for few commits, and an idle one waits for nobody.
final class RunWriter: Sendable {
    /// What became of a change.
    enum Outcome: Hashable, Sendable {
        /// It is in the store.
        case written(JobRun)
        /// The run had changed meanwhile: how it stands now, where the writer was told to find out.
        case overtaken(by: JobRun?)

        /// The run as it was written; nil when it was not.
        var written: JobRun? {
            if case .written(let run) = self { run } else { nil }
        }
    }

    private typealias Answer = CheckedContinuation<Result<Outcome, any Error>, Never>

    private struct State {
        var gathered: [(run: JobRun, answer: Answer)] = []
        var isOpen = true
    }

    private let runs: any RunStore
    private let token: FencingToken
    private let pause: Pause?
    private let standing: @Sendable ([RunID]) async throws -> [JobRun]
    private let bell = Bell()
    private let state = Mutex(State())

    /// A wait that lets changes gather.
    struct Pause: Sendable {
        let length: Duration
        let clock: any Clock<Duration>
    }

    /// - Parameters:
    ///   - runs: where the changes go.
    ///   - token: the term's.
    ///   - pause: what lies between two transactions, for changes that nobody waits for; nil for those that a call
    ///     waits for.
    ///   - standing: finds out how those stand that had changed meanwhile.
    init(
        _ runs: any RunStore,
        token: FencingToken,
        pause: Pause? = nil,
        standing: @escaping @Sendable ([RunID]) async throws -> [JobRun] = { _ in [] }
    ) {
        self.standing = standing
        self.runs = runs
        self.token = token
        self.pause = pause
    }

    /// How many changes wait to be written.
    var waiting: Int { state.withLock { $0.gathered.count } }

    /// Writes `run` under the term's token, unless it changed meanwhile.
    ///
    /// - Throws: what the store threw for the transaction it was in; `CancellationError` once `run()` has ended.
    func write(_ run: JobRun) async throws -> Outcome {
        let result: Result<Outcome, any Error> = await withCheckedContinuation { answer in
            let isGathered = state.withLock { state in
                if state.isOpen { state.gathered.append((run, answer)) }
                return state.isOpen
            }
            guard isGathered else {
                answer.resume(returning: .failure(CancellationError()))
                return
            }
            bell.ring()
        }
        return try result.get()
    }

    /// Writes what comes until the task is cancelled; whoever waits then for a call's sake, or comes later, is told so.
    func run() async {
        while !Task.isCancelled {
            await bell.wait()
            await flush()
            // Being cancelled while asleep is noticed by the loop's condition.
            if let pause { try? await pause.clock.sleep(for: pause.length) }
        }
        // What executors said is worth writing also when the term ends. A task of its own, waited for here: this one is cancelled.
        if pause != nil { await Task { await flush() }.value }
        let left = state.withLock { state in
            state.isOpen = false
            defer { state.gathered = [] }
            return state.gathered
        }
        for (_, answer) in left { answer.resume(returning: .failure(CancellationError())) }
    }

    private func flush() async {
        let batch = state.withLock { state in
            defer { state.gathered = [] }
            return state.gathered
        }
        guard !batch.isEmpty else { return }
        var left = batch
        do {
            let written = try await runs.advance(batch.map(\.run), token: token)
            let byID = Dictionary(written.map { ($0.id, $0) }) { first, _ in first }
            left = []
            for (run, answer) in batch {
                if let written = byID[run.id] {
                    answer.resume(returning: .success(.written(written)))
                } else {
                    left.append((run, answer))
                }
            }
            guard !left.isEmpty else { return }
            let present = try await standing(left.map(\.run.id))
            let stands = Dictionary(present.map { ($0.id, $0) }) { first, _ in first }
            for (run, answer) in left { answer.resume(returning: .success(.overtaken(by: stands[run.id]))) }
        } catch {
            for (_, answer) in left { answer.resume(returning: .failure(error)) }
        }
    }
}
