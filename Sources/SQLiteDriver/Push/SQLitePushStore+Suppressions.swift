import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: SuppressionStore {
    package func suppress(_ drafts: [SuppressionDraft]) async throws(StoreError) -> Int {
        guard !drafts.isEmpty else { return 0 }
        return try await database.write("suppress", isShort: drafts.count <= SQLiteDatabase.shortCount) {
            db in
            var added = 0
            for draft in drafts {
                let (kind, value) = draft.scope.stored
                try db.execute(
                    cached: Self.upsertSuppression,
                    [
                        draft.addressee.space.rawValue, draft.addressee.key.rawValue, draft.addressee.address,
                        kind, value, draft.source.rawValue, draft.note, draft.by,
                        draft.at.millisecondsSinceEpoch,
                    ]
                )
                added += db.changesCount
            }
            return added
        }
    }

    package func unsuppress(_ id: SuppressionID, at: Moment, by: String) async throws(StoreError) -> Bool {
        try await database.write("take off the blacklist") { db in
            try db.execute(cached: Self.removeSuppression, [by, at.millisecondsSinceEpoch, id.rawValue])
            return db.changesCount == 1
        }
    }

    package func welcomeBack(_ addressee: Addressee, at: Moment, by: String) async throws(StoreError) -> Int {
        let milliseconds = at.millisecondsSinceEpoch
        return try await database.write("welcome back") { db in
            try db.execute(
                cached: Self.removeOthers,
                [
                    by, milliseconds, addressee.space.rawValue, addressee.key.rawValue, addressee.address,
                    milliseconds,
                ]
            )
            return db.changesCount
        }
    }

    package func suppressions(
        of addressee: Addressee?,
        after id: SuppressionID?,
        limit: Int
    ) async throws(StoreError) -> [Suppression] {
        let before = id?.rawValue ?? Int64.max
        return try await database.read("read the blacklist") { db in
            guard let addressee else {
                return try Row.fetchAll(db, sql: Self.selectSuppressions, arguments: [before, limit])
                    .map(Suppression.init)
            }
            let arguments: StatementArguments = [
                addressee.space.rawValue, addressee.key.rawValue, addressee.address, before, limit,
            ]
            return try Row.fetchAll(db, sql: Self.selectSuppressionsOf, arguments: arguments)
                .map(Suppression.init)
        }
    }

    package func suppressions(
        among keys: Set<RecipientKey>,
        in space: AddressSpace
    ) async throws(StoreError) -> [Suppression] {
        guard !keys.isEmpty else { return [] }
        let list = keys.asJSON
        return try await database.read("look up the blacklist") { db in
            try Row.fetchAll(db, sql: Self.selectSuppressionsAmong, arguments: [space.rawValue, list])
                .map(Suppression.init)
        }
    }

    package func hasSuppressions() async throws(StoreError) -> Bool {
        try await database.read("look at the blacklist") { db in
            try Bool.fetchOne(db, sql: Self.selectAnySuppression) ?? false
        }
    }

    private static let upsertSuppression = """
        INSERT INTO suppression (space, key, address, scope, value, source, note, added_by, added_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (space, key, address, scope, value) DO UPDATE SET source = excluded.source,
            note = excluded.note, added_by = excluded.added_by, added_at = excluded.added_at,
            removed_by = NULL, removed_at = NULL
        WHERE removed_at IS NOT NULL AND excluded.added_at >= removed_at
        """

    private static let removeSuppression =
        "UPDATE suppression SET removed_by = ?, removed_at = ? WHERE id = ? AND removed_at IS NULL"

    private static let removeOthers = """
        UPDATE suppression SET removed_by = ?, removed_at = ?
        WHERE space = ? AND key = ? AND address = ? AND source <> 10 AND added_at <= ? AND removed_at IS NULL
        """

    static let selectSuppressions = """
        SELECT * FROM suppression WHERE removed_at IS NULL AND id < ? ORDER BY id DESC LIMIT ?
        """

    static let selectSuppressionsOf = """
        SELECT * FROM suppression INDEXED BY suppression_of
        WHERE space = ? AND key = ? AND address = ? AND removed_at IS NULL AND id < ?
        ORDER BY id DESC LIMIT ?
        """

    static let selectSuppressionsAmong = """
        SELECT * FROM suppression INDEXED BY suppression_of
        WHERE space = ? AND key IN (SELECT value FROM json_each(?)) AND removed_at IS NULL
        """

    static let selectAnySuppression = "SELECT EXISTS (SELECT 1 FROM suppression WHERE removed_at IS NULL)"
}

extension Set<RecipientKey> {
    /// The keys as one parameter.
    var asJSON: String { "[" + map { String($0.rawValue) }.joined(separator: ",") + "]" }
}

extension Suppression {
    /// Reads a row of `suppression`.
    fileprivate init(_ row: Row) throws {
        guard let space = AddressSpace(rawValue: row["space"]),
            let scope = SuppressionScope(kind: row["scope"], value: row["value"]),
            let source = SuppressionSource(rawValue: row["source"])
        else { throw StoreError(.corrupted, during: "read the blacklist") }
        self.init(
            id: SuppressionID(rawValue: row["id"]),
            SuppressionDraft(
                Addressee(space: space, address: row["address"]),
                scope,
                source: source,
                note: row["note"],
                by: row["added_by"],
                at: Moment(millisecondsSinceEpoch: row["added_at"])
            )
        )
    }
}
