package import Groundwork
import PushEngine
package import Scheduler

/// Records of executor groups in the scheduler's tables; their tokens are sealed.
package struct PostgresGroupStore: GroupStore {
    private let database: PostgresSchedulerDatabase
    private var pool: PostgresPool { database.pool }

    package init(_ database: PostgresSchedulerDatabase) {
        self.database = database
    }

    package func groups() async throws(StoreError) -> [ExecutorGroup] {
        try await pool.single("list groups") { [sealer = database.sealer] link in
            try link.runAll([Self.all])[0].map { ExecutorGroup($0, sealer) }
        }
    }

    package func add(_ group: NewGroup, at now: Moment) async throws(StoreError) -> ExecutorGroup {
        let operation = "add group"
        let token = try seal(group.token, during: operation)
        return try await pool.write(operation) { [sealer = database.sealer] link in
            let rows: PostgresRows
            do {
                rows = try link.run(
                    Self.insert,
                    .text(group.name),
                    .text(group.title),
                    .text(group.registration.stored),
                    .bytes(token),
                    .int(now.millisecondsSinceEpoch)
                )
            } catch let failure as PostgresFailure where failure.state == "23505" {
                throw StoreError(
                    .conflict,
                    during: operation,
                    detail: "there is a record of group \(group.name)"
                )
            }
            if token != nil { try Self.signOff(group.name, at: now, link) }
            return try Self.group(rows, sealer, during: operation)
        }
    }

    package func replace(_ group: ExecutorGroup) async throws(StoreError) -> ExecutorGroup {
        let operation = "replace group"
        return try await pool.write(operation) { [sealer = database.sealer] link in
            let rows = try link.run(
                Self.update,
                .text(group.title),
                .text(group.registration.stored),
                .int(group.id.rawValue),
                .int(group.version)
            )
            if rows.isEmpty {
                let exists = try link.run(
                    "SELECT 1 FROM executor_groups WHERE id = $1",
                    .int(group.id.rawValue)
                )
                guard exists.isEmpty else {
                    let detail = "executor group \(group.id) was changed meanwhile"
                    throw StoreError(.conflict, during: operation, detail: detail)
                }
                throw StoreError(.notFound, during: operation, detail: "executor group \(group.id)")
            }
            return try Self.group(rows, sealer, during: operation)
        }
    }

    package func setToken(
        _ token: Secret?,
        of id: GroupID,
        at now: Moment
    ) async throws(StoreError) -> ExecutorGroup {
        let operation = "set group token"
        let sealed = try seal(token, during: operation)
        return try await pool.write(operation) { [sealer = database.sealer] link in
            let rows = try link.run(Self.updateToken, .bytes(sealed), .int(id.rawValue))
            guard !rows.isEmpty else {
                throw StoreError(.notFound, during: operation, detail: "executor group \(id)")
            }
            let group = try Self.group(rows, sealer, during: operation)
            try Self.signOff(group.name, at: now, link)
            return group
        }
    }

    package func remove(_ id: GroupID, at now: Moment) async throws(StoreError) {
        let operation = "remove group"
        try await pool.write(operation) { [sealer = database.sealer] link in
            let rows = try link.run(Self.delete, .int(id.rawValue))
            guard !rows.isEmpty else {
                throw StoreError(.notFound, during: operation, detail: "executor group \(id)")
            }
            let group = try Self.group(rows, sealer, during: operation)
            if let job = try link.run("SELECT name FROM jobs WHERE app = $1 LIMIT 1", .text(group.name)).first
            {
                let detail = "job \(group.name)/\(job.text(0)) names the group"
                throw StoreError(.conflict, during: operation, detail: detail)
            }
            if group.token != .shared { try Self.signOff(group.name, at: now, link) }
        }
    }

    /// A token as it is stored.
    private func seal(_ token: Secret?, during operation: String) throws(StoreError) -> [UInt8]? {
        guard let token else { return nil }
        do {
            if let sealed = try database.sealer?.seal(token) { return sealed }
        } catch {
            throw StoreError(.corrupted, during: operation, detail: "\(error)")
        }
        throw StoreError(.corrupted, during: operation, detail: "there is no key to seal the token with")
    }

    /// Notes that the executors that registered under a name have to register anew.
    private static func signOff(_ group: String, at now: Moment, _ link: PostgresLink) throws {
        _ = try link.run(Self.leave, .int(now.millisecondsSinceEpoch), .text(group))
    }

    private static func group(
        _ rows: PostgresRows,
        _ sealer: (any SecretSealer)?,
        during operation: String
    ) throws(StoreError) -> ExecutorGroup {
        guard let row = rows.first else { throw StoreError(.corrupted, during: operation) }
        return ExecutorGroup(row, sealer)
    }
}

extension PostgresGroupStore {
    private static let columns = "id, app, title, addresses, token, created_at, version"

    /// All records, ordered as bytes are, whatever the database's language.
    static let all = PostgresStatement("SELECT \(columns) FROM executor_groups ORDER BY app COLLATE \"C\"")

    static let ofJob =
        "SELECT \(columns) FROM executor_groups WHERE app = (SELECT app FROM jobs WHERE id = $1)"

    private static let insert = """
        INSERT INTO executor_groups (app, title, addresses, token, created_at, version)
        VALUES ($1, $2, $3, $4, $5, 1) RETURNING \(columns)
        """

    private static let update = """
        UPDATE executor_groups SET title = $1, addresses = $2, version = version + 1
        WHERE id = $3 AND version = $4 RETURNING \(columns)
        """

    private static let updateToken = """
        UPDATE executor_groups SET token = $1, version = version + 1 WHERE id = $2 RETURNING \(columns)
        """

    private static let delete = "DELETE FROM executor_groups WHERE id = $1 RETURNING \(columns)"

    private static let leave = """
        UPDATE executors SET has_left = true, last_seen_at = greatest(last_seen_at, $1) WHERE app = $2
        """
}

extension ExecutorGroup {
    /// Reads a row of `executor_groups`.
    init(_ row: PostgresRow, _ sealer: (any SecretSealer)?) {
        self.init(
            id: GroupID(rawValue: row.int64(0)),
            name: row.text(1),
            title: row.text(2),
            registration: GroupRegistration(stored: row.optionalText(3)),
            token: GroupToken(sealed: row.optionalBytes(4)) { try sealer?.open($0) },
            createdAt: row.moment(5),
            version: row.int64(6)
        )
    }
}
