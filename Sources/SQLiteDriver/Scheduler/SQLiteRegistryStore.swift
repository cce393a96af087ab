import GRDB
package import Groundwork
import PushEngine
package import Scheduler

/// Registered executors in the scheduler's file.
package struct SQLiteRegistryStore: RegistryStore {
    private let database: SchedulerDatabase

    package init(_ database: SchedulerDatabase) {
        self.database = database
    }

    package func beat(_ beat: ExecutorBeat, at now: Moment) async throws(StoreError) -> ExecutorInstance {
        try await database.write("note beat") { db in
            try db.execute(
                sql: Self.upsert,
                arguments: [
                    "app": beat.group, "address": beat.address.url, "spelling": beat.spelling,
                    "instance": beat.instance,
                    "dialect": beat.dialect.rawValue, "now": now.millisecondsSinceEpoch,
                    "silent": (now - ExecutorInstance.silenceLimit).millisecondsSinceEpoch,
                    "capacity": beat.capacity,
                ]
            )
            let row = try Row.fetchOne(db, sql: Self.one, arguments: [beat.group, beat.address.url])
            guard let row else { throw StoreError(.corrupted, during: "note beat") }
            return try ExecutorInstance(row)
        }
    }

    package func signOff(
        group: String,
        address: ExecutorAddress,
        at now: Moment
    ) async throws(StoreError) {
        try await database.write("note sign-off") { db in
            try db.execute(sql: Self.leave, arguments: [now.millisecondsSinceEpoch, group, address.url])
        }
    }

    package func learn(
        _ dialect: ExecutorDialect,
        at address: ExecutorAddress
    ) async throws(StoreError) {
        try await database.write("note dialect") { db in
            try db.execute(sql: Self.setDialect, arguments: [dialect.rawValue, address.url])
        }
    }

    package func instances() async throws(StoreError) -> [ExecutorInstance] {
        try await database.read("list executors") { [sealer = database.sealer] db in
            try db.executors(sealer)
        }
    }

    package func heard() async throws(StoreError) -> (instances: [ExecutorInstance], listening: Listening?) {
        try await database.read("read what was heard") { [sealer = database.sealer] db in
            let listening = try Row.fetchOne(db.cachedStatement(sql: Self.listening))
                .map {
                    Listening(
                        since: Moment(millisecondsSinceEpoch: $0["since"]),
                        until: Moment(millisecondsSinceEpoch: $0["until"])
                    )
                }
            return (try db.executors(sealer), listening)
        }
    }

    package func listen(at now: Moment) async throws(StoreError) {
        try await database.write("note listening") { db in
            try db.execute(
                sql: Self.setListening,
                arguments: [
                    "now": now.millisecondsSinceEpoch,
                    "break": Listening.longestBreak.wholeMilliseconds,
                ]
            )
        }
    }

    package func forget(silentSince moment: Moment) async throws(StoreError) -> Int {
        try await database.write("forget executors") { db in
            try db.execute(sql: Self.delete, arguments: [moment.millisecondsSinceEpoch])
            return db.changesCount
        }
    }
}

extension SQLiteRegistryStore {
    private static let upsert = """
        INSERT INTO executors
            (app, address, spelling, instance, dialect, since, last_seen_at, has_left, capacity)
        VALUES (:app, :address, :spelling, :instance, :dialect, :now, :now, 0, :capacity)
        ON CONFLICT (app, address) DO UPDATE SET
            since = CASE
                WHEN instance IS NOT excluded.instance OR has_left OR last_seen_at <= :silent
                THEN excluded.since
                ELSE since END,
            spelling = excluded.spelling,
            instance = excluded.instance,
            dialect = CASE WHEN excluded.dialect = 'run' THEN dialect ELSE excluded.dialect END,
            last_seen_at = max(last_seen_at, excluded.last_seen_at),
            has_left = 0,
            capacity = excluded.capacity
        """

    private static let one = "SELECT * FROM executors WHERE app = ? AND address = ?"

    fileprivate static let all = "SELECT * FROM executors ORDER BY app, address"
    fileprivate static let allOfGroup = "SELECT * FROM executors WHERE app = ? ORDER BY address"

    private static let listening = "SELECT since, until FROM listening"

    private static let leave = """
        UPDATE executors SET has_left = 1, last_seen_at = max(last_seen_at, ?) WHERE app = ? AND address = ?
        """

    private static let setDialect = "UPDATE executors SET dialect = ? WHERE address = ?"

    private static let setListening = """
        INSERT INTO listening (id, since, until) VALUES (1, :now, :now)
        ON CONFLICT (id) DO UPDATE SET
            since = CASE WHEN abs(excluded.until - until) > :break THEN excluded.since ELSE since END,
            until = CASE WHEN abs(excluded.until - until) > :break THEN excluded.until
                ELSE max(until, excluded.until) END
        """

    private static let delete = "DELETE FROM executors WHERE last_seen_at < ?"
}

extension Database {
    /// All executors, each with its place in its group.
    fileprivate func executors(_ sealer: (any SecretSealer)?) throws -> [ExecutorInstance] {
        let groups = try groups(sealer)
        return try Row.fetchAll(cachedStatement(sql: SQLiteRegistryStore.all)).map(ExecutorInstance.init)
            .placed(by: groups)
    }

    /// Those of a group.
    func executors(of group: String, _ sealer: (any SecretSealer)?) throws -> [ExecutorInstance] {
        try Row.fetchAll(cachedStatement(sql: SQLiteRegistryStore.allOfGroup), arguments: [group])
            .map(ExecutorInstance.init)
            .placed(by: groups(of: group, sealer))
    }
}

extension ExecutorInstance {
    /// Reads a row of `executors`.
    fileprivate init(_ row: Row) throws {
        let word: String = row["dialect"]
        guard let dialect = ExecutorDialect(rawValue: word) else {
            throw StoreError(.corrupted, during: "read executor", detail: word)
        }
        self.init(
            group: row["app"],
            address: ExecutorAddress(stored: row["address"]),
            spelling: row["spelling"],
            instance: row["instance"],
            dialect: dialect,
            since: Moment(millisecondsSinceEpoch: row["since"]),
            lastSeenAt: Moment(millisecondsSinceEpoch: row["last_seen_at"]),
            hasLeft: row["has_left"],
            capacity: row["capacity"]
        )
    }
}
