import LocalServers
import Logging
import RedisDriver

/// A server of the whole test run: tests keep to names of their own.
enum TestRedis {
    static let shared = Task { try await TestRedis.start() }

    private static func start() async throws -> (ServerFolder, RedisServer) {
        let folder = try ServerFolder()
        return (folder, try await RedisServer(in: folder))
    }

    static func client() async throws -> RedisClient {
        RedisClient(try await settings(), logger: logger)
    }

    static func settings() async throws -> RedisSettings {
        let (_, server) = try await shared.value
        return try RedisSettings(address: server.address)
    }

    /// A name that nobody else has.
    static func name() -> String { "t\(UInt32.random(in: 0...UInt32.max))" }

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
