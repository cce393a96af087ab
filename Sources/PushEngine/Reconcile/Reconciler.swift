package import Groundwork
package import Logging

/// How days are compared.
package struct ReconcileSettings: Hashable, Sendable {
    /// The share by which a figure may be apart from the supplier's before somebody hears of it.
    package var share = 0.02
    /// How long messages wait for their receipts: a day is compared again once that is over.
    package var patience = ReceiptSettings().patience

    package init() {}
}

/// What a round of comparing did.
package struct ReconcileRound: Hashable, Sendable {
    package fileprivate(set) var results: [Reconciliation] = []
    /// Accounts whose supplier did not answer, with why: the next run asks again.
    package fileprivate(set) var silent: [String] = []
}

/// Compares what the books say of an account's day with what its supplier says.
///
/// The same day can be compared again at any time: what was kept of it is replaced.
package struct Reconciler: Sendable {
    /// The most rows behind a result that are kept.
    package static let mostRows = 10_000
    private static let callsAtOnce = 32
    private static let straysAtOnce = 500

    private let store: any ReconciliationStore
    private let directory: SupplierDirectory
    private let calendar: BusinessCalendar
    private let settings: ReconcileSettings
    private let clock: any WallClock
    private let logger: Logger

    package init(
        store: any ReconciliationStore,
        directory: SupplierDirectory,
        calendar: BusinessCalendar,
        settings: ReconcileSettings,
        clock: any WallClock,
        logger: Logger
    ) {
        self.store = store
        self.directory = directory
        self.calendar = calendar
        self.settings = settings
        self.clock = clock
        self.logger = logger
    }

    /// The days that have settled: yesterday, whose calls are over, and the last one whose receipts are.
    package var settledDays: [DaySpan] {
        let now = clock.now
        let days = [
            calendar.span(before: now, days: 1), calendar.span(before: now - settings.patience, days: 1),
        ]
        .compactMap(\.self)
        return days.first == days.last ? Array(days.prefix(1)) : days
    }

    /// Compares the settled days of all accounts; one that cannot be compared keeps no other from being so.
    ///
    /// - Parameter report: is told how many have been compared, and of how many.
    /// - Returns: what came of it.
    /// - Throws: `StoreError` when the books do not answer, `CancellationError` between two days.
    package func round(report: (Int, Int) -> Void) async throws -> ReconcileRound {
        let entries = try await directory.current().entries
        let days = settledDays
        var round = ReconcileRound()
        var silent = Set<AccountID>()
        for (number, day) in days.enumerated() {
            for (place, entry) in entries.enumerated() {
                try Task.checkCancellation()
                guard !silent.contains(entry.account.id) else { continue }
                do {
                    if let result = try await reconcile(entry, day) { round.results.append(result) }
                } catch let error as SupplierError {
                    silent.insert(entry.account.id)
                    round.silent.append("\(entry.account.name): \(error)")
                }
                report(number * entries.count + place + 1, days.count * entries.count)
            }
        }
        return round
    }

    /// Compares one account's day and keeps what comes of it; nil, with nothing kept, when neither side has anything to
    /// tell.
    ///
    /// - Throws: `StoreError`, `SupplierError` when the supplier was asked and did not answer.
    package func reconcile(_ entry: SupplierRoster.Entry, _ day: DaySpan) async throws -> Reconciliation? {
        var rows = RowKeeper()
        var ours = OwnDay()
        try await count(entry.account.id, day, into: &ours, &rows)
        let strays = try await countStrays(entry.account.id, day, &rows)
        let theirs = try await ask(entry, day, strays: strays)
        let isEmpty = ours.calls == 0 && strays == 0 && (theirs.accepted ?? 0) == 0
        let isKnown = try await store.reconciliation(of: entry.account.id, day: day.day) != nil
        guard !isEmpty || isKnown else { return nil }
        let comparison = DayComparison(ours: ours, theirs: theirs)
        let result = Reconciliation(
            account: entry.account.id,
            day: day.day,
            ours: ours,
            theirs: theirs,
            verdict: comparison.verdict(allowing: settings.share),
            differences: comparison.differences,
            rows: rows.count,
            madeAt: clock.now
        )
        try await store.putReconciliation(result, rows: rows.kept)
        if result.verdict == .differs { warn(of: result, entry.account) }
        return result
    }

    private func count(
        _ account: AccountID,
        _ day: DaySpan,
        into ours: inout OwnDay,
        _ rows: inout RowKeeper
    ) async throws {
        var last: ListPlace?
        while true {
            let calls = try await store.settledCalls(
                of: account,
                in: day,
                after: last,
                limit: Self.callsAtOnce
            )
            guard let newest = calls.last else { return }
            for call in calls {
                ours.calls += 1
                for member in call.members {
                    let finding = CallFinding(member, of: account)
                    ours.add(finding, member.state)
                    if let row = ReconciliationRow(member, finding, at: call.place.at) { rows.add(row) }
                }
            }
            last = newest.place
            try Task.checkCancellation()
        }
    }

    private func countStrays(
        _ account: AccountID,
        _ day: DaySpan,
        _ rows: inout RowKeeper
    ) async throws -> Int {
        var last: ListPlace?
        var count = 0
        while true {
            let strays = try await store.strayReceipts(
                of: account,
                in: day,
                after: last,
                limit: Self.straysAtOnce
            )
            guard let newest = strays.last else { return count }
            count += strays.count
            for stray in strays { rows.add(ReconciliationRow(stray)) }
            last = newest.place
            try Task.checkCancellation()
        }
    }

    /// What the supplier says: its statistics, where it has any and the account can still ask for them.
    private func ask(_ entry: SupplierRoster.Entry, _ day: DaySpan, strays: Int) async throws -> TheirDay {
        var told: SupplierDay?
        if entry.account.isEnabled {
            do throws(SupplierError) { told = try await entry.supplier.statistics(of: day) } catch {
                guard error == .notOffered else { throw error }
            }
        }
        var theirs = TheirDay(source: entry.supplier.givesReceipts ? .receipts : .nothing, strays: strays)
        guard let told else { return theirs }
        theirs.source = .statistics
        (theirs.accepted, theirs.segments) = (told.accepted, told.segments)
        (theirs.delivered, theirs.undelivered) = (told.delivered, told.undelivered)
        return theirs
    }

    private func warn(of result: Reconciliation, _ account: SupplierAccount) {
        let figures = result.differences.map { "\($0.figure.rawValue) \($0.ours)/\($0.theirs)" }
        logger.warning(
            "a day's figures are not the supplier's",
            metadata: [
                LogKey.account: "\(account.name)", "day": "\(result.day.number)",
                "ours/theirs": "\(figures.joined(separator: ", "))", "rows": "\(result.rows)",
            ]
        )
    }
}

/// Counts rows, and keeps the first of them.
private struct RowKeeper {
    private(set) var count = 0
    private(set) var kept: [ReconciliationRow] = []

    mutating func add(_ row: ReconciliationRow) {
        count += 1
        if kept.count < Reconciler.mostRows { kept.append(row) }
    }
}
