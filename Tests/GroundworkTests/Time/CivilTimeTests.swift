import Foundation
import Groundwork
import Testing

@Suite struct CivilTimeTests {
    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00Z"), (1_700_000_000, "2023-11-14T22:13:20Z"),
        (951_782_400, "2000-02-29T00:00:00Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"), (1_709_164_799, "2024-02-28T23:59:59Z"),
    ])
    func `an instant is written as UTC shows it`(seconds: Int64, text: String) {
        #expect(CivilTime(Moment(secondsSinceEpoch: seconds), offset: .zero).iso8601 == text)
    }

    @Test func `China is eight hours ahead, and its day begins while UTC has the day before`() throws {
        let moment = try #require(CivilTime("2023-11-15 06:13:20")).moment(offset: CivilTime.china)
        #expect(moment == Moment(secondsSinceEpoch: 1_700_000_000))
        #expect(CivilTime(moment, offset: CivilTime.china).compactDate == "20231115")
        #expect(CivilTime(moment, offset: .zero).date == "2023-11-14")
    }

    @Test func `every day from 1960 to 2110 goes there and back as Foundation's calendar counts it`() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        for day in stride(from: Int64(-3_653), to: 51_000, by: 7) {
            let moment = Moment(secondsSinceEpoch: day * 86_400 + 43_201)
            let civil = CivilTime(moment, offset: .zero)
            #expect(civil.moment(offset: .zero) == moment)
            let date = Date(timeIntervalSince1970: Double(moment.secondsSinceEpoch))
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            #expect([parts.year, parts.month, parts.day] == [civil.year, civil.month, civil.day])
        }
    }

    @Test(arguments: [
        "", "2023-11-14", "2023-11-14T22:13:20", "2023-02-29 00:00:00", "2023-13-01 00:00:00",
        "2023-04-31 00:00:00", "2023-11-14 24:00:00", "2023-11-14 22:60:00", "2023-11-14 22:13:60",
        "2023-1-14 22:13:20 ", "２023-11-14 22:13", "+023-11-14 22:13:20",
    ])
    func `what is no time is refused`(text: String) {
        #expect(CivilTime(text) == nil)
    }
}
