import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: NightShelf {
    package func releaseDue(at now: Moment, limit: Int) async throws(StoreError) -> [QueueMessage] {
        try await database.write("release held messages", isShort: false) { db in
            var messages: [QueueMessage] = []
            var books = Books()
            for entry in try db.dueShelfEntries(at: now, limit: limit) {
                guard let batch = try db.batch(entry.batch) else { continue }
                try db.setState(.queued, of: entry.members, in: batch.id, at: now)
                let held = Standing(state: .held, account: Standing.noAccount)
                books.move(entry.members.count, from: held, to: .queued, of: batch)
                try db.tell(batch.id, at: now, .released, .queued, entry.members)
                try db.execute(cached: "DELETE FROM shelf WHERE id = ?", [entry.id])
                if !messages.contains(batch.message) { messages.append(batch.message) }
            }
            try books.write(to: db)
            return messages
        }
    }
}

/// Held members of one batch with the same morning.
private struct ShelfEntry {
    let id: Int64
    let batch: BatchID
    let members: Members
}

extension Database {
    fileprivate func dueShelfEntries(at now: Moment, limit: Int) throws -> [ShelfEntry] {
        try shelfEntries(Self.selectDue, [now.millisecondsSinceEpoch, Int64(limit)])
    }

    /// Takes held members off the shelf, so that every entry names those that are held and no others.
    func unshelve(_ members: Members, of batch: BatchID) throws {
        guard !members.isEmpty else { return }
        for entry in try shelfEntries(Self.selectShelfOfBatch, [batch.rawValue]) {
            let left = Members(entry.members.indices.filter { !members.contains($0) })
            guard left.count < entry.members.count else { continue }
            if left.isEmpty {
                try execute(cached: "DELETE FROM shelf WHERE id = ?", [entry.id])
                continue
            }
            let update = try RawStatement(self, Self.updateShelf)
            update.bind(left.count, at: 1)
            update.bind(blob: left.encoded, at: 2)
            update.bind(entry.id, at: 3)
            try update.run()
        }
    }

    private func shelfEntries(_ sql: String, _ numbers: [Int64]) throws -> [ShelfEntry] {
        let select = try RawStatement(self, sql)
        for (place, number) in numbers.enumerated() { select.bind(number, at: Int32(place + 1)) }
        var entries: [ShelfEntry] = []
        try select.forEachRow { row in
            entries.append(
                ShelfEntry(
                    id: row.int64(0),
                    batch: BatchID(rawValue: row.int64(1)),
                    members: try Members(stored: row.blob(2))
                )
            )
        }
        return entries
    }

    /// Runs a statement that stays prepared.
    func execute(cached sql: String, _ arguments: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }

    static let selectDue = """
        SELECT id, batch, members FROM shelf WHERE until <= ? ORDER BY until, id LIMIT ?
        """

    private static let selectShelfOfBatch = "SELECT id, batch, members FROM shelf WHERE batch = ?"

    private static let updateShelf = "UPDATE shelf SET count = ?, members = ? WHERE id = ?"
}
