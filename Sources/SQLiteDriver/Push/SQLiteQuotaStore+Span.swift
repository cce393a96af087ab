import GRDB
import Groundwork
import PushEngine

extension SQLiteQuotaStore {
    /// Reserves where several days count as well: each claim needs a place in two rows, or gets none.
    func reserve(
        _ claims: [QuotaClaim],
        channel: Channel,
        rules: QuotaRules,
        _ span: QuotaSpan,
        day: Int
    ) async throws(StoreError) -> [QuotaVerdict] {
        let now = clock.now
        let orders = (days: claims.quotaOrder(on: channel), spans: claims.quotaOrder(on: channel, span.type))
        let isShort = claims.count <= SQLiteDatabase.shortCount
        return try await database.write("reserve quota", isShort: isShort) { [young] db in
            var table = try QuotaTable(db)
            var days = try table.rows(orders.days, QuotaRow(day: day))
            var spans = try table.rows(orders.spans, QuotaRow(day: day))
            for key in days.keys { days[key]?.row.turn(to: day, rules: rules, now: now) }
            var verdicts: [QuotaVerdict] = []
            for claim in claims {
                let key = channel.quotaKey(claim.recipient)
                let spanKey = channel.quotaKey(claim.recipient, span.type)
                guard var ofDay = days[key], var ofSpan = spans[spanKey] else { continue }
                var verdict = QuotaVerdict.granted
                if !ofDay.row.has(claim.owner) {
                    let before = ofDay.row
                    (verdict, _) = ofDay.row.judge(claim, rules: rules, now: now)
                    if verdict == .granted, let over = ofSpan.row.verdict(on: claim.owner, span, day: day) {
                        verdict = over
                        ofDay.row = before
                    }
                    ofDay.isChanged = ofDay.isChanged || ofDay.row != before
                }
                if verdict == .granted {
                    ofSpan.isChanged =
                        ofSpan.row.count(claim.owner, span, day: day, now: now) || ofSpan.isChanged
                }
                (days[key], spans[spanKey]) = (ofDay, ofSpan)
                verdicts.append(verdict)
            }
            try table.store(days)
            try table.store(spans)
            try young.grow(by: table.added, db)
            return verdicts
        }
    }
}

/// A row in hand, and whether it is to be stored.
struct QuotaRowInHand {
    var row: QuotaRow
    var isChanged = false
}

extension QuotaTable {
    /// Reads rows; those that are not there are like `empty`.
    fileprivate mutating func rows(
        _ order: [QuotaPlace],
        _ empty: QuotaRow
    ) throws -> [Int64: QuotaRowInHand] {
        var rows: [Int64: QuotaRowInHand] = [:]
        try visit(order) { row, places in
            if let key = places.first?.key { rows[key] = QuotaRowInHand(row: row ?? empty) }
            return nil
        }
        return rows
    }

    /// Stores those that were changed.
    fileprivate mutating func store(_ rows: [Int64: QuotaRowInHand]) throws {
        let order = rows.filter(\.value.isChanged).keys.sorted().map { QuotaPlace(key: $0, claim: 0) }
        try visit(order) { _, places in places.first.flatMap { rows[$0.key]?.row } }
    }
}
