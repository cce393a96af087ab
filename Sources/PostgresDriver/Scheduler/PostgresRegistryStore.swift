package import Groundwork
import PushEngine
package import Scheduler

/// Registered executors in the scheduler's tables.
package struct PostgresRegistryStore: RegistryStore {
    private let database: PostgresSchedulerDatabase
    private var pool: PostgresPool { database.pool }

    package init(_ database: PostgresSchedulerDatabase) {
        self.database = database
    }

    package func beat(_ beat: ExecutorBeat, at now: Moment) async throws(StoreError) -> ExecutorInstance {
        let silent = now - ExecutorInstance.silenceLimit
        return try await pool.write("note beat") { link in
            let rows = try link.run(
                Self.upsert,
                .text(beat.group),
                .text(beat.address.url),
                .text(beat.spelling),
                .text(beat.instance),
                .text(beat.dialect.rawValue),
                .int(now.millisecondsSinceEpoch),
                .int(silent.millisecondsSinceEpoch),
                .int(beat.capacity.map(Int64.init))
            )
            guard let row = rows.first else { throw StoreError(.corrupted, during: "note beat") }
            return try ExecutorInstance(row)
        }
    }

    package func signOff(
        group: String,
        address: ExecutorAddress,
        at now: Moment
    ) async throws(StoreError) {
        try await pool.write("note sign-off") { link in
            _ = try link.run(
                Self.leave,
                .int(now.millisecondsSinceEpoch),
                .text(group),
                .text(address.url)
            )
        }
    }

    package func learn(
        _ dialect: ExecutorDialect,
        at address: ExecutorAddress
    ) async throws(StoreError) {
        try await pool.write("note dialect") { link in
            _ = try link.run(Self.setDialect, .text(dialect.rawValue), .text(address.url))
        }
    }

    package func instances() async throws(StoreError) -> [ExecutorInstance] {
        try await pool.single("list executors") { [sealer = database.sealer] link in
            try Self.executors(try link.runAll(Self.book), sealer)
        }
    }

    package func heard() async throws(StoreError) -> (instances: [ExecutorInstance], listening: Listening?) {
        try await pool.single("read what was heard") { [sealer = database.sealer] link in
            let brought = try link.runAll(Self.book + [PostgresStatement(Self.listening).kept])
            let listening = brought[2].first.map { Listening(since: $0.moment(0), until: $0.moment(1)) }
            return (try Self.executors(brought, sealer), listening)
        }
    }

    /// What brings the executors and the groups.
    private static let book = [PostgresStatement(all).kept, PostgresGroupStore.all.kept]

    /// What brings those of a job's group.
    static func book(ofJob job: JobID) -> [PostgresStatement] {
        [
            PostgresStatement(allOfJob, .int(job.rawValue)).kept,
            PostgresStatement(PostgresGroupStore.ofJob, .int(job.rawValue)).kept,
        ]
    }

    /// Reads what `book` brought.
    static func executors(
        _ brought: [PostgresRows],
        _ sealer: (any SecretSealer)?
    ) throws -> [ExecutorInstance] {
        let groups = brought[1].map { ExecutorGroup($0, sealer) }
        return try brought[0].map(ExecutorInstance.init).placed(by: groups)
    }

    package func listen(at now: Moment) async throws(StoreError) {
        try await pool.write("note listening") { link in
            _ = try link.run(
                Self.setListening,
                .int(now.millisecondsSinceEpoch),
                .int(Listening.longestBreak.wholeMilliseconds)
            )
        }
    }

    package func forget(silentSince moment: Moment) async throws(StoreError) -> Int {
        try await pool.write("forget executors") { link in
            try link.run(Self.delete, .int(moment.millisecondsSinceEpoch)).changed
        }
    }
}

extension PostgresRegistryStore {
    private static let columns =
        "app, address, spelling, instance, dialect, since, last_seen_at, has_left, capacity"

    private static let upsert = """
        INSERT INTO executors AS e (\(columns))
        VALUES ($1, $2, $3, $4, $5, $6, $6, false, $8)
        ON CONFLICT (app, address) DO UPDATE SET
            since = CASE
                WHEN e.instance IS DISTINCT FROM excluded.instance OR e.has_left OR e.last_seen_at <= $7
                THEN excluded.since
                ELSE e.since END,
            spelling = excluded.spelling,
            instance = excluded.instance,
            dialect = CASE WHEN excluded.dialect = 'run' THEN e.dialect ELSE excluded.dialect END,
            last_seen_at = greatest(e.last_seen_at, excluded.last_seen_at),
            has_left = false,
            capacity = excluded.capacity
        RETURNING \(columns)
        """

    /// Ordered as bytes are, whatever the database's language.
    private static let all = """
        SELECT \(columns) FROM executors ORDER BY app COLLATE "C", address COLLATE "C"
        """

    static let allOfJob = """
        SELECT \(columns) FROM executors WHERE app = (SELECT app FROM jobs WHERE id = $1) ORDER BY address COLLATE "C"
        """

    private static let listening = "SELECT since, until FROM listening"

    private static let leave = """
        UPDATE executors SET has_left = true, last_seen_at = greatest(last_seen_at, $1)
        WHERE app = $2 AND address = $3
        """

    private static let setDialect = "UPDATE executors SET dialect = $1 WHERE address = $2"

    private static let setListening = """
        INSERT INTO listening AS l (id, since, until) VALUES (1, $1, $1)
        ON CONFLICT (id) DO UPDATE SET
            since = CASE WHEN abs(excluded.until - l.until) > $2 THEN excluded.since ELSE l.since END,
            until = CASE WHEN abs(excluded.until - l.until) > $2 THEN excluded.until
                ELSE greatest(l.until, excluded.until) END
        """

    private static let delete = "DELETE FROM executors WHERE last_seen_at < $1"
}

extension ExecutorInstance {
    /// Reads a row of `executors`.
    fileprivate init(_ row: PostgresRow) throws {
        self.init(
            group: row.text(0),
            address: ExecutorAddress(stored: row.text(1)),
            spelling: row.optionalText(2),
            instance: row.optionalText(3),
            dialect: try row.word(4, of: "executor"),
            since: row.moment(5),
            lastSeenAt: row.moment(6),
            hasLeft: row.bool(7),
            capacity: row.optionalInt64(8).map(Int.init)
        )
    }
}
