import GRDB
package import Groundwork
package import Scheduler

/// Alarms in the scheduler's file.
package struct SQLiteAlarmStore: AlarmStore {
    private let database: SchedulerDatabase

    package init(_ database: SchedulerDatabase) {
        self.database = database
    }

    package func alarms(of jobs: [JobID]) async throws(StoreError) -> [JobID: AlarmState] {
        try await database.read("read alarms") { db in
            var states: [JobID: AlarmState] = [:]
            for job in jobs {
                let text = try String.fetchOne(
                    db,
                    sql: "SELECT state FROM alarms WHERE job = ?",
                    arguments: [job.rawValue]
                )
                states[job] = try text.map { try StoredJSON.value($0.utf8, during: "read alarms") }
            }
            return states
        }
    }

    package func raise(_ steps: [AlarmStep], token: FencingToken) async throws(StoreError) {
        try await database.write("raise alarms") { db in
            try db.check(token, during: "raise alarms")
            for step in steps { try db.write(step) }
        }
    }

    package func notices(due now: Moment, limit: Int) async throws(StoreError) -> [StoredNotice] {
        try await database.read("read notices") { db in
            try Row.fetchAll(
                db,
                sql: "SELECT id, body FROM notices WHERE due_at <= ? ORDER BY due_at, id LIMIT ?",
                arguments: [now.millisecondsSinceEpoch, limit]
            )
            .map { row in
                let body: String = row[1]
                return StoredNotice(
                    id: row[0],
                    notice: try StoredJSON.value(body.utf8, during: "read notices")
                )
            }
        }
    }

    package func remove(_ notices: [Int64], token: FencingToken) async throws(StoreError) {
        try await database.write("remove notices") { db in
            try db.check(token, during: "remove notices")
            for id in notices { try db.execute(sql: "DELETE FROM notices WHERE id = ?", arguments: [id]) }
        }
    }
}

extension Database {
    /// Writes what changes of alarms.
    func write(_ step: AlarmStep) throws {
        try execute(
            sql: """
                INSERT INTO alarms (job, state) SELECT id, ? FROM jobs WHERE id = ?
                ON CONFLICT (job) DO UPDATE SET state = excluded.state
                """,
            arguments: [try StoredJSON.text(step.state, during: "write alarm"), step.job.rawValue]
        )
        if let instant = step.cancelsAfter {
            try execute(
                sql: "DELETE FROM notices WHERE job = ? AND due_at > ?",
                arguments: [step.job.rawValue, instant.millisecondsSinceEpoch]
            )
        }
        for notice in step.notices {
            try execute(
                sql: "INSERT INTO notices (job, due_at, body) VALUES (?, ?, ?)",
                arguments: [
                    step.job.rawValue, notice.due.millisecondsSinceEpoch,
                    try StoredJSON.text(notice.notice, during: "write notice"),
                ]
            )
        }
    }
}
