import Foundation
import Groundwork
import LocalServers
import RedisDriver
import TestKit
import Testing

@testable import Scheduler

/// A cluster's leadership under faults, on a real Redis and a real PostgreSQL.
///
/// The nodes are of one process: whoever is "stopped" here takes no further step, and whoever is "killed" takes none
/// ever.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct LeaderFaultTests {
    private static let lease = LeaderStage.lease

    @Test func `a leader stopped inside a write, past its lease, writes nothing when it goes on`()
        async throws
    {
        let audit = try await LeaderStage.perform { stage in
            let (stopped, token) = try await stage.freezeLeader()
            let start = ContinuousClock.now
            _ = try await stage.leader(after: token)
            #expect(ContinuousClock.now - start < Self.lease + .seconds(1))
            let before = try await stage.fires.count(under: token)
            try await stage.run()
            stopped.freezer.thaw()
            try await eventually("it notices") { stopped.depositions > 0 }
            try await stage.run()
            // Its write is refused, or its next beat comes first and there is none.
            #expect(stopped.refused <= 1)
            #expect(stopped.depositions == 1)
            #expect(try await stage.fires.count(under: token) == before)
        }
        expectClean(audit, lateness: Self.lease + .seconds(1))
    }

    @Test func `with a lock alone the same leader writes fires twice`() async throws {
        var rules = LeaderStage.Rules()
        rules.fence = .none
        let audit = try await LeaderStage.perform(rules) { stage in
            let (stopped, _) = try await stage.freezeLeader()
            try await eventually("another leads") {
                try await stage.leader(besides: stopped).node !== stopped
            }
            try await stage.run()
            stopped.freezer.thaw()
            try await stage.run()
        }
        #expect(audit.doubles > 0)
    }

    @Test(arguments: ["FLUSHALL", "DEL"])
    func `a lock that is forgotten costs a change of leader and no fire`(command: String) async throws {
        let audit = try await LeaderStage.perform { stage in
            for _ in 0..<3 {
                let (_, token) = try await stage.leader()
                let start = ContinuousClock.now
                _ = try await stage.shell.send(
                    command == "DEL" ? ["DEL", .text(stage.lockKey)] : ["FLUSHALL"]
                )
                _ = try await stage.leader(after: token)
                #expect(ContinuousClock.now - start < Self.lease)
            }
            try await stage.run()
        }
        expectClean(audit, lateness: Self.lease)
    }

    @Test func `a Redis that is killed and comes back empty costs no fire`() async throws {
        let audit = try await LeaderStage.perform { stage in
            for _ in 0..<2 {
                _ = try await stage.leader()
                await stage.redis.kill()
                try await stage.redis.start()
                try await stage.run(300)
            }
            try await eventually("somebody holds the lock") { (try? await stage.holder()) != nil }
        }
        expectClean(audit, lateness: Self.lease)
    }

    @Test func `a fail-over to a replica that does not know the lock costs no fire`() async throws {
        let folder = try ServerFolder()
        let sentinels = try await RedisSentinels(in: folder, patience: .milliseconds(500))
        var rules = LeaderStage.Rules()
        rules.redis = sentinels.address
        let audit = try await LeaderStage.perform(rules) { stage in
            _ = try await stage.leader()
            try await sentinels.lag()
            try await stage.run()
            let former = try await sentinels.killMaster()
            await sentinels.catchUp()
            try await eventually("another server is the master", within: .seconds(30)) {
                try await sentinels.roles().master.port != former.port
            }
            try await eventually("who leads has the lock of the new master", within: .seconds(30)) {
                // No answer is not yet an answer.
                let holder = (try? await stage.holder()) ?? ""
                return try await stage.leader().node.name == holder.prefix { $0 != "/" }
            }
            try await stage.run()
        }
        await sentinels.stop()
        expectClean(audit, lateness: Self.lease * 2)
    }

    @Test func `a leader whose answers from PostgreSQL are lost writes nothing twice`() async throws {
        let audit = try await LeaderStage.perform { stage in
            let (deaf, token) = try await stage.leader()
            deaf.postgres.dropReplies()
            _ = try await stage.leader(after: token)
            await deaf.postgres.cut()
            try await deaf.postgres.heal()
            try await eventually("it notices", within: .seconds(30)) { deaf.depositions > 0 }
            try await stage.run()
        }
        expectClean(audit, lateness: Self.lease + .seconds(1))
    }

    @Test(arguments: [SIGSTOP, SIGKILL])
    func `while Redis is away the leader leads on, and is succeeded when it dies`(signal: Int32) async throws
    {
        let audit = try await LeaderStage.perform { stage in
            let (_, token) = try await stage.leader()
            if signal == SIGKILL { await stage.redis.kill() } else { await stage.redis.signal(signal) }
            let start = ContinuousClock.now
            while ContinuousClock.now - start < Self.lease * 2 { try await stage.run(10) }
            let (leader, still) = try await stage.leader()
            #expect(still == token)
            // Killed: nobody has it go on.
            leader.freezer.freeze()
            let death = ContinuousClock.now
            _ = try await stage.leader(after: token)
            #expect(ContinuousClock.now - death < Self.lease * 2 + .seconds(1))
            if signal == SIGKILL { try await stage.redis.start() } else { await stage.redis.signal(SIGCONT) }
            try await eventually("who leads has the lock again", within: .seconds(30)) {
                // No answer is not yet an answer.
                let holder = (try? await stage.holder()) ?? ""
                return try await stage.leader().node.name == holder.prefix { $0 != "/" }
            }
            try await stage.run()
        }
        expectClean(audit, lateness: Self.lease * 2 + .seconds(1))
    }

    @Test(arguments: [false, true])
    func `a leader that alone does not reach Redis is succeeded within a lease`(isSilent: Bool) async throws {
        let audit = try await LeaderStage.perform { stage in
            let (cut, token) = try await stage.leader()
            if isSilent { cut.redis.freeze() } else { await cut.redis.cut() }
            let start = ContinuousClock.now
            let (next, second) = try await stage.leader(after: token)
            #expect(ContinuousClock.now - start < Self.lease + .seconds(1))
            #expect(next !== cut)
            try await eventually("it notices") { cut.depositions == 1 }
            while ContinuousClock.now - start < Self.lease * 2 { try await stage.run(10) }
            // It hears the beats of the other, and lets it lead.
            #expect(next.token == second)
        }
        expectClean(audit, lateness: Self.lease)
    }

    @Test func `where the lock is needed, it steps down before the lock can be another's`() async throws {
        var rules = LeaderStage.Rules()
        rules.lease.needsLock = true
        let audit = try await LeaderStage.perform(rules) { stage in
            let (cut, token) = try await stage.leader()
            await cut.redis.cut()
            let start = ContinuousClock.now
            try await eventually("it steps down") { cut.token == nil }
            #expect(ContinuousClock.now - start < Self.lease)
            _ = try await stage.leader(after: token)
        }
        expectClean(audit, lateness: Self.lease + .seconds(1))
    }

    @Test(arguments: [false, true])
    func `a leader that alone does not reach PostgreSQL is succeeded within a lease`(
        isSilent: Bool
    ) async throws {
        let audit = try await LeaderStage.perform { stage in
            let (cut, token) = try await stage.leader()
            if isSilent { cut.postgres.freeze() } else { await cut.postgres.cut() }
            let start = ContinuousClock.now
            let (next, _) = try await stage.leader(after: token)
            #expect(ContinuousClock.now - start < Self.lease + .seconds(1))
            #expect(next !== cut)
            // What it sent and nobody has answered arrives now.
            try await cut.postgres.heal()
            try await eventually("it notices") { cut.depositions == 1 }
            try await stage.run()
        }
        expectClean(audit, lateness: Self.lease + .seconds(1))
    }

    @Test func `while PostgreSQL is down nobody leads, and each fire is made up for when it is back`()
        async throws
    {
        let audit = try await LeaderStage.perform { stage in
            let (leader, token) = try await stage.leader()
            await stage.postgres.kill()
            try await eventually("nobody leads") { leader.token == nil }
            try await eventually("nobody holds the lock") { try await stage.holder() == nil }
            try await stage.postgres.start()
            _ = try await stage.leader(after: token)
            try await stage.run()
        }
        expectClean(audit, lateness: .seconds(30))
    }

    @Test func `what a killed leader has written and not handed over is handed over once`() async throws {
        var rules = LeaderStage.Rules()
        rules.failpoint = .beforeDispatch
        let audit = try await LeaderStage.perform(rules) { stage in
            let (_, token) = try await stage.freezeLeader()
            #expect(try await stage.fires.pending(under: token) > 0)
            _ = try await stage.leader(after: token)
            try await eventually("all is handed over") { try await stage.fires.pending(under: token) == 0 }
        }
        expectClean(audit, lateness: Self.lease + .seconds(1))
    }

    @Test func `a leader that is told to stop is succeeded within half a second`() async throws {
        let audit = try await LeaderStage.perform(nodes: 4) { stage in
            for _ in 0..<3 {
                let (leader, token) = try await stage.leader()
                let start = ContinuousClock.now
                await stage.stop(leader)
                _ = try await stage.leader(after: token)
                #expect(ContinuousClock.now - start < .milliseconds(500))
                #expect(leader.depositions == 0)
            }
        }
        expectClean(audit, lateness: .milliseconds(500))
    }

    @Test func `a lock that never runs out is taken from a dead leader after three leases`() async throws {
        let audit = try await LeaderStage.perform { stage in
            let (_, token) = try await stage.freezeLeader()
            // As a Redis does whose clock was set back.
            _ = try await stage.shell.send(["PEXPIRE", .text(stage.lockKey), 3_600_000])
            let start = ContinuousClock.now
            _ = try await stage.leader(after: token)
            #expect(ContinuousClock.now - start < Self.lease * 3 + .seconds(2))
            #expect(ContinuousClock.now - start > Self.lease * 2)
        }
        expectClean(audit, lateness: Self.lease * 3 + .seconds(2))
    }

    @Test func `a hundred changes of leader have growing tokens, and cost no fire`() async throws {
        var rules = LeaderStage.Rules()
        rules.rounds = 1
        let audit = try await LeaderStage.perform(rules) { stage in
            try await eventually("a hundred have led") { try await stage.fires.audit().terms >= 100 }
        }
        expectClean(audit, lateness: Self.lease)
    }

    private func expectClean(
        _ audit: FireTable.Audit,
        lateness limit: Duration,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(audit.doubles == 0, sourceLocation: sourceLocation)
        #expect(audit.missed == 0, sourceLocation: sourceLocation)
        #expect(audit.falls == 0, sourceLocation: sourceLocation)
        #expect(audit.lateness < limit, sourceLocation: sourceLocation)
    }
}
