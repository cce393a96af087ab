import Groundwork

/// Runs that were accepted and begin, on their way to the tasks that carry them out.
struct RunStarts: Sendable {
    // At most one start per job is in the stream, because a job's next run starts only when the last has ended.
    private let starts = AsyncStream<[RunExecution]>.makeStream()

    /// How many runs are carried out by one group of tasks: one that ends is looked for among all of its group.
    private static let together = 64

    /// Takes runs and has them begin, all at once: threads are woken for all of them, and not for each.
    func begin(_ executions: inout [RunExecution]) {
        if !executions.isEmpty { starts.continuation.yield(executions) }
        executions = []
    }

    /// Has no more begin.
    func finish() { starts.continuation.finish() }

    /// Carries out what begins until no more does, or the task is cancelled; then cancels what has not ended, and waits for that.
    ///
    /// - Parameter end: is told how each run ended.
    func carryOut(telling end: @escaping @Sendable (RunExecution, RunOutcome) async -> Void) async {
        await withDiscardingTaskGroup { group in
            for await executions in starts.stream {
                for start in stride(from: 0, to: executions.count, by: Self.together) {
                    let some = executions[start..<min(start + Self.together, executions.count)]
                    group.addTask { await Self.carryOut(some, telling: end) }
                }
            }
            group.cancelAll()
        }
    }

    private static func carryOut(
        _ executions: ArraySlice<RunExecution>,
        telling end: @escaping @Sendable (RunExecution, RunOutcome) async -> Void
    ) async {
        await withDiscardingTaskGroup { group in
            for execution in executions.dropFirst() {
                group.addTask { await end(execution, await execution.perform()) }
            }
            if let first = executions.first { await end(first, await first.perform()) }
        }
    }
}
