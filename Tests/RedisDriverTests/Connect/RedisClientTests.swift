import Glibc
import Groundwork
import LocalServers
import Testing

@testable import RedisDriver

@Suite struct RedisClientTests {
    @Test func `answers come back as what they are`() async throws {
        let client = try await TestRedis.client()
        let key = TestRedis.name()
        let blob = [UInt8](0...255)
        #expect(try await client.send(["SET", .text(key), .bytes(blob)]).text == "OK")
        #expect(try await client.send(["GET", .text(key)]) == .bytes(blob))
        #expect(try await client.send(["GET", "nobody"]) == .none)
        #expect(try await client.send(["INCRBY", .text(key + "n"), .integer(.max)]) == .integer(.max))
        let script = RedisScript("return {1, 'two', {false, ARGV[1]}, KEYS[1]}")
        let nested: RedisValue = .array([
            .integer(1), .bytes(Array("two".utf8)), .array([.none, .bytes([])]), .bytes(Array(key.utf8)),
        ])
        #expect(try await client.eval(script, keys: [key], arguments: [.text("")]) == nested)
    }

    @Test func `a refusal is thrown, and told in its place among several`() async throws {
        let client = try await TestRedis.client()
        let key = TestRedis.name()
        await #expect {
            try await client.send(["SET", .text(key)])
        } throws: {
            ($0 as? RedisFailure)?.code == "ERR" && ($0 as? RedisFailure)?.kind == .refused
        }
        let values = try await client.send([
            ["SET", .text(key), "a"], ["INCR", .text(key)], ["GET", .text(key)],
        ])
        #expect(values.map(\.text) == ["OK", nil, "a"])
    }

    @Test func `commands of many share round trips, and everyone gets their own answer`() async throws {
        let client = try await TestRedis.client()
        let key = TestRedis.name()
        let script = RedisScript("return redis.call('INCRBY', KEYS[1], ARGV[1])")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in Int64(0)..<5_000 {
                group.addTask {
                    let echo = try await client.send(["ECHO", .integer(number)])
                    #expect(echo.integer == number)
                    _ = try await client.eval(script, keys: [key], arguments: [1])
                }
            }
            try await group.waitForAll()
        }
        #expect(try await client.send(["GET", .text(key)]).integer == 5_000)
    }

    @Test func `a server that forgot its scripts is told them again`() async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder)
        let client = RedisClient(try RedisSettings(address: server.address), logger: TestRedis.logger)
        let script = RedisScript("return 7")
        #expect(try await client.eval(script) == .integer(7))
        _ = try await client.send(["SCRIPT", "FLUSH"])
        #expect(try await client.eval(script) == .integer(7))
        await server.stop()
    }

    @Test func `calls fail at once while the server is away, and go on when it is back`() async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder)
        let client = RedisClient(try RedisSettings(address: server.address), logger: TestRedis.logger)
        _ = try await client.send(["PING"])
        await server.kill()
        let begin = ContinuousClock.now
        for _ in 0..<100 {
            let failure = await failure { try await client.send(["PING"]) }
            // Nothing was on its way when the connection ended.
            #expect(failure?.kind == .notSent)
        }
        #expect(ContinuousClock.now - begin < .seconds(3))
        try await server.start()
        // The longest wait before the next attempt is a second.
        try await waited(for: "Redis is not found again") { (try? await client.send(["PING"])) != nil }
        await server.stop()
    }

    @Test func `a command that gets no answer in time may have happened`() async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder)
        var settings = try RedisSettings(address: server.address)
        settings.patience = .milliseconds(300)
        settings.reach = .milliseconds(300)
        let client = RedisClient(settings, logger: TestRedis.logger)
        _ = try await client.send(["PING"])
        await server.signal(SIGSTOP)
        let begin = ContinuousClock.now
        let unanswered = await failure { try await client.send(["INCR", "n"]) }
        #expect(unanswered?.kind == .unanswered)
        let next = await failure { try await client.send(["INCR", "n"]) }
        #expect(next?.kind == .notSent)
        #expect(ContinuousClock.now - begin < .seconds(3))
        await server.signal(SIGCONT)
        try await waited(for: "Redis is not found again") { (try? await client.send(["PING"])) != nil }
        // What was sent before the silence happened, and its answer is nobody else's.
        #expect(try await client.send(["GET", "n"]).integer == 1)
        await server.stop()
    }

    @Test func `who finds the line full is refused, and who comes to a closed client too`() async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder)
        var settings = try RedisSettings(address: server.address)
        settings.patience = .seconds(1)
        settings.capacity = 3
        let client = RedisClient(settings, logger: TestRedis.logger)
        _ = try await client.send(["PING"])
        await server.signal(SIGSTOP)
        let kinds = await withTaskGroup(of: RedisFailure.Kind?.self) { group in
            for _ in 0..<20 {
                group.addTask { await failure { try await client.send(["PING"]) }?.kind }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(kinds.filter { $0 == .overloaded }.count >= 10 && !kinds.contains(nil))
        client.close()
        #expect(await failure { try await client.send(["PING"]) }?.kind == .notSent)
        await server.stop()
    }

    @Test func `a login is used, and its lack told with what to do`() async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder, settings: ["requirepass": "s3cret"])
        let address = "redis://:s3cret@127.0.0.1:\(server.port)/2"
        let client = RedisClient(try RedisSettings(address: address), logger: TestRedis.logger)
        #expect(try await client.send(["PING"]).text == "PONG")
        let stranger = RedisClient(try RedisSettings(address: server.address), logger: TestRedis.logger)
        let refusal = try #require(await failure { try await stranger.send(["PING"]) })
        let error = StoreError(redis: refusal, during: "ask")
        #expect(error.code == .unavailable && error.detail.contains("password in redis.address"))
        await server.stop()
    }

    @Test func `a server that is full says so`() async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder, settings: ["maxmemory": "1mb"])
        let client = RedisClient(try RedisSettings(address: server.address), logger: TestRedis.logger)
        let refusal = await failure {
            for number in 0..<100 {
                let blob = [UInt8](repeating: 7, count: 100_000)
                _ = try await client.send(["SET", .text("k\(number)"), .bytes(blob)])
            }
        }
        #expect(StoreError(redis: try #require(refusal), during: "fill").code == .full)
        await server.stop()
    }
}

/// What `body` throws.
func failure(_ body: () async throws -> some Sendable) async -> RedisFailure? {
    do {
        _ = try await body()
        return nil
    } catch { return error as? RedisFailure }
}
