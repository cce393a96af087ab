import LocalServers
import Testing

@testable import PostgresDriver

/// A server of the whole test run: databases of it are made as tests need them.
enum TestPostgres {
    static let shared = Task { try await TestPostgres.start() }

    private static func start() async throws -> (ServerFolder, PostgresServer) {
        let folder = try ServerFolder()
        return (folder, try await PostgresServer(in: folder, isPowerSafe: false))
    }

    /// The address of an empty database.
    static func database() async throws -> String {
        let (_, server) = try await shared.value
        return try await server.makeDatabase("t\(UInt32.random(in: 0...UInt32.max))")
    }
}

/// How the stores' connections get to the server.
enum Way: CaseIterable {
    case direct
    /// Through PgBouncer, by transaction, over five connections.
    case pooled

    /// A PgBouncer of the whole test run.
    private static let bouncer = Task {
        let (folder, server) = try await TestPostgres.shared.value
        return try await PgBouncer(to: server, in: folder)
    }

    /// The address of an empty database.
    func database() async throws -> String {
        let direct = try await TestPostgres.database()
        guard self == .pooled else { return direct }
        let name = try #require(direct.split(separator: "/").last)
        return try await Self.bouncer.value.address(String(name))
    }
}
