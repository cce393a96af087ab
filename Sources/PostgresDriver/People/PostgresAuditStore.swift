package import Groundwork
package import People

/// The audit trail beside the scheduler's tables.
package struct PostgresAuditStore: AuditStore {
    private let pool: PostgresPool

    package init(_ database: PostgresSchedulerDatabase) {
        pool = database.pool
    }

    package func add(_ record: AuditRecord) async throws(StoreError) {
        try await pool.write("add audit entry") { link in
            _ = try link.run(
                Self.insert,
                .int(record.at.millisecondsSinceEpoch),
                .text(record.actor.name),
                record.actor.user.map { .int($0.rawValue) } ?? .null,
                .text(record.actor.way.rawValue),
                .text(record.address),
                .text(record.act),
                .text(record.subject.kind),
                .text(record.subject.id),
                .text(record.subject.name),
                .text(record.before),
                .text(record.after)
            )
        }
    }

    package func entries(
        _ filter: AuditFilter,
        before: AuditID?,
        limit: Int
    ) async throws(StoreError) -> [AuditEntry] {
        var conditions = Conditions()
        func require(_ condition: String, _ value: PostgresValue?) {
            if let value { conditions.require(condition, value) }
        }
        require("actor = ?", filter.actor.map { .text($0) })
        require("act = ?", filter.act.map { .text($0) })
        require("kind = ?", filter.kind.map { .text($0) })
        require("subject = ?", filter.subject.map { .text($0) })
        require("at >= ?", filter.from.map { .int($0.millisecondsSinceEpoch) })
        require("at < ?", filter.until.map { .int($0.millisecondsSinceEpoch) })
        require("id < ?", before.map { .int($0.rawValue) })
        let place = conditions.parameter(.int(limit))
        let statement = PostgresStatement(
            "SELECT \(AuditEntry.columns) FROM audit \(conditions.clause) ORDER BY id DESC LIMIT \(place)",
            conditions.values
        )
        return try await pool.single("list audit entries") { link in
            try link.run(statement.sql, statement.values).map { try AuditEntry($0) }
        }
    }

    package func prune(before moment: Moment, limit: Int) async throws(StoreError) -> Int {
        try await pool.write("prune audit entries") { link in
            try link.run(Self.prune, .int(moment.millisecondsSinceEpoch), .int(limit)).count
        }
    }

    private static let insert = """
        INSERT INTO audit (at, actor, user_id, way, address, act, kind, subject, name, was, is_now)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """

    private static let prune = """
        DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY at LIMIT $2) RETURNING id
        """
}

extension AuditEntry {
    fileprivate static let columns =
        "id, at, actor, user_id, way, address, act, kind, subject, name, was, is_now"

    fileprivate init(_ row: PostgresRow) throws(StoreError) {
        self.init(
            id: AuditID(rawValue: row.int64(0)),
            record: AuditRecord(
                at: row.moment(1),
                actor: AuditActor(
                    name: row.text(2),
                    user: row.optionalInt64(3).map(UserID.init(rawValue:)),
                    way: try row.word(4, of: "way")
                ),
                address: row.text(5),
                act: row.text(6),
                subject: AuditSubject(kind: row.text(7), id: row.optionalText(8), name: row.optionalText(9)),
                before: row.optionalText(10),
                after: row.optionalText(11)
            )
        )
    }
}
