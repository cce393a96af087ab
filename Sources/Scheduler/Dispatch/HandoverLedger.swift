import Groundwork

/// Where hand-overs write down what they are about to do and what came of it.
///
/// Executors' calls wait for the one and nobody waits for the other, so each has a writer of its own.
struct HandoverLedger: Sendable {
    /// Writes what is to be in the store before the next step.
    let intend: @Sendable (JobRun) async throws -> RunWriter.Outcome
    /// Writes that an executor accepted a run; of one that changed meanwhile it is told how it stands where the executor is to
    /// end it.
    let settle: @Sendable (JobRun) async throws -> RunWriter.Outcome
    /// Writes what comes until the task is cancelled.
    let run: @Sendable () async -> Void

    /// How long acceptances gather: the end of a short run comes meanwhile, and is all that has to be written of it.
    private static let pause = Duration.milliseconds(100)

    /// Writes with few transactions, under a term's token.
    init(_ parts: SchedulerParts, token: FencingToken) {
        let intents = RunWriter(parts.runs, token: token)
        let pause = RunWriter.Pause(length: Self.pause, clock: parts.clock)
        let acceptances = RunWriter(parts.runs, token: token, pause: pause) { [runs = parts.runs] overtaken in
            try await runs.runs(overtaken, endedFor: RunReason.endedHere)
        }
        intend = intents.write
        settle = acceptances.write
        run = {
            await withTaskGroup(of: Void.self) { writers in
                writers.addTask { await intents.run() }
                writers.addTask { await acceptances.run() }
            }
        }
    }

    /// Writes each by itself.
    init(_ write: @escaping @Sendable (JobRun) async throws -> RunWriter.Outcome) {
        intend = write
        settle = write
        run = {}
    }
}
