import Groundwork
import Testing

@testable import PushEngine

struct AccountPaceTests {
    private var pace = AccountPace()
    private let settings = AccountPaceSettings()

    /// So many calls in each of some seconds.
    private mutating func take(_ calls: Int, from second: Int, seconds: Int = 1) {
        for second in second..<second + seconds {
            for call in 0..<calls {
                pace.take(at: .seconds(second) + .microseconds(call * 1_000_000 / max(1, calls)))
            }
        }
    }

    @Test func `an account that was never told to slow down may go at any rate`() {
        #expect(pace.rate(at: .seconds(5)) == nil)
        #expect(pace.limit("a", at: .seconds(5)) == nil)
    }

    @Test
    mutating func `it goes on with half of what was taken, gets the rest back evenly, and then is free`() {
        take(100, from: 10, seconds: 3)
        pace.slowDown(at: .milliseconds(13_100), until: .seconds(15), settings)
        // Its rest does not count.
        #expect(pace.rate(at: .seconds(14)) == 50)
        #expect(pace.rate(at: .seconds(15)) == 50)
        #expect(pace.rate(at: .seconds(25)) == 75)
        #expect(pace.rate(at: .seconds(35)) == 100)
        #expect(pace.rate(at: .milliseconds(74_999)) ?? 0 > 199)
        #expect(pace.rate(at: .seconds(75)) == nil)
    }

    @Test mutating func `each time that it is told again its rate is cut again, down to a floor`() {
        take(100, from: 10)
        var rates: [Double] = []
        for second in 11..<20 {
            pace.slowDown(at: .seconds(second), until: .seconds(second), settings)
            rates.append(pace.rate(at: .seconds(second)) ?? 0)
        }
        #expect(rates[0] == 50)
        #expect(zip(rates, rates.dropFirst()).allSatisfy { $1 < $0 * 0.6 || $1 == settings.floor })
        #expect(rates.last == settings.floor)
    }

    @Test mutating func `what it was allowed and did not use is cut first`() {
        take(100, from: 10)
        pace.slowDown(at: .seconds(11), until: .seconds(12), settings)
        take(10, from: 12, seconds: 10)
        pace.slowDown(at: .milliseconds(22_500), until: .seconds(23), settings)
        #expect(pace.rate(at: .seconds(23)) == 5)
    }

    @Test mutating func `one of which nothing is known begins at the floor and is free in a minute`() {
        pace.slowDown(at: .seconds(1), until: .seconds(2), settings)
        #expect(pace.rate(at: .seconds(2)) == settings.floor)
        #expect(pace.rate(at: .seconds(62)) == nil)
    }

    @Test mutating func `the limit keeps to the rate`() {
        take(400, from: 10)
        pace.slowDown(at: .seconds(11), until: .seconds(11), settings)
        let limit = pace.limit("a", at: .seconds(11))
        #expect(limit == RateLimit(name: "a", permits: 2_000, per: .seconds(10), burst: 40))
    }

    /// A supplier that takes so many calls in each second, and a sender with more to send than that.
    @Test(arguments: [1, 5, 40, 300], [1, 3])
    mutating func `senders find a limit that nobody told them of, and share it`(
        limit: Int,
        senders: Int
    ) {
        var paces = Array(repeating: AccountPace(), count: senders)
        var rests = Array(repeating: Duration.zero, count: senders)
        var permits = Array(repeating: 0.0, count: senders)
        var taken = Array(repeating: 0, count: senders)
        var refused = 0
        let seconds = 300
        for second in 0..<seconds {
            var room = limit
            for hundredth in 0..<100 {
                let now = Duration.milliseconds(second * 1_000 + hundredth * 10)
                for sender in 0..<senders where rests[sender] <= now {
                    // Without a rate it makes two calls each hundredth of a second.
                    let rate = paces[sender].rate(at: now)
                    permits[sender] = min(permits[sender] + (rate ?? 200) / 100, max(1, (rate ?? 200) / 5))
                    while permits[sender] >= 1, rests[sender] <= now {
                        permits[sender] -= 1
                        if room > 0 {
                            room -= 1
                            paces[sender].take(at: now)
                            if second >= 20 { taken[sender] += 1 }
                        } else {
                            if second >= 20 { refused += 1 }
                            rests[sender] = now + .seconds(1)
                            paces[sender].slowDown(at: now, until: rests[sender], settings)
                        }
                    }
                }
            }
        }
        let sum = taken.reduce(0, +)
        let possible = min(limit, 200 * senders) * (seconds - 20)
        // A good part of what there is is used, by all, and few calls are in vain.
        #expect(Double(sum) > 0.45 * Double(possible))
        if limit >= 40 { #expect(refused * 20 < sum) }
        #expect(Double(taken.min() ?? 0) > 0.25 * Double(sum) / Double(senders))
    }
}
