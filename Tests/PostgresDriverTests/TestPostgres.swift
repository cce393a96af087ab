import LocalServers

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
