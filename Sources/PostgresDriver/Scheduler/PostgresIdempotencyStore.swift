package import Groundwork
package import Scheduler

/// Calls with keys in the scheduler's tables.
package struct PostgresIdempotencyStore: IdempotencyStore {
    private let pool: PostgresPool

    package init(_ database: PostgresSchedulerDatabase) {
        pool = database.pool
    }

    package func begin(_ call: KeyedCall, at now: Moment) async throws(StoreError) -> CallBeginning {
        try await pool.write("begin call") { link in
            let inserted = try link.run(
                Self.insert,
                .text(call.key),
                .text(call.digest),
                .int(now.millisecondsSinceEpoch)
            )
            if inserted.changed == 1 { return .begun }
            // Pruned in between: as good as under way, and gone when it is asked for again.
            guard let row = try link.run(Self.select, .text(call.key)).first else { return .underWay }
            let answer = row.optionalInt64(3)
                .map {
                    KeptAnswer(status: Int($0), location: row.optionalText(4), body: row.text(5))
                }
            let found = try CallBeginning(
                isSame: row.text(0) == call.digest,
                answer: answer,
                runs: row.optionalText(2),
                isDead: now - row.moment(1) >= KeyedCall.patience
            )
            if found == .begun {
                _ = try link.run(Self.renew, .int(now.millisecondsSinceEpoch), .text(call.key))
            }
            return found
        }
    }

    package func finish(_ key: String, with answer: KeptAnswer) async throws(StoreError) {
        try await pool.write("finish call") { link in
            _ = try link.run(
                Self.keep,
                .int(answer.status),
                .text(answer.location),
                .text(answer.body),
                .text(key)
            )
        }
    }

    package func forget(_ key: String) async throws(StoreError) {
        try await pool.write("forget call") { link in _ = try link.run(Self.remove, .text(key)) }
    }

    package func prune(begunBefore moment: Moment, limit: Int) async throws(StoreError) -> Int {
        try await pool.write("forget old calls") { link in
            try link.run(Self.delete, .int(moment.millisecondsSinceEpoch), .int(limit)).changed
        }
    }

    /// Locks a call.
    static func held(_ key: String) -> PostgresStatement { PostgresStatement(select, .text(key)).kept }

    /// What brings the runs that a call added before; nil when it has added none.
    ///
    /// - Parameters:
    ///   - key: the call's.
    ///   - held: what locking it brought.
    /// - Returns: the statement.
    /// - Throws: `.notFound` when there is no such call.
    static func repeated(_ key: String, _ held: PostgresRows) throws -> PostgresStatement? {
        guard let row = held.first else {
            throw StoreError(.notFound, during: "trigger job", detail: "call \(key)")
        }
        guard let before = row.optionalText(2) else { return nil }
        return PostgresStatement(runs, .ints(try CallBeginning.ids(before).map(\.rawValue))).kept
    }

    /// Notes that a call added the runs of a job's trigger.
    static func note(_ key: String, _ job: PostgresValue, _ instant: PostgresValue) -> PostgresStatement {
        PostgresStatement(note, .text(key), job, instant).kept
    }

    private static let insert = """
        INSERT INTO keyed_calls (key, digest, begun_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
        """

    /// Whoever comes second waits until the first has said what it did.
    static let select = """
        SELECT digest, begun_at, runs, status, location, body FROM keyed_calls WHERE key = $1 FOR UPDATE
        """

    private static let renew = "UPDATE keyed_calls SET begun_at = $1 WHERE key = $2"

    /// In the form that `CallBeginning` reads.
    static let note = """
        UPDATE keyed_calls SET runs = (
            SELECT string_agg(id::text, ' ' ORDER BY id) FROM runs WHERE job = $2 AND planned_at = $3)
        WHERE key = $1
        """

    private static let keep = "UPDATE keyed_calls SET status = $1, location = $2, body = $3 WHERE key = $4"

    private static let runs = "SELECT \(RunColumn.list()) FROM runs WHERE id = ANY ($1) ORDER BY id"

    private static let remove = "DELETE FROM keyed_calls WHERE key = $1 AND status IS NULL AND runs IS NULL"

    private static let delete = """
        DELETE FROM keyed_calls WHERE key IN (
            SELECT key FROM keyed_calls WHERE begun_at < $1 ORDER BY begun_at LIMIT $2)
        """
}
