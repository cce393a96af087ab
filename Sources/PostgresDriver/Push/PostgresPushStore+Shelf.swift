package import Groundwork
package import PushEngine

extension PostgresPushStore: NightShelf {
    package func releaseDue(at now: Moment, limit: Int) async throws(StoreError) -> [QueueMessage] {
        let moment = now.millisecondsSinceEpoch
        return try await pool.write("release held messages") { link in
            // Batches first, in their order: whoever holds a batch may be about to take its members off the shelf.
            let due = try link.run(Self.selectDue, .int(moment), .int(limit)).map { try ShelfEntry($0) }
            var sheets = try BatchSheet.lock(due.map(\.batch), link)
            // Entries have no index by number alone.
            let batches = PostgresValue.ints(Set(due.map(\.batch.rawValue)).sorted())
            let numbers = PostgresValue.ints(due.map(\.id))
            let entries = try link.run(Self.selectAgain, batches, numbers).map { try ShelfEntry($0) }
            var tallies = Tallies()
            var messages: [QueueMessage] = []
            var statements: [PostgresStatement] = []
            for entry in entries {
                guard var sheet = sheets[entry.batch] else { continue }
                for place in entry.members.indices {
                    sheet.move(place, to: .queued, account: nil, at: now, &tallies)
                }
                sheets[entry.batch] = sheet
                statements.append(Self.tell(entry.batch, at: now, .released, .queued, entry.members))
                if !messages.contains(sheet.row.message) { messages.append(sheet.row.message) }
            }
            statements += sheets.keys.sorted().compactMap { sheets[$0]?.statement }
            statements.append(PostgresStatement(Self.delete, batches, numbers))
            if let statement = tallies.statement { statements.append(statement) }
            _ = try link.runAll(statements)
            return messages
        }
    }

    static let selectDue = """
        SELECT id, batch, members FROM shelf WHERE until <= $1 ORDER BY until, id LIMIT $2
        """

    static let selectAgain = """
        SELECT id, batch, members FROM shelf WHERE batch = ANY ($1) AND id = ANY ($2) ORDER BY until, id
        """

    static let delete = "DELETE FROM shelf WHERE batch = ANY ($1) AND id = ANY ($2)"
}

/// Held members of one batch with the same morning.
private struct ShelfEntry {
    let id: Int64
    let batch: BatchID
    let members: Members

    init(_ row: PostgresRow) throws(StoreError) {
        id = row.int64(0)
        batch = BatchID(rawValue: row.int64(1))
        members = try Members(stored: row.bytes(2))
    }
}

extension PostgresLink {
    /// Takes held members of a locked batch off the shelf, so that every entry names those that are held and no
    /// others.
    func unshelve(_ members: Members, of batch: BatchID) throws {
        guard !members.isEmpty else { return }
        let entries = try run("SELECT id, batch, members FROM shelf WHERE batch = $1", .int(batch.rawValue))
            .map { try ShelfEntry($0) }
        for entry in entries {
            let left = Members(entry.members.indices.filter { !members.contains($0) })
            guard left.count < entry.members.count else { continue }
            if left.isEmpty {
                try run(
                    "DELETE FROM shelf WHERE batch = $1 AND id = $2",
                    .int(batch.rawValue),
                    .int(entry.id)
                )
            } else {
                try run(
                    "UPDATE shelf SET count = $3, members = $4 WHERE batch = $1 AND id = $2",
                    .int(batch.rawValue),
                    .int(entry.id),
                    .int(left.count),
                    .bytes(left.encoded)
                )
            }
        }
    }
}
