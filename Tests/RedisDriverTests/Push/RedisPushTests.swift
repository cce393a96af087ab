import Conformance
import Groundwork
import LocalServers
import PushEngine
import TestKit
import Testing

@testable import RedisDriver

/// The push engine's Redis forms keep what their ports promise, on a real server.
@Suite struct RedisPushTests {
    @Test(arguments: SendQueueConformance.clauses)
    func `the queue keeps`(clause: Clause<QueueRig>) async throws {
        let clock = ManualClock(Moment(secondsSinceEpoch: 1_775_016_000))
        let queue = try await RedisSendQueue.open(TestRedis.client(), clock)
        try await clause.check(QueueRig(queue: queue, clock: clock))
    }

    @Test(arguments: QuotaConformance.clauses)
    func `the quota store keeps`(clause: Clause<QuotaRig>) async throws {
        try await clause.check(try await rig())
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `quotas are what a list of all reservations says`(seed: UInt64) async throws {
        try await rig().expectQuotasOfAList(seed: seed)
    }

    @Test func `a batch of any size is judged at once, and recipients are forgotten after a day`()
        async throws
    {
        let client = try await TestRedis.client()
        let name = TestRedis.name()
        let store = RedisQuotaStore(client, name: name)
        let claims = (0..<4_096)
            .map { number in
                QuotaClaim(
                    recipient: RecipientKey(rawValue: 8_613_800_000_000 + Int64(number)),
                    content: .max,
                    owner: MessageID(rawValue: .max - Int64(number))
                )
            }
        let verdicts = try await store.reserve(claims, channel: .sms, rules: QuotaRules(), day: 20_260_401)
        #expect(verdicts == Array(repeating: .granted, count: claims.count))
        let others = claims.map {
            QuotaClaim(recipient: $0.recipient, content: .max, owner: MessageID(rawValue: 1))
        }
        let repeats = try await store.reserve(others, channel: .sms, rules: QuotaRules(), day: 20_260_401)
        #expect(repeats == claims.map { .duplicate(of: $0.owner) })
        let key = try #require(
            try await client.send(["KEYS", .text("{kpush:\(name)}:quota:*")]).array?.first?.bytes
        )
        let life = try #require(try await client.send(["PTTL", .bytes(key)]).integer)
        #expect((90_000_000...93_900_000).contains(life))
        try await store.refund(claims, channel: .sms)
        #expect(try await client.send(["KEYS", .text("{kpush:\(name)}:quota:*")]).array == [])
    }

    @Test(arguments: RateLimiterConformance.clauses)
    func `the rate limiter keeps`(clause: Clause<RateRig>) async throws {
        let clock = ManualClock(Moment(secondsSinceEpoch: 1_775_000_000))
        let client = try await TestRedis.client()
        let limiter = RedisRateLimiter(client, name: TestRedis.name(), time: clock.calendar)
        try await clause.check(RateRig(limiter: limiter, clock: clock))
    }

    @Test(arguments: AccessTokenConformance.clauses)
    func `the store of access tokens keeps`(clause: Clause<TokenRig>) async throws {
        let clock = ManualClock(Moment(secondsSinceEpoch: 1_775_000_000))
        let store = RedisAccessTokenStore(
            try await TestRedis.client(),
            name: TestRedis.name(),
            sealer: try AESSealer(key: AESSealer.newKey()),
            time: clock.calendar
        )
        try await clause.check(TokenRig(store: store, clock: clock))
    }

    @Test func `the server's clock limits rates and ends tokens when nobody hands in another`() async throws {
        let client = try await TestRedis.client()
        let name = TestRedis.name()
        let limiter = RedisRateLimiter(client, name: name)
        let limit = RateLimit(name: "a", permits: 1, per: .milliseconds(200))
        let first = try #require(try await limiter.take([RateWish(9, of: [limit])]).first)
        #expect(first.granted == 1 && first.wait == .milliseconds(200))
        // A limit that nobody uses is as one that nobody ever used, and needs no key.
        let life = try #require(
            try await client.send(["PTTL", .text("{kpush:\(name)}:rate:a")]).integer
        )
        #expect((1...1_200).contains(life))
        try await waited(for: "no permit comes back") {
            try await limiter.take([RateWish(9, of: [limit])]).first?.granted == 1
        }
        let store = RedisAccessTokenStore(client, name: name, sealer: try AESSealer(key: AESSealer.newKey()))
        let holder = TokenHolder(rawValue: "1")
        guard case .yours(let turn, _, _) = try await store.takeTurn(of: holder, after: nil, for: .seconds(5))
        else {
            Issue.record("the turn cannot be had")
            return
        }
        let value = Secret("s3cret")
        #expect(try await store.put(value, for: .milliseconds(300), of: holder, turn: turn, pause: .zero))
        let stored = try await client.send(["HGETALL", .text("{kpush:\(name)}:token:1")]).array ?? []
        // Nobody who reads what Redis holds reads the token.
        let plain = Array("s3cret".utf8)
        #expect(!stored.isEmpty && !stored.contains { $0.bytes?.contains(plain) == true })
        try await waited(for: "the token does not end") { try await store.token(of: holder) == nil }
    }

    private func rig() async throws -> QuotaRig {
        let clock = ManualClock(Moment(secondsSinceEpoch: 1_775_000_000))
        let client = try await TestRedis.client()
        let store = RedisQuotaStore(client, name: TestRedis.name(), time: clock.calendar)
        return QuotaRig(store: store, clock: clock)
    }
}

extension RedisSendQueue {
    /// A queue that goes by `clock` and has begun to listen.
    static func open(
        _ client: RedisClient,
        name: String = TestRedis.name(),
        consumer: String = TestRedis.name(),
        _ clock: ManualClock
    ) async throws -> RedisSendQueue {
        let queue = RedisSendQueue(
            client,
            name: name,
            consumer: consumer,
            waiting: clock,
            time: clock.calendar,
            logger: TestRedis.logger
        )
        try await waited(for: "the queue does not listen") { queue.isListening }
        return queue
    }
}
