import GRDB
package import Groundwork
package import Scheduler

/// Calls with keys in the scheduler's file.
package struct SQLiteIdempotencyStore: IdempotencyStore {
    private let database: SchedulerDatabase

    package init(_ database: SchedulerDatabase) {
        self.database = database
    }

    package func begin(_ call: KeyedCall, at now: Moment) async throws(StoreError) -> CallBeginning {
        try await database.write("begin call") { db in
            try db.execute(
                sql: Self.insert,
                arguments: [call.key, call.digest, now.millisecondsSinceEpoch]
            )
            if db.changesCount == 1 { return .begun }
            guard let row = try Row.fetchOne(db, sql: Self.select, arguments: [call.key]) else {
                throw StoreError(.corrupted, during: "begin call")
            }
            let begunAt = Moment(millisecondsSinceEpoch: row["begun_at"])
            let digest: String = row["digest"]
            let status: Int? = row["status"]
            let runs: String? = row["runs"]
            let found = try CallBeginning(
                isSame: digest == call.digest,
                answer: status.map {
                    KeptAnswer(status: $0, location: row["location"], body: row["body"] ?? "")
                },
                runs: runs,
                isDead: now - begunAt >= KeyedCall.patience
            )
            if found == .begun {
                try db.execute(sql: Self.renew, arguments: [now.millisecondsSinceEpoch, call.key])
            }
            return found
        }
    }

    package func finish(_ key: String, with answer: KeptAnswer) async throws(StoreError) {
        try await database.write("finish call") { db in
            try db.execute(sql: Self.keep, arguments: [answer.status, answer.location, answer.body, key])
        }
    }

    package func forget(_ key: String) async throws(StoreError) {
        try await database.write("forget call") { db in
            try db.execute(
                sql: "DELETE FROM keyed_calls WHERE key = ? AND status IS NULL AND runs IS NULL",
                arguments: [key]
            )
        }
    }

    package func prune(begunBefore moment: Moment, limit: Int) async throws(StoreError) -> Int {
        try await database.write("forget old calls") { db in
            try db.execute(sql: Self.delete, arguments: [moment.millisecondsSinceEpoch, limit])
            return db.changesCount
        }
    }

    /// The runs that a call added before; nil when it has added none.
    ///
    /// - Throws: `.notFound` when there is no such call.
    static func runs(of key: String, in db: Database) throws -> [JobRun]? {
        guard let row = try Row.fetchOne(db.cachedStatement(sql: select), arguments: [key]) else {
            throw StoreError(.notFound, during: "trigger job", detail: "call \(key)")
        }
        guard let before: String = row["runs"] else { return nil }
        return try CallBeginning.ids(before)
            .compactMap { id in
                try Row.fetchOne(db, sql: run, arguments: [id.rawValue]).map { try JobRun($0) }
            }
    }

    /// Notes which runs a call added.
    static func note(_ added: [JobRun], of key: String, in db: Database) throws {
        try db.execute(sql: note, arguments: [CallBeginning.text(added.map(\.id)), key])
    }

    private static let insert = """
        INSERT INTO keyed_calls (key, digest, begun_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
        """

    private static let select = "SELECT * FROM keyed_calls WHERE key = ?"

    private static let renew = "UPDATE keyed_calls SET begun_at = ? WHERE key = ?"

    private static let note = "UPDATE keyed_calls SET runs = ? WHERE key = ?"

    private static let keep = "UPDATE keyed_calls SET status = ?, location = ?, body = ? WHERE key = ?"

    private static let run = "SELECT \(RunColumn.list()) FROM runs WHERE id = ?"

    private static let delete = """
        DELETE FROM keyed_calls WHERE key IN (
            SELECT key FROM keyed_calls WHERE begun_at < ? ORDER BY begun_at LIMIT ?)
        """
}
