import Foundation
import Groundwork
import Testing

@testable import Scheduler

/// Which day an instant belongs to.
@Suite struct RunDayTests {
    @Test(arguments: [20_230_229, 20_230_001, 20_231_301, 20_230_100, 19_691_231, 100_000_101, 0, -1])
    func `a number that names no day is refused`(number: Int64) {
        #expect(RunDay(rawValue: number) == nil)
    }

    @Test func `a day is written, read and counted on from`() throws {
        let day = try #require(RunDay(rawValue: 20_240_228))
        #expect(day.text == "2024-02-28")
        #expect(RunDay(text: "2024-02-28") == day)
        #expect(day.adding(2).rawValue == 20_240_301)
        #expect(day.distance(to: day.adding(-400)) == -400)
        #expect(day.monthStart.rawValue == 20_240_201)
        for text in ["2024-2-28", "2024-02-30", "20240228", "2024-02-28-", "today", ""] {
            #expect(RunDay(text: text) == nil, "\(text)")
        }
    }

    /// Clocks change across midnight in Saint-Pierre and skip it in Beirut; Apia skipped a whole day.
    @Test(arguments: [
        "UTC", "Asia/Shanghai", "America/New_York", "America/St_Johns", "Asia/Beirut", "America/Sao_Paulo",
        "Pacific/Apia", "Asia/Kathmandu", "America/Miquelon",
    ])
    func `every instant lies in the span of its day, and the spans follow each other`(zone: String) throws {
        let calendar = RunCalendar(try #require(ZoneRules(named: zone)))
        let first = try #require(RunDay(rawValue: 20_060_101))
        var day = first
        while day.rawValue < 20_300_101 {
            let span = calendar.span(of: day)
            #expect(span.upperBound == calendar.span(of: day.adding(1)).lowerBound)
            // Days of all zones begin with a quarter of an hour: what `unsettled` tells names one day.
            #expect(span.lowerBound.millisecondsSinceEpoch.isMultiple(of: 900_000))
            if !span.isEmpty {
                #expect(calendar.day(of: span.lowerBound) == day)
                #expect(calendar.day(of: span.upperBound - .milliseconds(1)) == day)
            }
            day = day.adding(1)
        }
    }

    @Test func `a day lasts as long as clocks make it`() throws {
        let calendar = RunCalendar(try #require(ZoneRules(named: "Europe/Berlin")))
        func hours(_ number: Int64) throws -> Duration {
            let span = calendar.span(of: try #require(RunDay(rawValue: number)))
            return span.upperBound - span.lowerBound
        }
        #expect(try hours(20_240_330) == .seconds(24 * 3_600))
        #expect(try hours(20_240_331) == .seconds(23 * 3_600))
        #expect(try hours(20_241_027) == .seconds(25 * 3_600))
    }
}
