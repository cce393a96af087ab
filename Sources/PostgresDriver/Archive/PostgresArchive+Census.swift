package import Groundwork
package import PushEngine
import Scheduler

extension PostgresArchive {
    /// Counts everything that was written; slow on purpose.
    package func census() async throws(StoreError) -> BooksCensus {
        var census = BooksCensus(messages: try await countMessages())
        let names = ArchiveTable.books.map(\.name) + ["batch", "account", "crowd"]
        let tables = names + ArchiveTable.scheduler.map(\.name)
        let (tallies, rows) = try await pool.read("count the copy") { link in
            var rows: [String: Int] = [:]
            for table in tables { rows[table] = try link.run("SELECT count(*) FROM \(table)").first?.int(0) }
            return (try link.run(Self.countTallies).map { BooksCensus.Entry($0) }, rows)
        }
        census.tallies = Dictionary(tallies.map { ($0.kind, $0.sum) }) { $1 }
        census.rows = rows
        census.rows[ArchiveTable.receipt.name] = try await countReceipts()
        return census
    }

    private func countMessages() async throws(StoreError) -> [BooksCensus.Kind: BooksCensus.Sum] {
        var sums: [BooksCensus.Kind: BooksCensus.Sum] = [:]
        var last: Int64 = 0
        while true {
            let sheets = try await pool.single("count the copy") { [last] link in
                try link.run(Self.selectBatches, .int(last)).map { try BatchSheet($0) }
            }
            for sheet in sheets {
                for case let member? in sheet.standings.members {
                    let kind = BooksCensus.Kind(
                        day: sheet.row.day,
                        template: sheet.row.template.rawValue,
                        run: sheet.row.run?.rawValue ?? 0,
                        state: member.state.rawValue
                    )
                    sums[kind, default: .init()].count += 1
                    sums[kind, default: .init()].charge += member.charge
                }
            }
            guard let newest = sheets.last?.row.id.rawValue else { return sums }
            last = newest
        }
    }

    private func countReceipts() async throws(StoreError) -> Int {
        var count = 0
        var last: (batch: Int64, id: Int64) = (0, 0)
        while true {
            let rows = try await pool.single("count the copy") { [last] link in
                try link.run(Self.selectReceipts, .int(last.batch), .int(last.id))
                    .map { (key: ($0.int64(0), $0.int64(1)), count: try Members(stored: $0.bytes(2)).count) }
            }
            guard let newest = rows.last?.key else { return count }
            count += rows.reduce(0) { $0 + $1.count }
            last = newest
        }
    }

    private static let selectBatches = """
        SELECT \(BatchSheet.columns) FROM batch WHERE id > $1 ORDER BY id LIMIT 1000
        """

    private static let selectReceipts = """
        SELECT batch, id, members FROM receipt WHERE (batch, id) > ($1, $2) ORDER BY batch, id LIMIT 10000
        """

    private static let countTallies = """
        SELECT day, template, run, state, sum(count)::bigint, sum(charge)::bigint FROM tally GROUP BY 1, 2, 3, 4
        HAVING sum(count) <> 0 OR sum(charge) <> 0
        """
}

extension BooksCensus {
    fileprivate struct Entry {
        let kind: Kind
        let sum: Sum

        init(_ row: PostgresRow) {
            kind = Kind(day: row.int(0), template: row.int64(1), run: row.int64(2), state: row.int(3))
            sum = Sum(count: row.int(4), charge: row.int(5))
        }
    }
}
