import Groundwork
import Synchronization

/// Writes the changes of many hand-overs in few transactions, for one term.
///
/// While one transaction is under way further changes gather; the next takes all of them. A busy scheduler thus pays
/// for few commits, and an idle one waits for nobody.
final class RunWriter: Sendable {
    private typealias Answer = CheckedContinuation<Result<JobRun?, any Error>, Never>

    private struct State {
        var gathered: [(run: JobRun, answer: Answer)] = []
        var isOpen = true
    }

    private let runs: any RunStore
    private let token: FencingToken
    private let bell = Bell()
    private let state = Mutex(State())

    init(_ runs: any RunStore, token: FencingToken) {
        self.runs = runs
        self.token = token
    }

    /// Writes `run` under the term's token; nil when it changed meanwhile.
    ///
    /// - Throws: what the store threw for the transaction it was in; `CancellationError` once `run()` has ended.
    func write(_ run: JobRun) async throws -> JobRun? {
        let result: Result<JobRun?, any Error> = await withCheckedContinuation { answer in
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

    /// Writes what comes until the task is cancelled; whoever waits then, or comes later, is told so.
    func run() async {
        while !Task.isCancelled {
            await bell.wait()
            await flush()
        }
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
        do {
            let written = try await runs.advance(batch.map(\.run), token: token)
            let byID = Dictionary(written.map { ($0.id, $0) }) { first, _ in first }
            for (run, answer) in batch { answer.resume(returning: .success(byID[run.id])) }
        } catch {
            for (_, answer) in batch { answer.resume(returning: .failure(error)) }
        }
    }
}
