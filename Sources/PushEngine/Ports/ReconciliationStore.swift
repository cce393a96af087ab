package import Groundwork

/// What reconciliation reads of the books, and what it keeps.
package protocol ReconciliationStore: Sendable {
    /// Calls that `account` made from `start` on and before `end`, in the order in which they were made, those after
    /// `place`; at most `limit`.
    ///
    /// However many calls others made, and on other days, it reads those alone.
    func settledCalls(
        of account: AccountID,
        in day: DaySpan,
        after place: ListPlace?,
        limit: Int
    ) async throws(StoreError) -> [SettledCall]

    /// Receipts of `account` that belong to nobody and tell of an instant of the day, by that instant, those after
    /// `place`.
    func strayReceipts(
        of account: AccountID,
        in day: DaySpan,
        after place: ListPlace?,
        limit: Int
    ) async throws(StoreError) -> [StrayReceipt]

    /// Keeps a result and rows behind it, instead of what was kept of its account and day, in one step.
    func putReconciliation(_ result: Reconciliation, rows: [ReconciliationRow]) async throws(StoreError)

    /// What is kept of an account and day; nil when nothing is.
    func reconciliation(of account: AccountID, day: CalendarDay) async throws(StoreError) -> Reconciliation?

    /// Results, the newest day first and within a day the newest account first, those after `place`; only of one day
    /// when it is given.
    func reconciliations(
        day: CalendarDay?,
        after place: ReconciliationPlace?,
        limit: Int
    ) async throws(StoreError) -> [Reconciliation]

    /// The rows that were kept with a result, in their order, those after the first `place`.
    func reconciliationRows(
        of account: AccountID,
        day: CalendarDay,
        after place: Int,
        limit: Int
    ) async throws(StoreError) -> [ReconciliationRow]
}

/// A place in the list of results, from which to go on.
package struct ReconciliationPlace: Hashable, Sendable, LosslessStringConvertible {
    package let day: CalendarDay
    package let account: AccountID

    package init(day: CalendarDay, account: AccountID) {
        self.day = day
        self.account = account
    }

    package init(_ result: Reconciliation) {
        self.init(day: result.day, account: result.account)
    }

    /// Reads `20300115-7`.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let day = Int(parts[0]).flatMap(CalendarDay.init(number:)),
            let account = Int64(parts[1])
        else { return nil }
        self.init(day: day, account: AccountID(rawValue: account))
    }

    package var description: String { "\(day.number)-\(account.rawValue)" }
}
