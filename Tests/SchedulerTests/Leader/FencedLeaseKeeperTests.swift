import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Every way in which lock, register and processes fail, and what then becomes of the leadership.
@Suite(.timeLimit(.minutes(1)))
struct FencedLeaseKeeperTests {
    private let stage = LeaseStage()
    private let a: FencedLeaseKeeper
    private let b: FencedLeaseKeeper

    init() {
        a = stage.keeper("a")
        b = stage.keeper("b")
    }

    @Test func `a leader that was paused past its lease is deposed, and nothing is written under its token`()
        async throws
    {
        let first = try await lead(a, "a")
        stage.pass(2.5)
        let second = try await lead(b, "b")
        #expect(second.token > first.token)
        #expect(!stage.accepts(first) && stage.accepts(second))
        await expectLost(a, first)
        await a.release("l", first)
        try await b.renew("l", second)
    }

    @Test func `a leader that stops is succeeded without any time passing`() async throws {
        let first = try await lead(a, "a")
        #expect(try await b.acquire("l", holder: "b", for: stage.lease) == nil)
        await a.release("l", first)
        await b.waitForVacancy("l", atMost: .seconds(3_600), on: stage.clock)
        _ = try await lead(b, "b")
    }

    @Test func `a lock that forgets everything makes its leader step down at the next renewal`() async throws
    {
        let first = try await lead(a, "a")
        try await a.renew("l", first)
        stage.lock.forget()
        await expectLost(a, first)
        let second = try await lead(b, "b")
        #expect(second.token > first.token)
    }

    @Test func `a lock that goes and comes back empty costs no gap`() async throws {
        let lease = try await lead(a, "a")
        stage.lock.stop()
        for _ in 0..<30 {
            stage.pass(1.0 / 3)
            try await a.renew("l", lease)
            #expect(try await b.acquire("l", holder: "b", for: stage.lease) == nil)
        }
        stage.lock.forget()
        stage.lock.start()
        try await a.renew("l", lease)
        #expect(stage.lock.holder(of: "l") == "a")
        #expect(try await b.acquire("l", holder: "b", for: stage.lease) == nil)
        // With the lock, it steps down by the lock again.
        stage.lock.forget()
        await expectLost(a, lease)
    }

    @Test func `two who hold the lock after a fail-over are one leader`() async throws {
        let first = try await lead(a, "a")
        stage.lock.forget()
        let second = try await lead(b, "b")
        #expect(!stage.accepts(first) && stage.accepts(second))
        await expectLost(a, first)
        try await b.renew("l", second)
    }

    @Test func `a lock whose clock jumps forward is somebody else's at once`() async throws {
        let first = try await lead(a, "a")
        stage.lock.jump(by: .seconds(60))
        let second = try await lead(b, "b")
        #expect(!stage.accepts(first) && stage.accepts(second))
        await expectLost(a, first)
    }

    @Test func `a lock whose clock jumps back keeps a dead leader for three leases, not for an hour`()
        async throws
    {
        let first = try await lead(a, "a")
        stage.lock.jump(by: .seconds(-3_600))
        #expect(try await b.acquire("l", holder: "b", for: stage.lease) == nil)
        stage.pass(2.9)
        #expect(try await b.acquire("l", holder: "b", for: stage.lease) == nil)
        stage.pass(0.1)
        let second = try await lead(b, "b")
        #expect(second.token > first.token)
        #expect(stage.lock.holder(of: "l") == "b")
    }

    @Test func `a living leader is not replaced however long its lock lasts`() async throws {
        let lease = try await lead(a, "a")
        stage.lock.jump(by: .seconds(-3_600))
        for _ in 0..<30 {
            stage.pass(1.0 / 3)
            try await a.renew("l", lease)
            #expect(try await b.acquire("l", holder: "b", for: stage.lease) == nil)
        }
    }

    @Test func `a leader that alone does not reach the lock leads until another does, and no longer`()
        async throws
    {
        let first = try await lead(a, "a")
        stage.lock.cut("a")
        try await a.renew("l", first)
        #expect(try await b.acquire("l", holder: "b", for: stage.lease) == nil)
        stage.pass(1)
        let second = try await lead(b, "b")
        await expectLost(a, first)
        // It hears that the other is well, and does not go back to leading without the lock.
        for _ in 0..<30 {
            #expect(try await a.acquire("l", holder: "a", for: stage.lease) == nil)
            stage.pass(1.0 / 3)
            try await b.renew("l", second)
        }
    }

    @Test func `where the lock is needed, not reaching it is not being renewed`() async throws {
        var settings = FencedLeaseSettings()
        settings.needsLock = true
        let a = stage.keeper("a", settings)
        let b = stage.keeper("b", settings)
        let lease = try await lead(a, "a")
        stage.lock.cut("a")
        await expectUnavailable { () async throws(LeaseError) in try await a.renew("l", lease) }
        stage.lock.stop()
        stage.pass(100)
        await expectUnavailable { () async throws(LeaseError) in
            _ = try await b.acquire("l", holder: "b", for: stage.lease)
        }
        stage.lock.start()
        _ = try await lead(b, "b")
    }

    @Test func `a leader that reaches the lock and not the register gives the lock back within a lease`()
        async throws
    {
        let first = try await lead(a, "a")
        stage.pass(1.0 / 3)
        stage.register.cut("a")
        for _ in 0..<2 {
            await expectUnavailable { () async throws(LeaseError) in try await a.renew("l", first) }
            stage.pass(1.0 / 3)
        }
        let second = try await lead(b, "b")
        #expect(second.token > first.token)
        await expectUnavailable { () async throws(LeaseError) in
            _ = try await a.acquire("l", holder: "a", for: stage.lease)
        }
        #expect(stage.lock.holder(of: "l") == "b")
    }

    @Test func `the lock is given back also when the register cannot be told`() async throws {
        let lease = try await lead(a, "a")
        stage.register.cut("a")
        await a.release("l", lease)
        _ = try await lead(b, "b")
    }

    @Test func `without the register nobody leads, nobody keeps the lock, and it goes on when it is back`()
        async throws
    {
        let first = try await lead(a, "a")
        stage.register.stop()
        await expectUnavailable { () async throws(LeaseError) in try await a.renew("l", first) }
        await a.release("l", first)
        for keeper in [a, b] {
            await expectUnavailable { () async throws(LeaseError) in
                _ = try await keeper.acquire("l", holder: "x", for: stage.lease)
            }
        }
        #expect(stage.lock.holder(of: "l") == nil)
        stage.register.start()
        let second = try await lead(b, "b")
        #expect(second.token > first.token)
    }

    @Test func `a term that began unheard is followed by one with a higher token`() async throws {
        let first = try await lead(a, "a")
        await a.release("l", first)
        stage.register.loseAnswers(true)
        await expectUnavailable { () async throws(LeaseError) in
            _ = try await b.acquire("l", holder: "b", for: stage.lease)
        }
        stage.register.loseAnswers(false)
        let second = try await lead(b, "b")
        #expect(second.token > first.token)
        #expect(stage.accepts(second))
    }

    @Test func `a second cluster on the same lock under the same name is refused`() async throws {
        try await a.checkCluster(of: "l")
        let foreign = MemoryTermRegister(cluster: "another")
        let stranger = FencedLeaseKeeper(
            lock: stage.lock.seen(by: "s"),
            register: foreign.seen(by: "s"),
            clock: stage.clock,
            logger: stage.logger
        )
        let error = await #expect(throws: StoreError.self) { try await stranger.checkCluster(of: "l") }
        #expect(error?.code == .conflict)
        await expectUnavailable { () async throws(LeaseError) in
            _ = try await stranger.acquire("l", holder: "s", for: stage.lease)
        }
        _ = try await lead(a, "a")
    }

    @Test func `without the lock a dead leader is succeeded after a lease, by one`() async throws {
        let first = try await lead(a, "a")
        let c = stage.keeper("c")
        stage.lock.stop()
        for keeper in [b, c] {
            #expect(try await keeper.acquire("l", holder: "x", for: stage.lease) == nil)
        }
        stage.pass(0.9)
        #expect(try await b.acquire("l", holder: "b", for: stage.lease) == nil)
        stage.pass(0.1)
        let second = try await lead(b, "b")
        #expect(second.token > first.token)
        #expect(try await c.acquire("l", holder: "c", for: stage.lease) == nil)
        // When the lock is back, whoever leads takes it.
        stage.lock.start()
        stage.pass(1)
        try await b.renew("l", second)
        #expect(stage.lock.holder(of: "l") == "b")
    }

    @Test func `a lock that comes back with a dead holder is taken from it after a lease`() async throws {
        _ = try await lead(a, "a")
        stage.lock.jump(by: .seconds(-3_600))
        stage.lock.stop()
        #expect(try await b.acquire("l", holder: "b", for: stage.lease) == nil)
        stage.pass(1)
        let lease = try await lead(b, "b")
        stage.lock.start()
        for _ in 0..<3 {
            stage.pass(1.0 / 3)
            try await b.renew("l", lease)
            #expect(stage.lock.holder(of: "l") == "a")
        }
        for _ in 0..<2 {
            stage.pass(1.0 / 3)
            try await b.renew("l", lease)
        }
        #expect(stage.lock.holder(of: "l") == "b")
        // Whoever stops now is succeeded at once.
        await b.release("l", lease)
        _ = try await lead(a, "a2")
    }

    @Test func `without the lock a leader that stops is succeeded at once, and comes back at once`()
        async throws
    {
        stage.lock.stop()
        let first = try await lead(a, "a")
        await a.release("l", first)
        let second = try await lead(b, "b")
        await expectLost(a, first)
        // The register cannot be told that it stops, and yet it may lead on: the term is its own.
        stage.register.cut("b")
        await b.release("l", second)
        stage.register.mend("b")
        _ = try await lead(b, "b")
    }

    @Test func `a hundred changes of leader have a hundred growing tokens`() async throws {
        var newest = FencingToken(rawValue: 0)
        for round in 0..<100 {
            let keeper = [a, b][round % 2]
            let lease = try await lead(keeper, "h\(round)")
            #expect(lease.token > newest)
            newest = lease.token
            switch round % 4 {
            case 0: await keeper.release("l", lease)
            case 1: stage.lock.forget()
            case 2: stage.pass(1)
            default: stage.lock.jump(by: .seconds(30))
            }
        }
    }

    private func lead(_ keeper: FencedLeaseKeeper, _ holder: String) async throws -> Lease {
        try #require(try await keeper.acquire("l", holder: holder, for: stage.lease))
    }

    private func expectLost(_ keeper: FencedLeaseKeeper, _ lease: Lease) async {
        await #expect(throws: LeaseError.lost) { try await keeper.renew("l", lease) }
    }

    private func expectUnavailable(_ body: () async throws(LeaseError) -> Void) async {
        do {
            try await body()
            Issue.record("it was available")
        } catch {
            if case .unavailable = error { return }
            Issue.record("\(error)")
        }
    }
}
