import Groundwork

/// Where hand-overs write down what they are about to do and what came of it, many in few transactions.
///
/// Executors' calls wait for the one and nobody waits for the other, so each gathers by itself.
struct HandoverLedger: Sendable {
    /// What became of a change.
    enum Outcome: Hashable, Sendable {
        /// It is in the store.
        case written(JobRun)
        /// The run had changed meanwhile: how it stands now, where that is found out.
        case overtaken(by: JobRun?)

        /// The run as it was written; nil when it was not.
        var written: JobRun? {
            if case .written(let run) = self { run } else { nil }
        }
    }

    /// Writes what is to be in the store before the next step; throws `CancellationError` in a task that is cancelled, for that
    /// step is not made any more.
    let intend: @Sendable (JobRun) async throws -> Outcome
    /// Writes many that are to be in the store before the next step, as `intend` does with each; says which were written.
    ///
    /// Those of one instant come together, and those of the next while they are written.
    let intendAll: @Sendable ([JobRun]) async throws -> [JobRun]
    /// Writes that an executor accepted a run, also in a task that is cancelled; of one that changed meanwhile it is told how it
    /// stands where the executor is to end it.
    ///
    /// What has ended meanwhile by what its executor told this process is left alone.
    let settle: @Sendable (JobRun) async throws -> Outcome

    /// How long acceptances gather: the end of a short run comes meanwhile, and is all that has to be written of it.
    static let gathering = Duration.milliseconds(100)
    /// How long before its instant a run has the time to be written as sent together with others that are taken up with it.
    private static let early = Duration.milliseconds(25)
    /// How long it waits for them.
    private static let patience = Duration.milliseconds(2)
    /// The most changes in one transaction.
    private static let most = 4_096
    /// The most that come together, of those that do, in one transaction.
    private static let mostTogether = 32

    /// Writes with few transactions, under a term's token; nil for what no leader writes.
    init(_ parts: SchedulerParts, token: FencingToken?) {
        let (runs, wall, sent) = (parts.runs, parts.wall, parts.sent)
        let intents = GroupCommit<JobRun, Outcome>(clock: parts.clock, most: Self.most)
        let acceptances = GroupCommit<JobRun, Outcome>(
            ripeness: Self.gathering / 2,
            clock: parts.clock,
            most: Self.most
        )
        let batches = GroupCommit<[JobRun], [JobRun]>(clock: parts.clock, most: Self.mostTogether)
        intendAll = { batch in
            try Task.checkCancellation()
            return try await batches.perform(batch) { batches throws(StoreError) in
                let written = try await runs.advance(batches.flatMap(\.self), token: token)
                guard batches.count > 1 else { return [written] }
                let new = Dictionary(written.map { ($0.id, $0) }) { first, _ in first }
                return batches.map { batch in batch.compactMap { new[$0.id] } }
            }
        }
        intend = { run in
            try Task.checkCancellation()
            let isEarly = (run.dispatchedAt ?? wall.now) - wall.now > Self.early
            return try await intents.perform(run, patience: isEarly ? Self.patience : .zero) {
                changes throws(StoreError) in
                try await Self.write(changes, to: runs, token) { _ in [] }
            }
        }
        settle = { run in
            try await acceptances.perform(run, patience: Self.gathering) { changes throws(StoreError) in
                var outcomes = changes.map { _ in Outcome.overtaken(by: nil) }
                let open = changes.indices.filter { !sent.hasEnded(changes[$0].id) }
                guard !open.isEmpty else { return outcomes }
                // A task of its own, waited for here: what executors said is worth writing also when the term ends.
                let writing = Task { () async -> Result<[Outcome], StoreError> in
                    do throws(StoreError) {
                        let written = try await Self.write(open.map { changes[$0] }, to: runs, token) {
                            overtaken throws(StoreError) in
                            try await runs.runs(overtaken, endedFor: RunReason.endedHere)
                        }
                        return .success(written)
                    } catch { return .failure(error) }
                }
                for (index, outcome) in zip(open, try await writing.value.get()) { outcomes[index] = outcome }
                return outcomes
            }
        }
    }

    /// Writes each by itself.
    init(_ write: @escaping @Sendable (JobRun) async throws -> Outcome) {
        intend = write
        intendAll = { runs in
            var written: [JobRun] = []
            for run in runs { if let one = try await write(run).written { written.append(one) } }
            return written
        }
        settle = write
    }

    private static func write(
        _ changes: [JobRun],
        to runs: any RunStore,
        _ token: FencingToken?,
        standing: ([RunID]) async throws(StoreError) -> [JobRun]
    ) async throws(StoreError) -> [Outcome] {
        let written = try await runs.advance(changes, token: token)
        var new = Dictionary(written.map { ($0.id, $0) }) { first, _ in first }
        // Of equal changes of a run the first counts.
        let outcomes = changes.map { new.removeValue(forKey: $0.id).map(Outcome.written) }
        let overtaken = zip(changes, outcomes).filter { $0.1 == nil }.map(\.0.id)
        let present = overtaken.isEmpty ? [] : try await standing(overtaken)
        let stands = Dictionary(present.map { ($0.id, $0) }) { first, _ in first }
        return zip(changes, outcomes).map { $1 ?? .overtaken(by: stands[$0.id]) }
    }
}
