package import Groundwork

/// Removes what is over and old; what still waits for anything is never removed.
///
/// Each call is one short step and one fact: whoever is stopped between two leaves nothing half-removed, and
/// whoever begins anew goes on. Counts by state (`Tally`), templates, accounts, campaigns and their occurrences
/// stay for ever.
package protocol RetentionStore: Sendable {
    /// Removes messages that were accepted before `moment`, with all that tells of them: texts, calls, events,
    /// receipts, callers' keys. It takes the batches after `batch` in order, and stops once `limit` messages or
    /// more are gone.
    ///
    /// A batch stays as long as one of its messages has no final state, or its campaign's occurrence reads or
    /// stands still. A store that keeps days apart removes whole days of UTC only: one batch that stays keeps its
    /// day, and the day of `moment` stays. A receipt that comes later belongs to nobody.
    func removeMessages(
        acceptedBefore moment: Moment,
        after batch: BatchID?,
        limit: Int
    ) async throws(StoreError) -> MessageRemoval

    /// Removes what came before `moment` and was dealt with, up to `limit` of each: pages of receipts that were
    /// read, receipts that belong to nobody, the refused rows of occurrences that had ended by then, the rows behind
    /// comparisons that were made before it, and suppliers' copies of media files that had expired by then.
    ///
    /// Pages that were not yet read stay, and so do the numbers of refused rows and of rows behind a comparison.
    ///
    /// - Returns: how many were removed; 0 when nothing is left.
    func removeRemains(before moment: Moment, limit: Int) async throws(StoreError) -> Int

    /// Removes the results of comparisons that were made before `moment` and have no rows behind them any more, up to
    /// `limit`.
    ///
    /// - Returns: how many were removed; 0 when nothing is left.
    func removeReconciliations(before moment: Moment, limit: Int) async throws(StoreError) -> Int

    /// Removes links that were made before `moment` and that nobody has followed since the hour of it, each with all of
    /// its clicks, up to `limit` links.
    ///
    /// - Returns: how many links were removed; 0 when nothing is left.
    func removeLinks(unusedSince moment: Moment, limit: Int) async throws(StoreError) -> Int

    /// Retires crowd files that nobody has used since `moment`: there is no such file from now on, though its
    /// bytes lie there still.
    ///
    /// Uses are that it was taken in, also again, that a campaign was made of it, and that an occurrence began to
    /// read it or was done with it. Needed are, however old, the files of campaigns that are not cancelled and
    /// have a cron schedule or no occurrence yet, and those of which an occurrence reads or stands still.
    ///
    /// - Returns: the digests of all retired files that are not yet forgotten.
    func retireCrowds(unusedSince moment: Moment) async throws(StoreError) -> [String]

    /// Forgets a retired crowd file, whose bytes are gone: who brings it again is welcome. One that is not retired
    /// stays.
    func forgetCrowd(_ digest: String) async throws(StoreError)
}

/// What one step removed.
package struct MessageRemoval: Hashable, Sendable {
    /// Messages that are gone; of large days about as many, as the database counted them last.
    package var removed: Int
    /// Batches that are old enough and stay, because they still wait for something.
    package var waiting: Int
    /// The last batch that was looked at, when there are more; nil at the end.
    package var next: BatchID?

    package init(removed: Int = 0, waiting: Int = 0, next: BatchID? = nil) {
        self.removed = removed
        self.waiting = waiting
        self.next = next
    }
}

extension StoreError {
    /// Why a crowd file cannot be used at this moment: it is retired, and its bytes may just be going.
    package static let crowdIsLeaving = StoreError(
        .conflict,
        during: "use a crowd file",
        detail:
            "the file was not used for long and is being removed: upload it again when the job retention has run"
    )
}
