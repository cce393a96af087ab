import Foundation
import GRDB
package import Groundwork
import PushEngine
package import Scheduler

/// Records of executor groups in the scheduler's file; their tokens are sealed.
package struct SQLiteGroupStore: GroupStore {
    private let database: SchedulerDatabase

    package init(_ database: SchedulerDatabase) {
        self.database = database
    }

    package func groups() async throws(StoreError) -> [ExecutorGroup] {
        try await database.read("list groups") { [database] db in try db.groups(database.sealer) }
    }

    package func add(_ group: NewGroup, at now: Moment) async throws(StoreError) -> ExecutorGroup {
        let operation = "add group"
        let token = try database.seal(group.token, during: operation)
        return try await database.write(operation) { [database] db in
            do {
                try db.execute(
                    sql: Self.insert,
                    arguments: [
                        group.name, group.title, group.registration.stored, token, now.millisecondsSinceEpoch,
                    ]
                )
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                throw StoreError(
                    .conflict,
                    during: operation,
                    detail: "there is a record of group \(group.name)"
                )
            }
            let id = GroupID(rawValue: db.lastInsertedRowID)
            if token != nil { try db.signOffExecutors(of: group.name, at: now) }
            return try db.group(id, database.sealer, during: operation)
        }
    }

    package func replace(_ group: ExecutorGroup) async throws(StoreError) -> ExecutorGroup {
        let operation = "replace group"
        return try await database.write(operation) { [database] db in
            try db.execute(
                sql: Self.update,
                arguments: [group.title, group.registration.stored, group.id.rawValue, group.version]
            )
            let isWritten = db.changesCount == 1
            let present = try db.group(group.id, database.sealer, during: operation)
            guard isWritten else {
                let detail = "executor group \(group.id) was changed meanwhile"
                throw StoreError(.conflict, during: operation, detail: detail)
            }
            return present
        }
    }

    package func setToken(
        _ token: Secret?,
        of id: GroupID,
        at now: Moment
    ) async throws(StoreError) -> ExecutorGroup {
        let operation = "set group token"
        let sealed = try database.seal(token, during: operation)
        return try await database.write(operation) { [database] db in
            try db.execute(sql: Self.updateToken, arguments: [sealed, id.rawValue])
            let group = try db.group(id, database.sealer, during: operation)
            try db.signOffExecutors(of: group.name, at: now)
            return group
        }
    }

    package func remove(_ id: GroupID, at now: Moment) async throws(StoreError) {
        let operation = "remove group"
        try await database.write(operation) { [database] db in
            let group = try db.group(id, database.sealer, during: operation)
            let job = try String.fetchOne(
                db,
                sql: "SELECT name FROM jobs WHERE app = ? LIMIT 1",
                arguments: [group.name]
            )
            if let job {
                throw StoreError(
                    .conflict,
                    during: operation,
                    detail: "job \(group.name)/\(job) names the group"
                )
            }
            try db.execute(sql: "DELETE FROM executor_groups WHERE id = ?", arguments: [id.rawValue])
            if group.token != .shared { try db.signOffExecutors(of: group.name, at: now) }
        }
    }

    private static let insert = """
        INSERT INTO executor_groups (app, title, addresses, token, created_at, version) VALUES (?, ?, ?, ?, ?, 1)
        """

    private static let update = """
        UPDATE executor_groups SET title = ?, addresses = ?, version = version + 1 WHERE id = ? AND version = ?
        """

    private static let updateToken =
        "UPDATE executor_groups SET token = ?, version = version + 1 WHERE id = ?"
}

extension Database {
    /// All records of groups, by name.
    func groups(_ sealer: (any SecretSealer)?) throws -> [ExecutorGroup] {
        try Row.fetchAll(cachedStatement(sql: "SELECT * FROM executor_groups ORDER BY app"))
            .map { try ExecutorGroup($0, sealer) }
    }

    /// The record of a group, if there is one.
    func groups(of name: String, _ sealer: (any SecretSealer)?) throws -> [ExecutorGroup] {
        let ofName = try cachedStatement(sql: "SELECT * FROM executor_groups WHERE app = ?")
        return try Row.fetchAll(ofName, arguments: [name]).map { try ExecutorGroup($0, sealer) }
    }

    /// The record of that number.
    fileprivate func group(
        _ id: GroupID,
        _ sealer: (any SecretSealer)?,
        during operation: String
    ) throws -> ExecutorGroup {
        let sql = "SELECT * FROM executor_groups WHERE id = ?"
        guard let row = try Row.fetchOne(self, sql: sql, arguments: [id.rawValue]) else {
            throw StoreError(.notFound, during: operation, detail: "executor group \(id)")
        }
        return try ExecutorGroup(row, sealer)
    }

    /// Notes that the executors that registered under a name have to register anew.
    fileprivate func signOffExecutors(of group: String, at now: Moment) throws {
        try execute(
            sql: "UPDATE executors SET has_left = 1, last_seen_at = max(last_seen_at, ?) WHERE app = ?",
            arguments: [now.millisecondsSinceEpoch, group]
        )
    }
}

extension SchedulerDatabase {
    /// A token as it is stored.
    fileprivate func seal(_ token: Secret?, during operation: String) throws(StoreError) -> Data? {
        guard let token else { return nil }
        do {
            if let sealed = try sealer?.seal(token) { return Data(sealed) }
        } catch {
            throw StoreError(.corrupted, during: operation, detail: "\(error)")
        }
        throw StoreError(.corrupted, during: operation, detail: "there is no key to seal the token with")
    }
}

extension ExecutorGroup {
    fileprivate init(_ row: Row, _ sealer: (any SecretSealer)?) throws {
        let token: Data? = row["token"]
        self.init(
            id: GroupID(rawValue: row["id"]),
            name: row["app"],
            title: row["title"],
            registration: GroupRegistration(stored: row["addresses"]),
            token: GroupToken(sealed: token.map { Array($0) }) { try sealer?.open($0) },
            createdAt: Moment(millisecondsSinceEpoch: row["created_at"]),
            version: row["version"]
        )
    }
}
