import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: AllowListStore {
    package func allow(_ drafts: [AllowDraft]) async throws(StoreError) -> Int {
        try await database.write("allow", isShort: drafts.count <= SQLiteDatabase.shortCount) { db in
            var added = 0
            for draft in drafts {
                let addressee = draft.addressee
                try db.execute(
                    cached: Self.insertAllowed,
                    [
                        addressee.space.rawValue, addressee.key.rawValue, addressee.address, draft.note,
                        draft.by,
                        draft.at.millisecondsSinceEpoch,
                    ]
                )
                added += db.changesCount
            }
            return added
        }
    }

    package func disallow(_ id: AllowEntryID) async throws(StoreError) -> Bool {
        try await database.write("disallow") { db in
            try db.execute(cached: "DELETE FROM allowed WHERE id = ?", [id.rawValue])
            return db.changesCount == 1
        }
    }

    package func allowList(after id: AllowEntryID?, limit: Int) async throws(StoreError) -> [AllowEntry] {
        let arguments: StatementArguments = [id?.rawValue ?? Int64.max, limit]
        return try await database.read("read the allow-list") { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM allowed WHERE id < ? ORDER BY id DESC LIMIT ?",
                arguments: arguments
            )
            .map { row in
                let draft = AllowDraft(
                    try Addressee(listed: row),
                    note: row["note"],
                    by: row["added_by"],
                    at: Moment(millisecondsSinceEpoch: row["added_at"])
                )
                return AllowEntry(id: AllowEntryID(rawValue: row["id"]), draft)
            }
        }
    }

    package func allowed(
        among keys: Set<RecipientKey>,
        in space: AddressSpace
    ) async throws(StoreError) -> Set<Addressee> {
        let list = keys.asJSON
        return try await database.read("look up the allow-list") { db in
            let rows = try Row.fetchAll(db, sql: Self.selectAllowedAmong, arguments: [space.rawValue, list])
            return Set(try rows.map { try Addressee(listed: $0) })
        }
    }

    private static let insertAllowed = """
        INSERT INTO allowed (space, key, address, note, added_by, added_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """

    private static let selectAllowedAmong = """
        SELECT space, address FROM allowed WHERE space = ? AND key IN (SELECT value FROM json_each(?))
        """
}

extension Addressee {
    /// Reads whom a row of `allowed` is about.
    fileprivate init(listed row: Row) throws {
        guard let space = AddressSpace(rawValue: row["space"]) else {
            throw StoreError(.corrupted, during: "read the allow-list")
        }
        self.init(space: space, address: row["address"])
    }
}

extension SQLitePushStore: SensitiveWordStore {
    package func addWords(_ words: [SensitiveWordDraft]) async throws(StoreError) -> Int {
        try await database.write("add words", isShort: words.count <= SQLiteDatabase.shortCount) { db in
            var added = 0
            for word in words {
                try db.execute(
                    cached: Self.insertWord,
                    [word.text, word.folded, word.by, word.at.millisecondsSinceEpoch]
                )
                added += db.changesCount
            }
            return added
        }
    }

    package func removeWord(_ id: SensitiveWordID) async throws(StoreError) -> Bool {
        try await database.write("remove word") { db in
            try db.execute(cached: "DELETE FROM sensitive_word WHERE id = ?", [id.rawValue])
            return db.changesCount == 1
        }
    }

    package func words(
        after id: SensitiveWordID?,
        limit: Int
    ) async throws(StoreError) -> [SensitiveWord] {
        let arguments: StatementArguments = [id?.rawValue ?? 0, limit]
        return try await database.read("read words") { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM sensitive_word WHERE id > ? ORDER BY id LIMIT ?",
                arguments: arguments
            )
            .map(SensitiveWord.init)
        }
    }

    package func wordList() async throws(StoreError) -> [SensitiveWord] {
        try await words(after: nil, limit: -1)
    }

    package func wordListMark() async throws(StoreError) -> WordListMark {
        try await database.read("look at the words") { db in
            let row = try Row.fetchOne(
                db,
                sql: "SELECT count(*), coalesce(max(id), 0), coalesce(sum(id), 0) FROM sensitive_word"
            )
            guard let row else { throw StoreError(.corrupted, during: "look at the words") }
            return WordListMark(count: row[0], last: row[1], sum: row[2])
        }
    }

    private static let insertWord = """
        INSERT INTO sensitive_word (text, folded, added_by, added_at) VALUES (?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """
}

extension SensitiveWord {
    /// Reads a row of `sensitive_word`.
    fileprivate init(_ row: Row) {
        self.init(
            id: SensitiveWordID(rawValue: row["id"]),
            text: row["text"],
            by: row["added_by"],
            at: Moment(millisecondsSinceEpoch: row["added_at"])
        )
    }
}
