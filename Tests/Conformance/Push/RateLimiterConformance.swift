import Groundwork
package import PushEngine
package import TestKit
import Testing

/// A limiter to try, and the clock it goes by.
package struct RateRig: Sendable {
    package let limiter: any RateLimiter
    package let clock: ManualClock

    package init(limiter: any RateLimiter, clock: ManualClock) {
        self.limiter = limiter
        self.clock = clock
    }

    func take(_ count: Int, _ limits: RateLimit...) async throws -> RateGrant {
        try #require(try await limiter.take([RateWish(count, of: limits)]).first)
    }
}

/// What every `RateLimiter` must keep.
package enum RateLimiterConformance {
    package static let clauses: [Clause<RateRig>] = [
        Clause("a limit that nobody used has its burst, and no more") { rig async throws in
            let limit = RateLimit(name: "a", permits: 10, burst: 25)
            #expect(try await rig.take(20, limit) == RateGrant(granted: 20, wait: .zero))
            #expect(try await rig.take(20, limit) == RateGrant(granted: 5, wait: .milliseconds(100)))
            #expect(try await rig.take(20, limit) == RateGrant(granted: 0, wait: .milliseconds(100)))
            rig.clock.advance(by: .seconds(3_600))
            #expect(try await rig.take(99, limit).granted == 25)
        },
        Clause("permits come back evenly, and one is there when it was promised") { rig in
            let limit = RateLimit(name: "a", permits: 3, per: .seconds(1))
            #expect(try await rig.take(3, limit) == RateGrant(granted: 3, wait: .milliseconds(334)))
            var granted = 0
            for _ in 0..<30 {
                let wait = try await rig.take(0, limit).wait
                rig.clock.advance(by: wait)
                granted += try await rig.take(9, limit).granted
            }
            #expect(granted == 30)
            // Thirty of three a second, with no more than a millisecond lost for each.
            let passed = rig.clock.now.sinceStart
            #expect(passed >= .seconds(10) && passed <= .milliseconds(10_030))
        },
        Clause("a fast limit is kept however it is asked") { rig in
            let limit = RateLimit(name: "a", permits: 20_000, burst: 200)
            var granted = 0
            for _ in 0..<1_000 {
                granted += try await rig.take(7, limit).granted + rig.take(400, limit).granted
                rig.clock.advance(by: .milliseconds(1))
            }
            #expect(granted == 200 + 999 * 20)
        },
        Clause("a permit counts in every limit of its wish, one not granted in none") { rig async throws in
            let account = RateLimit(name: "account", permits: 10, burst: 10)
            let api = RateLimit(name: "api", permits: 1, per: .seconds(60), burst: 4)
            #expect(try await rig.take(9, account, api) == RateGrant(granted: 4, wait: .seconds(60)))
            #expect(try await rig.take(9, account, api).granted == 0)
            #expect(try await rig.take(9, account).granted == 6)
        },
        Clause("limits of other names are left alone, and wishes are served in order") { rig async throws in
            let (one, other) = (RateLimit(name: "a", permits: 5), RateLimit(name: "b", permits: 5))
            let wishes = [RateWish(3, of: [one]), RateWish(3, of: [other]), RateWish(3, of: [one])]
            #expect(try await rig.limiter.take(wishes).map(\.granted) == [3, 3, 2])
            #expect(try await rig.take(9, other).granted == 2)
        },
        Clause("a limit that is changed holds from the next wish on") { rig async throws in
            #expect(try await rig.take(50, RateLimit(name: "a", permits: 100)).granted == 50)
            #expect(try await rig.take(50, RateLimit(name: "a", permits: 10)).granted == 10)
            rig.clock.advance(by: .seconds(1))
            #expect(try await rig.take(500, RateLimit(name: "a", permits: 200)).granted == 200)
        },
        Clause("a clock that goes back brings nothing and takes nothing") { rig in
            let limit = RateLimit(name: "a", permits: 10)
            _ = try await rig.take(10, limit)
            rig.clock.setCalendar(to: rig.clock.calendar.now - .seconds(100))
            #expect(try await rig.take(10, limit) == RateGrant(granted: 0, wait: .milliseconds(100)))
            rig.clock.advance(by: .milliseconds(500))
            #expect(try await rig.take(10, limit).granted == 5)
        },
        Clause("many who ask at once get no more together than there is") { rig in
            let limit = RateLimit(name: "a", permits: 100)
            let granted = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<50 { group.addTask { try await rig.take(3, limit).granted } }
                return try await group.reduce(0, +)
            }
            #expect(granted == 100)
        },
        Clause("no wishes, no grants; a wish without limits gets what it wants") { rig async throws in
            #expect(try await rig.limiter.take([]).isEmpty)
            #expect(try await rig.take(7) == RateGrant(granted: 7, wait: .zero))
        },
    ]
}
