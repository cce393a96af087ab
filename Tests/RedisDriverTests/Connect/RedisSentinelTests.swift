import LocalServers
import RedisDriver
import Testing

@Suite struct RedisSentinelTests {
    @Test func `the client follows the master that the sentinels name`() async throws {
        let folder = try ServerFolder()
        let first = try await RedisServer(in: folder, name: "first")
        let second = try await RedisServer(
            in: folder,
            name: "second",
            settings: ["replicaof": "127.0.0.1 \(first.port)"]
        )
        let sentinel = try await RedisSentinel(in: folder, watching: first.port)
        // The first of the two sentinels is not there.
        let address = "redis-sentinel://127.0.0.1:\(try FreePort.find()),127.0.0.1:\(sentinel.port)/main"
        let client = RedisClient(try RedisSettings(address: address), logger: TestRedis.logger)
        let direct = RedisClient(try RedisSettings(address: second.address), logger: TestRedis.logger)
        try await waited(for: "the replica does not follow") {
            _ = try await client.send(["SET", "k", "v"])
            return try await direct.send(["GET", "k"]).text == "v"
        }
        // A sentinel learns of replicas from the master, every ten seconds.
        let question = RedisClient(
            try RedisSettings(address: "redis://127.0.0.1:\(sentinel.port)"),
            logger: TestRedis.logger
        )
        try await waited(for: "the sentinel finds no replica") {
            try await question.send(["SENTINEL", "replicas", "main"]).array?.isEmpty == false
        }
        await first.kill()
        try await waited(for: "the client finds no new master", atMost: .seconds(20)) {
            (try? await client.send(["SET", "k", "w"])) != nil
        }
        #expect(try await direct.send(["GET", "k"]).text == "w")
        // The old one comes back, still believing that it is the master: nobody goes to it.
        try await first.start()
        #expect(try await client.send(["CONFIG", "GET", "port"]).array?.last?.integer == Int64(second.port))
        // An orderly change back: the old master lives on as a replica.
        try await waited(for: "the sentinel changes nothing", atMost: .seconds(40)) {
            (try? await question.send(["SENTINEL", "FAILOVER", "main"])) != nil
        }
        try await waited(for: "the client does not go back", atMost: .seconds(20)) {
            let written = try? await client.send([["SET", "k", "x"], ["CONFIG", "GET", "port"]])
            return written?[0].text == "OK" && written?[1].array?.last?.integer == Int64(first.port)
        }
        await sentinel.stop()
        await second.stop()
        await first.stop()
    }
}
