import Foundation
import LocalServers
import Testing

@Suite struct LocalServersTests {
    @Test func `PostgreSQL comes up, keeps what it was told through a kill, and ends`() async throws {
        let folder = try ServerFolder()
        let server = try await PostgresServer(in: folder)
        _ = try await server.makeDatabase("one")
        try await server.run("CREATE TABLE kept (id int)", in: "one")
        await server.kill()
        #expect(!FreePort.isTaken(server.port))
        try await server.start()
        try await server.run("SELECT id FROM kept", in: "one")
        await server.stop()
        #expect(!FreePort.isTaken(server.port))
    }

    @Test func `Redis comes up and ends, by itself or killed`() async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder)
        await server.kill()
        #expect(!FreePort.isTaken(server.port))
        try await server.start()
        #expect(FreePort.isTaken(server.port))
        await server.stop()
        #expect(!FreePort.isTaken(server.port))
    }
}
