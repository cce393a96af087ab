import LocalServers
import RedisDriver
import Testing

@Suite struct RedisSentinelTests {
    @Test func `the client follows the master that the sentinels name`() async throws {
        let folder = try ServerFolder()
        let sentinels = try await RedisSentinels(in: folder)
        let client = RedisClient(try RedisSettings(address: sentinels.address), logger: TestRedis.logger)
        let (first, second) = try await sentinels.roles()
        _ = try await client.send(["SET", "k", "v"])
        // The first sentinel that it knows is not there any more.
        await sentinels.stopOneSentinel()
        try await sentinels.killMaster()
        try await waited(for: "the client finds no new master") {
            (try? await client.send(["SET", "k", "w"])) != nil
        }
        #expect(try await second.run(["GET", "k"]) == ["w"])
        // The old one comes back, still believing that it is the master: nobody goes to it.
        try await first.start()
        #expect(try await client.send(["CONFIG", "GET", "port"]).array?.last?.integer == Int64(second.port))
        await sentinels.stop()
    }

    @Test func `a connection that stands still is given up, and the next finds the master`() async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder)
        let relay = try await TCPRelay(to: server.port)
        var settings = try RedisSettings(address: "redis://127.0.0.1:\(relay.port)")
        settings.patience = .milliseconds(500)
        settings.reach = .milliseconds(500)
        let client = RedisClient(settings, logger: TestRedis.logger)
        #expect(try await client.send(["INCR", "n"]).integer == 1)
        relay.dropReplies()
        let unanswered = await failure { try await client.send(["INCR", "n"]) }
        #expect(unanswered?.kind == .unanswered)
        // It happened, and nobody heard of it.
        #expect(try await server.run(["GET", "n"]) == ["2"])
        try await relay.heal()
        try await waited(for: "Redis is not found again") {
            (try? await client.send(["GET", "n"]).integer) == 2
        }
        await relay.cut()
        let begin = ContinuousClock.now
        #expect(await failure { try await client.send(["PING"]) }?.kind == .notSent)
        #expect(ContinuousClock.now - begin < .seconds(2))
        try await relay.heal()
        try await waited(for: "Redis is not found again") { (try? await client.send(["PING"])) != nil }
        await relay.stop()
        await server.stop()
    }
}
