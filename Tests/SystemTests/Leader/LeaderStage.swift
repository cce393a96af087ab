import Foundation
import Groundwork
import LocalServers
import Synchronization
import TestKit
import Testing

@testable import PostgresDriver
@testable import RedisDriver
@testable import Scheduler

/// A cluster in one process, on a Redis of its own and a database of its own: nodes that share nothing else.
final class LeaderStage: Sendable {
    /// Where a node can be stopped.
    enum Failpoint {
        /// When it has decided what to write and has not written it.
        case beforeWrite
        /// When it has written fires and handed none over.
        case beforeDispatch
    }

    /// How the nodes behave.
    struct Rules: Sendable {
        var fence = LeaderNode.Fence.token
        var failpoint = Failpoint.beforeWrite
        var lease = FencedLeaseSettings()
        /// Where Redis is, if the stage's own is not to be used.
        var redis: String?
        /// After how many rounds a leader steps down by itself.
        var rounds = Int.max
    }

    static let leaderSettings = {
        var settings = LeaderSettings()
        settings.lease = .milliseconds(1_500)
        settings.margin = .milliseconds(300)
        settings.electionPause = .milliseconds(100)
        return settings
    }()

    static let lease = leaderSettings.lease

    let postgres: PostgresServer
    let redis: RedisServer
    let database: String
    let rules: Rules
    let executor = FireExecutor()
    /// On a way that no fault of a node touches.
    let fires: FireTable
    let shell: RedisClient
    private let crew = Mutex<[(node: LeaderNode, work: Task<Void, Never>)]>([])

    /// Runs `body` on a stage with `count` nodes at work, then stops them all.
    ///
    /// - Returns: what the books say afterwards.
    @discardableResult
    static func perform(
        _ rules: Rules = Rules(),
        nodes count: Int = 3,
        _ body: (LeaderStage) async throws -> Void
    ) async throws -> FireTable.Audit {
        let folder = try ServerFolder()
        let redis = try await RedisServer(in: folder)
        let stage = try await LeaderStage(rules, redis)
        for number in 1...count { stage.start(try await LeaderNode("n\(number)", on: stage)) }
        let outcome: Result<Void, any Error>
        do {
            try await body(stage)
            outcome = .success(())
        } catch { outcome = .failure(error) }
        try await stage.stopAll()
        await redis.stop()
        withExtendedLifetime(folder) {}
        try outcome.get()
        return try await stage.fires.audit()
    }

    private init(_ rules: Rules, _ redis: RedisServer) async throws {
        let (_, postgres) = try await Self.server.value
        self.rules = rules
        self.redis = redis
        self.postgres = postgres
        database = "t\(UInt32.random(in: 0...UInt32.max))"
        _ = try await postgres.makeDatabase(database)
        let pool = PostgresPool(try Self.settings(port: postgres.port, database))
        _ = try await PostgresSchedulerDatabase(pool)
        fires = FireTable(pool: pool)
        try await fires.make()
        shell = RedisClient(try Self.settings(rules.redis ?? redis.address), logger: LeaderNode.silent)
    }

    static func settings(port: Int, _ database: String) throws -> PostgresSettings {
        var settings = try PostgresSettings(address: "postgresql://kpush@127.0.0.1:\(port)/\(database)")
        settings.connections = 4
        settings.patience = .seconds(2)
        settings.statementLimit = .seconds(2)
        return settings
    }

    static func settings(_ address: String) throws -> RedisSettings {
        var settings = try RedisSettings(address: address)
        // A lease is short here, and so is what may be waited for.
        settings.patience = .milliseconds(250)
        return settings
    }

    /// The database server of all stages; each has a database of its own.
    private static let server = Task {
        let folder = try ServerFolder()
        return (folder, try await PostgresServer(in: folder, isPowerSafe: false))
    }

    // MARK: Nodes

    func start(_ node: LeaderNode) {
        // It ends when the node is stopped, which waits for it.
        let work = Task { await node.run() }
        crew.withLock { $0.append((node, work)) }
    }

    /// Tells a node to stop and waits until it has.
    func stop(_ node: LeaderNode) async {
        let work = crew.withLock { crew in
            crew.firstIndex { $0.node === node }.map { crew.remove(at: $0).work }
        }
        work?.cancel()
        await work?.value
    }

    private func stopAll() async throws {
        let nodes = crew.withLock { $0.map(\.node) }
        for node in nodes { try await node.heal() }
        for node in nodes {
            await stop(node)
            await node.disconnect()
        }
    }

    // MARK: Who leads

    /// Waits until somebody leads who is not frozen and whose fires are written, and who leads by a newer term than that of `former`.
    func leader(
        after former: FencingToken? = nil,
        besides other: LeaderNode? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> (node: LeaderNode, token: FencingToken) {
        var found: (LeaderNode, FencingToken)?
        try await eventually("somebody leads", within: .seconds(30), sourceLocation: sourceLocation) {
            for node in crew.withLock({ $0.map(\.node) }) where node !== other && !node.freezer.isFrozen {
                guard let token = node.token, former.map({ token > $0 }) ?? true else { continue }
                // A database that is away tells of nothing.
                if (try? await fires.count(under: token)) ?? 0 > 0 { found = (node, token) }
            }
            return found != nil
        }
        return try #require(found, sourceLocation: sourceLocation)
    }

    /// Waits until the leader has stopped at the failpoint.
    func freezeLeader() async throws -> (node: LeaderNode, token: FencingToken) {
        let leader = try await leader()
        leader.node.freezer.freezeAtFailpoint()
        try await eventually("it stops", within: .seconds(30)) { leader.node.freezer.isFrozen }
        return leader
    }

    /// Waits until that many more fires are written.
    func run(_ more: Int = 60) async throws {
        let start = try await fires.count()
        try await eventually("fires are written", within: .seconds(30)) {
            try await fires.count() >= start + more
        }
    }

    /// Tells who holds the lock.
    func holder() async throws -> String? {
        try await shell.send(["GET", .text(lockKey)]).text
    }

    var lockKey: String { "kpush:\(database):lease:scheduler" }
}
