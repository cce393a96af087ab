import Foundation
import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Days on which nothing is due.
@Suite struct JobCalendarTests {
    private func date(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

    private func workdays() throws -> JobCalendar { try #require(JobCalendar.builtIn(named: "cn-workdays")) }

    // MARK: Chinese working days

    @Test(arguments: [
        // Days off and make-up days as the announcements count them, and the working days that come of them.
        (2024, 28, 8, 251), (2025, 28, 5, 248), (2026, 33, 6, 248),
    ])
    func `a year's announcement has its days`(year: Int, off: Int, worked: Int, workdays: Int) throws {
        let announced = try #require(ChineseHolidays.announced.first { $0.year == year })
        #expect(Set(announced.daysOff).count == off)
        #expect(Set(announced.makeUpDays).count == worked)
        #expect(
            announced.makeUpDays.allSatisfy { $0.isWeekend },
            "only Saturdays and Sundays are made up for"
        )
        let calendar = try self.workdays()
        let days =
            CivilDate(year: year, month: 1, day: 1)
            .dayNumber..<CivilDate(year: year + 1, month: 1, day: 1).dayNumber
        #expect(days.count { calendar.verdict(on: CivilDate(dayNumber: $0)) == .counted } == workdays)
    }

    @Test(arguments: [
        ("2024-02-12", JobCalendar.Verdict.excluded), ("2024-02-18", .counted), ("2024-02-19", .counted),
        ("2025-10-08", .excluded), ("2025-10-11", .counted), ("2025-10-12", .excluded),
        ("2026-02-23", .excluded), ("2026-02-24", .counted), ("2026-02-28", .counted),
        ("2026-12-31", .counted),
        ("2023-12-29", .notCovered), ("2027-01-01", .notCovered),
    ])
    func `a day counts as announced, and is not guessed`(text: String, verdict: JobCalendar.Verdict) throws {
        #expect(try workdays().verdict(on: date(text)) == verdict)
    }

    // MARK: Text

    @Test func `a calendar is written and read again`() throws {
        let calendar = try workdays()
        let json = try JSONEncoder().encode(calendar)
        #expect(try JSONDecoder().decode(JobCalendar.self, from: json) == calendar)
    }

    @Test(arguments: [
        (#"{"summary": "x"}"#, "name"), (#"{"name": "x", "days": []}"#, "days"),
        (#"{"name": "No Good"}"#, "name"),
        (#"{"name": "x", "excluded": ["2026-02-30"]}"#, "excluded"),
        (#"{"name": "x", "excluded": ["2026-2-3"]}"#, "excluded"),
        (#"{"name": "x", "excluded": ["2026-02-03", "2026-02-03"]}"#, "excluded"),
        (#"{"name": "x", "excluded": ["2026-02-03", "2026-02-02"]}"#, "excluded"),
        (#"{"name": "x", "from": 2025, "until": 2025, "excluded": ["2026-02-03"]}"#, "excluded"),
        (#"{"name": "x", "from": 2026, "until": 2025}"#, "until"), (#"{"name": "x", "from": 1900}"#, "from"),
        (#"{"name": "x", "until": 9999}"#, "until"), (#"{"name": "x", "weekends": "off"}"#, "weekends"),
        (#"{"name": "x", "included": ["2026-02-14"]}"#, "included"),
        (#"{"name": "x", "weekends": "excluded", "included": ["2026-02-13"]}"#, "included"),
        (
            #"{"name": "x", "weekends": "excluded", "excluded": ["2026-02-14"], "included": ["2026-02-14"]}"#,
            "included"
        ),
    ])
    func `what is no calendar is refused with the key at fault`(text: String, key: String) throws {
        let error = try #require(throws: DecodingError.self) {
            try JSONDecoder().decode(JobCalendar.self, from: Data(text.utf8))
        }
        let place: String? =
            switch error {
            case .keyNotFound(let missing, _): missing.stringValue
            case .dataCorrupted(let context): context.codingPath.last?.stringValue
            default: nil
            }
        #expect(place == key, "\(error)")
    }
}
