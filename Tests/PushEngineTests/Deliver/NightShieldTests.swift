import Foundation
import Groundwork
import Testing

@testable import PushEngine

@Suite struct NightShieldTests {
    private func shield(_ zone: String, from: String = "08:00", to: String = "21:00") throws -> NightShield {
        NightShield(
            window: SendingWindow(
                opens: try #require(SendingWindow.TimeOfDay(from)),
                closes: try #require(SendingWindow.TimeOfDay(to)),
                zone: try #require(TimeZone(identifier: zone))
            )
        )
    }

    private func moment(_ text: String) throws -> Moment {
        Moment(secondsSinceEpoch: Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970))
    }

    @Test(arguments: [
        ("2026-11-22T23:59:59Z", "Asia/Shanghai", "2026-11-23T00:00:00Z"),
        ("2026-11-23T00:00:00Z", "Asia/Shanghai", ""),
        ("2026-11-23T12:59:59Z", "Asia/Shanghai", ""),
        ("2026-11-23T13:00:00Z", "Asia/Shanghai", "2026-11-24T00:00:00Z"),
        ("2026-12-31T13:00:00Z", "Asia/Shanghai", "2027-01-01T00:00:00Z"),
        ("2026-11-23T00:30:00Z", "Asia/Urumqi", "2026-11-23T02:00:00Z"),
        ("2026-10-31T12:00:00Z", "America/New_York", ""),
        ("2026-11-01T12:00:00Z", "America/New_York", "2026-11-01T13:00:00Z"),
        ("2026-03-08T12:00:00Z", "America/New_York", ""),
        ("2026-06-01T02:29:00Z", "Asia/Kolkata", "2026-06-01T02:30:00Z"),
        ("2026-06-01T02:15:00Z", "Asia/Kathmandu", ""),
    ])
    func `a message waits for the morning of its zone`(now: String, zone: String, until: String) throws {
        let expected: NightShield.Decision = until.isEmpty ? .send : .hold(until: try moment(until))
        #expect(try shield(zone).decide(type: .hold, at: moment(now)) == expected)
    }

    @Test func `an opening that the clocks skip is made up by the hour they skip`() throws {
        let shield = try shield("America/New_York", from: "02:30")
        let opening = try moment("2026-03-08T07:30:00Z")
        #expect(try shield.decide(type: .hold, at: moment("2026-03-08T06:30:00Z")) == .hold(until: opening))
        #expect(try shield.decide(type: .hold, at: moment("2026-03-08T07:10:00Z")) == .hold(until: opening))
        #expect(shield.decide(type: .hold, at: opening) == .send)
    }

    @Test func `an hour that the clocks show twice opens late and closes early`() throws {
        // On 2026-11-01 New York shows 01:30 at 05:30Z and at 06:30Z.
        let opening = try shield("America/New_York", from: "01:30")
        #expect(
            try opening.decide(type: .hold, at: moment("2026-11-01T05:45:00Z"))
                == .hold(until: moment("2026-11-01T06:30:00Z"))
        )
        let closing = try shield("America/New_York", from: "20:00", to: "01:30")
        #expect(try closing.decide(type: .drop, at: moment("2026-11-01T05:29:59Z")) == .send)
        #expect(try closing.decide(type: .drop, at: moment("2026-11-01T05:30:00Z")) == .drop)
    }

    @Test func `quiet hours over midnight end on the same morning`() throws {
        let shield = try shield("Asia/Shanghai", from: "06:00", to: "22:00")
        #expect(
            try shield.decide(type: .hold, at: moment("2026-11-22T21:30:00Z"))
                == .hold(until: moment("2026-11-22T22:00:00Z"))
        )
        #expect(
            try shield.decide(type: .hold, at: moment("2026-11-23T14:00:00Z"))
                == .hold(until: moment("2026-11-23T22:00:00Z"))
        )
        #expect(try shield.decide(type: .hold, at: moment("2026-11-22T22:00:00Z")) == .send)
        #expect(try shield.decide(type: .hold, at: moment("2026-11-23T13:59:59Z")) == .send)
    }

    @Test func `a window may span midnight`() throws {
        let shield = try shield("Asia/Shanghai", from: "22:00", to: "06:00")
        #expect(try shield.decide(type: .drop, at: moment("2026-11-22T21:59:59Z")) == .send)
        #expect(try shield.decide(type: .drop, at: moment("2026-11-22T22:00:00Z")) == .drop)
        #expect(try shield.decide(type: .drop, at: moment("2026-11-23T14:00:00Z")) == .send)
    }

    @Test func `the type decides what happens outside the window`() throws {
        let shield = try shield("Asia/Shanghai", to: "20:00")
        let night = try moment("2026-11-22T23:59:59Z")
        let morning = try moment("2026-11-23T00:00:00Z")
        #expect(shield.decide(type: .none, at: night) == .send)
        #expect(shield.decide(type: .drop, at: night) == .drop)
        #expect(shield.decide(type: .hold, at: night) == .hold(until: morning))
        #expect(shield.decide(type: .drop, at: morning) == .send)
    }

    @Test func `nobody's window is eight to eight`() throws {
        let window = SendingWindow(zone: try #require(TimeZone(identifier: "Asia/Shanghai")))
        let span = window.span(at: try moment("2026-11-23T05:00:00Z"))
        #expect(span.isOpen)
        #expect(span.start == (try moment("2026-11-23T00:00:00Z")))
        #expect(span.end == (try moment("2026-11-23T12:00:00Z")))
    }

    @Test func `a window that opens as it closes never shuts`() throws {
        let shield = try shield("Asia/Shanghai", from: "08:00", to: "08:00")
        #expect(try shield.decide(type: .drop, at: moment("2026-11-22T18:00:00Z")) == .send)
    }

    @Test(arguments: ["8:00", "24:01", "08:60", "", "0800", "-1:00"])
    func `what is no time of the day is not read`(text: String) {
        #expect(SendingWindow.TimeOfDay(text) == nil)
    }

    @Test(arguments: [
        "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Europe/London",
    ])
    func `stretches of day and night follow each other without a gap`(zone: String) throws {
        let window = try shield(zone, from: "02:15", to: "22:30").window
        var moment = try moment("2011-12-01T00:00:00Z")
        let end = moment + .seconds(2 * 366 * 86_400)
        var previous = window.span(at: moment)
        while moment < end {
            #expect(previous.contains(moment))
            let next = window.span(at: previous.end)
            #expect(next.start == previous.end)
            #expect(next.isOpen != previous.isOpen)
            // Whatever moment of a stretch is asked about, the answer is the same.
            let middle = next.start + .milliseconds((next.end - next.start).wholeMilliseconds / 2)
            #expect(window.span(at: middle) == next)
            #expect(window.span(at: next.end - .milliseconds(1)) == next)
            moment = next.start
            previous = next
        }
    }
}
