import Conformance
import Foundation
import Groundwork
import LocalServers
import RedisDriver
import Scheduler
import Testing

@Suite struct RedisElectionLockTests {
    @Test(arguments: ElectionLockConformance.clauses)
    func `the election lock keeps`(clause: Clause<ElectionLocks>) async throws {
        let cluster = TestRedis.name()
        let one = RedisElectionLock(
            try await TestRedis.settings(),
            cluster: cluster,
            logger: TestRedis.logger
        )
        let other = RedisElectionLock(
            try await TestRedis.settings(),
            cluster: cluster,
            logger: TestRedis.logger
        )
        // The lock's time is the server's: it passes by itself only.
        try await clause.check(ElectionLocks(one: one, other: other) { try await Task.sleep(for: $0) })
    }

    @Test func `clusters of different names do not meet`() async throws {
        for _ in 0..<2 {
            let lock = RedisElectionLock(
                try await TestRedis.settings(),
                cluster: TestRedis.name(),
                logger: TestRedis.logger
            )
            #expect(try await lock.take("l", holder: "a", for: .seconds(6)) == "a")
            #expect(try await lock.cluster(of: "l", orElse: "mine") == "mine")
        }
    }

    @Test func `a server that is away is told of within a second, and nothing is left behind`() async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder)
        let settings = try RedisSettings(address: server.address)
        let lock = RedisElectionLock(settings, cluster: "c", logger: TestRedis.logger)
        #expect(try await lock.take("l", holder: "a", for: .seconds(60)) == "a")
        await server.signal(SIGSTOP)
        let start = ContinuousClock.now
        let error = await #expect(throws: StoreError.self) {
            try await lock.extend("l", holder: "a", for: .seconds(60))
        }
        #expect(error?.code == .unavailable)
        #expect(ContinuousClock.now - start < .seconds(3))
        await server.signal(SIGCONT)
        await server.kill()
        await #expect(throws: StoreError.self) {
            try await lock.waitForRelease("l", atMost: .milliseconds(10))
        }
        try await server.start()
        // It kept nothing: whoever asks first gets the lock.
        try await waited(for: "the lock does not answer again") {
            // No answer is a no.
            (try? await lock.take("l", holder: "b", for: .seconds(60))) == "b"
        }
        await server.stop()
    }
}
