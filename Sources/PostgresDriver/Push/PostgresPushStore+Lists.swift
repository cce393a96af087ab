package import Groundwork
package import PushEngine

extension PostgresPushStore: AllowListStore {
    package func allow(_ drafts: [AllowDraft]) async throws(StoreError) -> Int {
        guard !drafts.isEmpty else { return 0 }
        let rows = drafts.sorted { $0.addressee.key.rawValue < $1.addressee.key.rawValue }
        return try await pool.write("allow") { link in
            try link.run(
                Self.insertAllowed,
                .ints(rows.map { Int64($0.addressee.space.rawValue) }),
                .ints(rows.map { $0.addressee.key.rawValue }),
                .texts(rows.map { $0.addressee.address }),
                .texts(rows.map(\.note)),
                .texts(rows.map(\.by)),
                .ints(rows.map { $0.at.millisecondsSinceEpoch })
            )
            .changed
        }
    }

    package func disallow(_ id: AllowEntryID) async throws(StoreError) -> Bool {
        try await pool.write("disallow") { link in
            try link.run("DELETE FROM allowed WHERE id = $1", .int(id.rawValue)).changed == 1
        }
    }

    package func allowList(after id: AllowEntryID?, limit: Int) async throws(StoreError) -> [AllowEntry] {
        try await pool.single("read the allow-list") { link in
            try link.run(Self.selectAllowed, .int(id?.rawValue ?? Int64.max), .int(limit))
                .map { row in
                    let draft = AllowDraft(
                        try Addressee(listed: row),
                        note: row.text(2),
                        by: row.text(3),
                        at: row.moment(4)
                    )
                    return AllowEntry(id: AllowEntryID(rawValue: row.int64(5)), draft)
                }
        }
    }

    package func allowed(
        among keys: Set<RecipientKey>,
        in space: AddressSpace
    ) async throws(StoreError) -> Set<Addressee> {
        let numbers = keys.map(\.rawValue)
        return try await pool.single("look up the allow-list") { link in
            let rows = try link.run(Self.selectAllowedAmong, .int(space.rawValue), .ints(numbers))
            return Set(try rows.map { try Addressee(listed: $0) })
        }
    }

    private static let insertAllowed = """
        INSERT INTO allowed (space, key, address, note, added_by, added_at)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[])
        ON CONFLICT DO NOTHING
        """

    private static let selectAllowed = """
        SELECT space, address, note, added_by, added_at, id FROM allowed
        WHERE id < $1 ORDER BY id DESC LIMIT $2
        """

    private static let selectAllowedAmong =
        "SELECT space, address FROM allowed WHERE space = $1 AND key = ANY ($2)"
}

extension Addressee {
    /// Reads whom a row of `allowed` is about.
    fileprivate init(listed row: PostgresRow) throws {
        guard let space = AddressSpace(rawValue: row.int(0)) else {
            throw StoreError(.corrupted, during: "read the allow-list")
        }
        self.init(space: space, address: row.text(1))
    }
}

extension PostgresPushStore: SensitiveWordStore {
    package func addWords(_ words: [SensitiveWordDraft]) async throws(StoreError) -> Int {
        guard !words.isEmpty else { return 0 }
        // Two writers take what both have in the same order.
        let rows = words.sorted { $0.folded < $1.folded }
        return try await pool.write("add words") { link in
            try link.run(
                Self.insertWords,
                .texts(rows.map(\.text)),
                .texts(rows.map(\.folded)),
                .texts(rows.map(\.by)),
                .ints(rows.map { $0.at.millisecondsSinceEpoch })
            )
            .changed
        }
    }

    package func removeWord(_ id: SensitiveWordID) async throws(StoreError) -> Bool {
        try await pool.write("remove word") { link in
            try link.run("DELETE FROM sensitive_word WHERE id = $1", .int(id.rawValue)).changed == 1
        }
    }

    package func words(
        after id: SensitiveWordID?,
        limit: Int
    ) async throws(StoreError) -> [SensitiveWord] {
        try await pool.single("read words") { link in
            try link.run("\(Self.selectWords) LIMIT $2", .int(id?.rawValue ?? 0), .int(limit))
                .map(SensitiveWord.init)
        }
    }

    package func wordList() async throws(StoreError) -> [SensitiveWord] {
        try await pool.single("read all words") { link in
            try link.run(Self.selectWords, .int(0)).map(SensitiveWord.init)
        }
    }

    package func wordListMark() async throws(StoreError) -> WordListMark {
        try await pool.single("look at the words") { link in
            guard let row = try link.run(Self.selectMark).first else {
                throw StoreError(.corrupted, during: "look at the words")
            }
            return WordListMark(count: row.int(0), last: row.int64(1), sum: row.int64(2))
        }
    }

    private static let insertWords = """
        INSERT INTO sensitive_word (text, folded, added_by, added_at)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
        ON CONFLICT DO NOTHING
        """

    private static let selectWords =
        "SELECT id, text, added_by, added_at FROM sensitive_word WHERE id > $1 ORDER BY id"

    private static let selectMark =
        "SELECT count(*), coalesce(max(id), 0), coalesce(sum(id), 0)::bigint FROM sensitive_word"
}

extension SensitiveWord {
    /// Reads a row of `sensitive_word`.
    fileprivate init(_ row: PostgresRow) {
        self.init(
            id: SensitiveWordID(rawValue: row.int64(0)),
            text: row.text(1),
            by: row.text(2),
            at: row.moment(3)
        )
    }
}
