import Groundwork
import Testing

@testable import People

/// How long somebody waits who signed in wrong again and again.
@Suite struct SignInThrottleTests {
    private let start = Moment(secondsSinceEpoch: 1_894_680_000)

    @Test func `five failures cost nothing but the wait after them, and each further one doubles it`() {
        var throttle = SignInThrottle()
        for _ in 0..<4 { throttle.begin(name: "ann", address: "a", at: start) }
        #expect(throttle.wait(name: "ann", address: "a", at: start) == nil)
        throttle.begin(name: "ann", address: "a", at: start)
        #expect(throttle.wait(name: "ann", address: "a", at: start) == .seconds(2))
        #expect(throttle.wait(name: "ann", address: "a", at: start + .seconds(2)) == nil)
        throttle.begin(name: "ann", address: "a", at: start + .seconds(2))
        #expect(throttle.wait(name: "ann", address: "a", at: start + .seconds(2)) == .seconds(4))
    }

    @Test func `the wait grows to a quarter of an hour and no further`() {
        var throttle = SignInThrottle()
        for _ in 0..<100 { throttle.begin(name: "ann", address: "a", at: start) }
        #expect(throttle.wait(name: "ann", address: "a", at: start) == .seconds(900))
    }

    @Test func `a name waits from every address, and an address with every name`() {
        var throttle = SignInThrottle()
        for number in 0..<5 { throttle.begin(name: "ann", address: "a\(number)", at: start) }
        #expect(throttle.wait(name: "ann", address: "elsewhere", at: start) != nil)
        #expect(throttle.wait(name: "bob", address: "a1", at: start) == nil)
        for number in 0..<5 { throttle.begin(name: "n\(number)", address: "b", at: start) }
        #expect(throttle.wait(name: "cid", address: "b", at: start) != nil)
    }

    @Test func `signing in with one's own name does not let one try others' for ever`() {
        var throttle = SignInThrottle()
        for number in 0..<5 {
            throttle.begin(name: "n\(number)", address: "a", at: start)
            throttle.begin(name: "mine", address: "a", at: start)
            throttle.succeed(name: "mine", address: "a")
        }
        throttle.begin(name: "n", address: "a", at: start)
        #expect(throttle.wait(name: nil, address: "a", at: start) != nil)
        #expect(throttle.wait(name: "mine", address: "other", at: start) == nil)
    }

    @Test func `after an hour all is forgotten`() {
        var throttle = SignInThrottle()
        for _ in 0..<20 { throttle.begin(name: "ann", address: "a", at: start) }
        let later = start + .seconds(3_601)
        throttle.begin(name: "ann", address: "a", at: later)
        #expect(throttle.wait(name: "ann", address: "a", at: later) == nil)
    }

    @Test func `it remembers no more than it may, and the newest`() {
        var throttle = SignInThrottle(capacity: 100)
        for number in 0..<1_000 {
            throttle.begin(name: nil, address: "a\(number)", at: start + .milliseconds(number))
        }
        #expect(throttle.count <= 100)
        for _ in 0..<5 { throttle.begin(name: nil, address: "a999", at: start + .seconds(1)) }
        #expect(throttle.wait(name: nil, address: "a999", at: start + .seconds(1)) != nil)
    }
}
