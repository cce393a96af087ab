package import Groundwork
package import Scheduler

/// Alarms in the scheduler's tables.
package struct PostgresAlarmStore: AlarmStore {
    private let database: PostgresSchedulerDatabase
    private var pool: PostgresPool { database.pool }

    package init(_ database: PostgresSchedulerDatabase) {
        self.database = database
    }

    package func alarms(of jobs: [JobID]) async throws(StoreError) -> [JobID: AlarmState] {
        try await pool.single("read alarms") { link in
            let sql = "SELECT job, state FROM alarms WHERE job = ANY ($1)"
            let rows = try link.run(PostgresStatement(sql, .ints(jobs.map(\.rawValue))).kept)
            let states: [(JobID, AlarmState)] = try rows.map { row in
                (JobID(rawValue: row.int64(0)), try StoredJSON.value(row.bytes(1), during: "read alarms"))
            }
            return Dictionary(uniqueKeysWithValues: states)
        }
    }

    package func raise(_ steps: [AlarmStep], token: FencingToken) async throws(StoreError) {
        let statements = [.lock(steps.map(\.job))] + (try Self.write(steps))
        try await database.write("raise alarms", under: token, statements) { _ in }
    }

    package func notices(due now: Moment, limit: Int) async throws(StoreError) -> [StoredNotice] {
        try await pool.single("read notices") { link in
            try link.run(
                "SELECT id, body FROM notices WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2",
                .int(now.millisecondsSinceEpoch),
                .int(limit)
            )
            .map { row in
                StoredNotice(
                    id: row.int64(0),
                    notice: try StoredJSON.value(row.bytes(1), during: "read notices")
                )
            }
        }
    }

    package func remove(_ notices: [Int64], token: FencingToken) async throws(StoreError) {
        let delete = PostgresStatement("DELETE FROM notices WHERE id = ANY ($1)", .ints(notices))
        try await database.write("remove notices", under: token, [delete]) { _ in }
    }

    /// The statements that write what changes of alarms.
    ///
    /// One statement writes a row once: of a job that several ends change, the last state counts, and the notices of all.
    static func write(_ steps: [AlarmStep]) throws(StoreError) -> [PostgresStatement] {
        guard !steps.isEmpty else { return [] }
        let states = Dictionary(steps.map { ($0.job, $0.state) }) { $1 }.sorted { $0.key < $1.key }
        var statements = [
            PostgresStatement(
                """
                INSERT INTO alarms (job, state)
                SELECT n.job, n.state FROM unnest($1::bigint[], $2::text[]) AS n (job, state)
                JOIN jobs ON jobs.id = n.job
                ON CONFLICT (job) DO UPDATE SET state = excluded.state
                """,
                .ints(states.map(\.key.rawValue)),
                .texts(try texts(states.map(\.value)))
            )
        ]
        for step in steps {
            if let instant = step.cancelsAfter {
                statements.append(
                    PostgresStatement(
                        "DELETE FROM notices WHERE job = $1 AND due_at > $2",
                        .int(step.job.rawValue),
                        .int(instant.millisecondsSinceEpoch)
                    )
                )
            }
            guard !step.notices.isEmpty else { continue }
            statements.append(
                PostgresStatement(
                    """
                    INSERT INTO notices (job, due_at, body)
                    SELECT $1, n.due_at, n.body FROM unnest($2::bigint[], $3::text[]) AS n (due_at, body)
                    """,
                    .int(step.job.rawValue),
                    .ints(step.notices.map(\.due.millisecondsSinceEpoch)),
                    .texts(try texts(step.notices.map(\.notice)))
                )
            )
        }
        return statements
    }

    private static func texts(_ values: [some Encodable]) throws(StoreError) -> [String] {
        var texts: [String] = []
        for value in values { texts.append(try StoredJSON.text(value, during: "write alarms")) }
        return texts
    }
}
