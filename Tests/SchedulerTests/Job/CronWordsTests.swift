import Foundation
import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// What people read instead of a cron expression.
@Suite struct CronWordsTests {
    @Test func `every expression of the table is said as the table says it`() throws {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/cron-words", withExtension: "tsv"))
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
        try #require(lines.count >= 120)
        for line in lines {
            let cells = line.split(separator: "\t").map(String.init)
            try #require(cells.count == 3, "\(line)")
            let expression = try CronExpression(cells[0])
            #expect(expression.words(in: .english) == cells[1], "\(cells[0])")
            #expect(expression.words(in: .chinese) == cells[2], "\(cells[0])")
        }
    }

    @Test(arguments: CronLanguage.allCases, [UInt64(1), 2])
    func `two meanings never have the same words`(language: CronLanguage, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var said: [String: CronExpression] = [:]
        var shared = 0
        for _ in 0..<400 {
            var fields = Self.pools.map { $0[Int.random(in: 0..<$0.count, using: &random)] }
            // From one expression to the next a single field changes: the likeliest to be told alike.
            for _ in 0..<40 {
                let field = Int.random(in: 0..<Self.pools.count, using: &random)
                fields[field] = Self.pools[field].randomElement(using: &random) ?? "*"
                let days = fields[3].split(separator: "|")
                let text =
                    "\(fields[0]) \(fields[1]) \(fields[2]) \(days[0]) \(fields[4]) \(days[1]) \(fields[5])"
                // 31 February and the like have no meaning to be said.
                guard let expression = try? CronExpression(text) else { continue }
                let words = expression.words(in: language)
                if let other = said.updateValue(expression, forKey: words), other.text != text {
                    shared += 1
                    #expect(other.matchesAlike(expression), "\(other) and \(expression): \(words)")
                }
            }
        }
        #expect(said.count > 3_000)
        #expect(shared > 10, "the same meaning came in several spellings")
    }

    @Test func `an expression that fires most often is said as fast as any`() throws {
        let expression = try CronExpression("* * 1-22 * * ?")
        let took = ContinuousClock()
            .measure {
                for _ in 0..<100 { _ = expression.words(in: .english) }
            }
        #expect(took < .seconds(2))
    }

    /// Second, minute, hour, both day fields, month and year.
    private static let pools = [
        ["0", "0", "0", "5", "0,30", "*", "0/10", "5/10", "*/7", "1-4,9", "0/20"],
        [
            "0", "0", "0", "7", "0,30", "*", "0/5", "*/5", "2/5", "0/7", "1-5,10-50/5", "10,40", "50-10",
            "0-58",
            "59",
        ],
        [
            "0", "9", "*", "9,18", "0/2", "1/2", "0/5", "9-17", "9-16,17", "22-2", "0,9-17", "0/12",
            "1,3,5,7", "23",
            "0/8",
        ],
        ["*", "1", "1,15", "L", "L-1", "L-3", "LW", "L-3W", "15W", "1W,15W", "15W,20", "1-7", "1/2", "28-3"]
            .map { $0 + "|?" }
            + [
                "?|MON", "?|2", "?|MON-FRI", "?|SAT,SUN", "?|FRI-MON", "?|FRIL", "?|L", "?|FRI#1", "?|FRI#5",
                "?|MON,FRI#2", "?|MON-FRI,SATL", "?|SUN/2", "?|*", "?|MON-WED,SAT",
            ],
        ["*", "*", "1", "1,7", "1/3", "6-8", "NOV-FEB", "2-12"],
        ["*", "*", "*", "2030", "2027-2030", "2027/1", "2026/2", "2027,2029-2031"],
    ]
}

extension CronExpression {
    /// Whether both match the same readings of the clock.
    fileprivate func matchesAlike(_ other: CronExpression) -> Bool {
        seconds == other.seconds && minutes == other.minutes && hours == other.hours && years == other.years
            // Years repeat their weekdays and leap days every 28 years.
            && (1...12)
                .allSatisfy { month in
                    let isMatched = months.contains(month)
                    guard isMatched == other.months.contains(month) else { return false }
                    return !isMatched
                        || (2000..<2028)
                            .allSatisfy {
                                days.days(ofMonth: month, year: $0)
                                    == other.days.days(ofMonth: month, year: $0)
                            }
                }
    }
}
