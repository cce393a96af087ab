import Conformance
import Groundwork
import PushEngine
import TestKit
import Testing

/// The forms of the engine's ports that live in one process keep what the ports promise.
@Suite struct LocalFormsTests {
    private let clock = ManualClock(Moment(secondsSinceEpoch: 1_775_000_000))

    @Test(arguments: RateLimiterConformance.clauses)
    func `the rate limiter keeps`(clause: Clause<RateRig>) async throws {
        try await clause.check(RateRig(limiter: LocalRateLimiter(clock: clock.calendar), clock: clock))
    }

    @Test(arguments: AccessTokenConformance.clauses)
    func `the store of access tokens keeps`(clause: Clause<TokenRig>) async throws {
        try await clause.check(TokenRig(store: LocalAccessTokenStore(clock: clock.calendar), clock: clock))
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `for each token's end one is fetched, and every call has a good one`(seed: UInt64) async throws {
        let store = LocalAccessTokenStore(clock: clock.calendar)
        try await TokenRig.expectOneFetchForEachEnd([store, store, store, store], clock, seed: seed)
    }

    @Test func `limits that are used up stay so however many others there are`() async throws {
        let limiter = LocalRateLimiter(clock: clock.calendar)
        let slow = RateLimit(name: "slow", permits: 1, per: .seconds(3_600))
        #expect(try await limiter.take([RateWish(1, of: [slow])]).map(\.granted) == [1])
        for number in 0..<5_000 {
            let limit = RateLimit(name: "\(number)", permits: 1, per: .milliseconds(1))
            #expect(try await limiter.take([RateWish(1, of: [limit])]).map(\.granted) == [1])
            clock.advance(by: .milliseconds(1))
        }
        #expect(try await limiter.take([RateWish(1, of: [slow])]).map(\.granted) == [0])
    }
}
