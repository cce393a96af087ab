import LocalServers
import Testing

@Suite struct RedisSentinelsTests {
    @Test func `the replica takes over, and has lost what it did not hear of`() async throws {
        let folder = try ServerFolder()
        let sentinels = try await RedisSentinels(in: folder)
        let (master, replica) = try await sentinels.roles()
        try await master.run(["SET", "heard", "1"])
        #expect(try await master.run(["WAIT", "1", "5000"]) == ["1"])
        try await sentinels.lag()
        try await master.run(["SET", "unheard", "1"])
        let lost = try await sentinels.killMaster()
        await sentinels.catchUp()
        try await waited(for: "nobody takes over") {
            let roles = try await sentinels.roles()
            guard roles.master.port == replica.port else { return false }
            return await role(of: replica)?.first == "master"
        }
        #expect(try await replica.run(["EXISTS", "heard"]) == ["1"])
        #expect(try await replica.run(["EXISTS", "unheard"]) == ["0"])
        // Who comes back follows the one that took over, and forgets what only it knew.
        try await lost.start()
        try await waited(for: "the old master does not follow") {
            await role(of: lost)?.prefix(4).last == "connected"
        }
        #expect(try await lost.run(["EXISTS", "unheard"]) == ["0"])
        await sentinels.stop()
    }

    /// What a server says that it is; nil while it says nothing: sentinels that turn it cut off whoever asks.
    private func role(of server: RedisServer) async -> [String]? { try? await server.run(["ROLE"]) }
}
