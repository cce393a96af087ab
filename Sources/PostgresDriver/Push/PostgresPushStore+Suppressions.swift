package import Groundwork
package import PushEngine

extension PostgresPushStore: SuppressionStore {
    package func suppress(_ drafts: [SuppressionDraft]) async throws(StoreError) -> Int {
        guard !drafts.isEmpty else { return 0 }
        let rows = drafts.distinct
        return try await pool.write("suppress") { link in
            try link.run(
                Self.upsertSuppressions,
                .ints(rows.map { Int64($0.addressee.space.rawValue) }),
                .ints(rows.map { $0.addressee.key.rawValue }),
                .texts(rows.map { $0.addressee.address }),
                .ints(rows.map { Int64($0.scope.stored.kind) }),
                .texts(rows.map { $0.scope.stored.value }),
                .ints(rows.map { Int64($0.source.rawValue) }),
                .texts(rows.map(\.note)),
                .texts(rows.map(\.by)),
                .ints(rows.map { $0.at.millisecondsSinceEpoch })
            )
            .changed
        }
    }

    package func unsuppress(_ id: SuppressionID, at: Moment, by: String) async throws(StoreError) -> Bool {
        try await pool.write("take off the blacklist") { link in
            let removed = try link.run(
                Self.removeSuppression,
                .text(by),
                .int(at.millisecondsSinceEpoch),
                .int(id.rawValue)
            )
            return removed.changed == 1
        }
    }

    package func welcomeBack(_ addressee: Addressee, at: Moment, by: String) async throws(StoreError) -> Int {
        try await pool.write("welcome back") { link in
            try link.run(
                Self.removeOthers,
                .text(by),
                .int(at.millisecondsSinceEpoch),
                .int(addressee.space.rawValue),
                .int(addressee.key.rawValue),
                .text(addressee.address)
            )
            .changed
        }
    }

    package func suppressions(
        of addressee: Addressee?,
        after id: SuppressionID?,
        limit: Int
    ) async throws(StoreError) -> [Suppression] {
        let before = id?.rawValue ?? Int64.max
        return try await pool.single("read the blacklist") { link in
            guard let addressee else {
                return try link.run(Self.selectSuppressions, .int(before), .int(limit)).map(Suppression.init)
            }
            return
                try link.run(
                    Self.selectSuppressionsOf,
                    .int(addressee.space.rawValue),
                    .int(addressee.key.rawValue),
                    .text(addressee.address),
                    .int(before),
                    .int(limit)
                )
                .map(Suppression.init)
        }
    }

    package func suppressions(
        among keys: Set<RecipientKey>,
        in space: AddressSpace
    ) async throws(StoreError) -> [Suppression] {
        guard !keys.isEmpty else { return [] }
        let numbers = keys.map(\.rawValue)
        return try await pool.single("look up the blacklist") { link in
            try link.run(Self.selectSuppressionsAmong, .int(space.rawValue), .ints(numbers))
                .map(Suppression.init)
        }
    }

    package func hasSuppressions() async throws(StoreError) -> Bool {
        try await pool.single("look at the blacklist") { link in
            try link.run(Self.selectAnySuppression).first?.bool(0) ?? false
        }
    }

    private static let upsertSuppressions = """
        INSERT INTO suppression AS s (space, key, address, scope, value, source, note, added_by, added_at)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[],
            $7::text[], $8::text[], $9::bigint[])
        ON CONFLICT (space, key, address, scope, value) DO UPDATE SET source = excluded.source,
            note = excluded.note, added_by = excluded.added_by, added_at = excluded.added_at,
            removed_by = NULL, removed_at = NULL
        WHERE s.removed_at IS NOT NULL AND excluded.added_at >= s.removed_at
        """

    private static let removeSuppression =
        "UPDATE suppression SET removed_by = $1, removed_at = $2 WHERE id = $3 AND removed_at IS NULL"

    private static let removeOthers = """
        UPDATE suppression SET removed_by = $1, removed_at = $2
        WHERE space = $3 AND key = $4 AND address = $5 AND source <> 10 AND added_at <= $2
            AND removed_at IS NULL
        """

    private static let selectSuppressions = """
        SELECT \(Suppression.columns) FROM suppression
        WHERE removed_at IS NULL AND id < $1 ORDER BY id DESC LIMIT $2
        """

    private static let selectSuppressionsOf = """
        SELECT \(Suppression.columns) FROM suppression
        WHERE space = $1 AND key = $2 AND address = $3 AND removed_at IS NULL AND id < $4
        ORDER BY id DESC LIMIT $5
        """

    private static let selectSuppressionsAmong = """
        SELECT \(Suppression.columns) FROM suppression
        WHERE space = $1 AND key = ANY ($2) AND removed_at IS NULL
        """

    private static let selectAnySuppression =
        "SELECT EXISTS (SELECT 1 FROM suppression WHERE removed_at IS NULL)"
}

/// By what an entry is told.
private struct SuppressionPlace: Hashable {
    let addressee: Addressee
    let scope: SuppressionScope
}

extension [SuppressionDraft] {
    /// One of each addressee and scope, the first, in an order in which no two writers wait for each other.
    fileprivate var distinct: [SuppressionDraft] {
        var seen: Set<SuppressionPlace> = []
        return filter { seen.insert(SuppressionPlace(addressee: $0.addressee, scope: $0.scope)).inserted }
            .sorted { left, right in
                (left.addressee.key.rawValue, left.scope.stored.kind, left.scope.stored.value)
                    < (right.addressee.key.rawValue, right.scope.stored.kind, right.scope.stored.value)
            }
    }
}

extension Suppression {
    fileprivate static let columns = "id, space, address, scope, value, source, note, added_by, added_at"

    /// Reads a row of `suppression`.
    fileprivate init(_ row: PostgresRow) throws {
        guard let space = AddressSpace(rawValue: row.int(1)),
            let scope = SuppressionScope(kind: row.int(3), value: row.text(4)),
            let source = SuppressionSource(rawValue: row.int(5))
        else { throw StoreError(.corrupted, during: "read the blacklist") }
        self.init(
            id: SuppressionID(rawValue: row.int64(0)),
            SuppressionDraft(
                Addressee(space: space, address: row.text(2)),
                scope,
                source: source,
                note: row.text(6),
                by: row.text(7),
                at: row.moment(8)
            )
        )
    }
}
