import GRDB
package import Groundwork
package import People

/// The audit trail in the scheduler's file.
package struct SQLiteAuditStore: AuditStore {
    private let database: SchedulerDatabase

    package init(_ database: SchedulerDatabase) {
        self.database = database
    }

    package func add(_ record: AuditRecord) async throws(StoreError) {
        try await database.write("add audit entry") { db in
            try db.execute(
                cached: Self.insert,
                [
                    record.at.millisecondsSinceEpoch, record.actor.name, record.actor.user?.rawValue,
                    record.actor.way.rawValue, record.address, record.act, record.subject.kind,
                    record.subject.id, record.subject.name, record.before, record.after,
                ]
            )
        }
    }

    package func entries(
        _ filter: AuditFilter,
        before: AuditID?,
        limit: Int
    ) async throws(StoreError) -> [AuditEntry] {
        var conditions: [String] = []
        var arguments = StatementArguments()
        func require(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments += [value]
        }
        require("actor = ?", filter.actor)
        require("act = ?", filter.act)
        require("kind = ?", filter.kind)
        require("subject = ?", filter.subject)
        require("at >= ?", filter.from?.millisecondsSinceEpoch)
        require("at < ?", filter.until?.millisecondsSinceEpoch)
        require("id < ?", before?.rawValue)
        arguments += [limit]
        let filtered = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
        let sql = "SELECT * FROM audit \(filtered) ORDER BY id DESC LIMIT ?"
        let chosen = arguments
        return try await database.read("list audit entries") { db in
            try Row.fetchAll(db, sql: sql, arguments: chosen).map { try AuditEntry($0) }
        }
    }

    package func prune(before moment: Moment, limit: Int) async throws(StoreError) -> Int {
        try await database.write("prune audit entries") { db in
            try db.execute(sql: Self.prune, arguments: [moment.millisecondsSinceEpoch, limit])
            return db.changesCount
        }
    }

    private static let insert = """
        INSERT INTO audit (at, actor, user_id, way, address, act, kind, subject, name, was, is_now)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    private static let prune =
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? ORDER BY at LIMIT ?)"
}

extension AuditEntry {
    fileprivate init(_ row: Row) throws(StoreError) {
        let (id, word): (Int64, String) = (row["id"], row["way"])
        guard let way = AuditActor.Way(rawValue: word) else {
            throw StoreError(.corrupted, during: "read audit entry", detail: "entry \(id)")
        }
        let user: Int64? = row["user_id"]
        self.init(
            id: AuditID(rawValue: id),
            record: AuditRecord(
                at: Moment(millisecondsSinceEpoch: row["at"]),
                actor: AuditActor(name: row["actor"], user: user.map(UserID.init(rawValue:)), way: way),
                address: row["address"],
                act: row["act"],
                subject: AuditSubject(kind: row["kind"], id: row["subject"], name: row["name"]),
                before: row["was"],
                after: row["is_now"]
            )
        )
    }
}
