package import Groundwork

/// Reads the runs of one job in the order of their triggers, for who compares them with what was to come.
package protocol RunLedger: Sendable {
    /// The runs of `job` whose planned instant lies in `span`, in the order of their places, those behind `after`, at most
    /// `limit`.
    func entries(
        of job: JobID,
        in span: Range<Moment>,
        after: LedgerEntry.Place?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry]

    /// The latest run that the schedule of `job` made for an instant before `moment`, or nil.
    func lastTrigger(of job: JobID, before moment: Moment) async throws(StoreError) -> LedgerEntry?

    /// Since when all runs of `job` are kept: each that was planned for this instant or a later one is there. Nil when none
    /// was ever removed.
    func keptSince(of job: JobID) async throws(StoreError) -> Moment?
}

/// What one run says about when it came and went.
package struct LedgerEntry: Hashable, Sendable {
    package let run: RunID
    package let plannedAt: Moment
    package let shard: Shard
    /// Counted from 1.
    package let attempt: Int
    package let trigger: TriggerKind
    /// When it was first handed to the executor that has it.
    package let dispatchedAt: Moment?
    package let endedAt: Moment?
    /// Why it ended; nil while it is open.
    package let reason: RunReason?

    package init(
        run: RunID,
        plannedAt: Moment,
        shard: Shard = .whole,
        attempt: Int = 1,
        trigger: TriggerKind,
        dispatchedAt: Moment? = nil,
        endedAt: Moment? = nil,
        reason: RunReason? = nil
    ) {
        self.run = run
        self.plannedAt = plannedAt
        self.shard = shard
        self.attempt = attempt
        self.trigger = trigger
        self.dispatchedAt = dispatchedAt
        self.endedAt = endedAt
        self.reason = reason
    }

    /// Where it stands among the runs of its job; no two have the same.
    package struct Place: Hashable, Sendable {
        package let plannedAt: Moment
        package let shard: Int
        package let attempt: Int

        package init(plannedAt: Moment, shard: Int, attempt: Int) {
            self.plannedAt = plannedAt
            self.shard = shard
            self.attempt = attempt
        }
    }

    package var place: Place { Place(plannedAt: plannedAt, shard: shard.index, attempt: attempt) }

    /// Whether a schedule made it, not somebody who asked for it.
    var isOfSchedule: Bool { trigger == .schedule || trigger == .misfire }

    /// Whether it only records that triggers were skipped.
    var isRecord: Bool { reason == .misfireSkipped }
}
