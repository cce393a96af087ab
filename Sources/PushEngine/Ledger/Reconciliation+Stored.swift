import Foundation
package import Groundwork

extension Reconciliation {
    /// The figures of both sides, and where they differ, as a column holds them.
    package var storedFigures: String {
        get throws {
            let figures = StoredFigures(ours: ours, theirs: theirs, differences: differences)
            return String(decoding: try JSONEncoder().encode(figures), as: UTF8.self)
        }
    }

    /// Puts a result together from its columns.
    ///
    /// - Throws: `StoreError` when they make no sense.
    package init(
        account: Int64,
        day: Int,
        verdict: String,
        rows: Int,
        madeAt: Moment,
        storedFigures text: String
    ) throws(StoreError) {
        guard let day = CalendarDay(number: day), let verdict = Verdict(rawValue: verdict),
            // What cannot be read is told below.
            let figures = try? JSONDecoder().decode(StoredFigures.self, from: Data(text.utf8))
        else { throw StoreError(.corrupted, during: "read reconciliation", detail: "\(day) of \(account)") }
        self.init(
            account: AccountID(rawValue: account),
            day: day,
            ours: figures.ours,
            theirs: figures.theirs,
            verdict: verdict,
            differences: figures.differences,
            rows: rows,
            madeAt: madeAt
        )
    }
}

private struct StoredFigures: Codable {
    let ours: OwnDay
    let theirs: TheirDay
    let differences: [DayDifference]
}
