import Groundwork

extension JobCalendar {
    /// The calendars that come with KPush, by name.
    package static let builtIn: [JobCalendar] = [chineseWorkdays].compactMap(\.self)

    /// The calendar called `name`; nil where none comes with KPush.
    package static func builtIn(named name: String) -> JobCalendar? {
        builtIn.first { $0.name == name }
    }

    /// The working days of mainland China, as the General Office of the State Council announced them.
    ///
    /// A test makes it, so that the data are a calendar.
    private static let chineseWorkdays = try? JobCalendar(
        name: "cn-workdays",
        summary: "Working days of mainland China: weekends and public holidays off, make-up days on",
        years: 2024...2026,
        excludesWeekends: true,
        excluded: ChineseHolidays.announced.flatMap(\.daysOff),
        included: ChineseHolidays.announced.flatMap(\.makeUpDays)
    )
}

/// One year's announcement of public holidays.
struct ChineseHolidays: Sendable {
    /// A holiday's first day and how many days the announcement counts for it.
    struct Break: Sendable {
        let month: Int
        let day: Int
        let length: Int

        init(_ month: Int, _ day: Int, days length: Int) {
            self.month = month
            self.day = day
            self.length = length
        }
    }

    let year: Int
    let breaks: [Break]
    /// Month and day of the Saturdays and Sundays that are worked.
    let worked: [(month: Int, day: Int)]

    /// The days off, in order.
    var daysOff: [CivilDate] {
        breaks.flatMap { holiday in
            let first = CivilDate(year: year, month: holiday.month, day: holiday.day).dayNumber
            return (0..<holiday.length).map { CivilDate(dayNumber: first + $0) }
        }
    }

    /// The make-up days, in order.
    var makeUpDays: [CivilDate] { worked.map { CivilDate(year: year, month: $0.month, day: $0.day) } }

    /// Every year that is covered, in order.
    ///
    /// A holiday that joins a weekend without moving one is counted as
    /// announced: by itself.
    static let announced = [
        // 国办发明电〔2023〕7号, 2023-10-25.
        ChineseHolidays(
            year: 2024,
            breaks: [
                Break(1, 1, days: 1), Break(2, 10, days: 8), Break(4, 4, days: 3), Break(5, 1, days: 5),
                Break(6, 10, days: 1), Break(9, 15, days: 3), Break(10, 1, days: 7),
            ],
            worked: [(2, 4), (2, 18), (4, 7), (4, 28), (5, 11), (9, 14), (9, 29), (10, 12)]
        ),
        // 国办发明电〔2024〕12号, 2024-11-12.
        ChineseHolidays(
            year: 2025,
            breaks: [
                Break(1, 1, days: 1), Break(1, 28, days: 8), Break(4, 4, days: 3), Break(5, 1, days: 5),
                Break(5, 31, days: 3), Break(10, 1, days: 8),
            ],
            worked: [(1, 26), (2, 8), (4, 27), (9, 28), (10, 11)]
        ),
        // 国办发明电〔2025〕7号, 2025-11-04.
        ChineseHolidays(
            year: 2026,
            breaks: [
                Break(1, 1, days: 3), Break(2, 15, days: 9), Break(4, 4, days: 3), Break(5, 1, days: 5),
                Break(6, 19, days: 3), Break(9, 25, days: 3), Break(10, 1, days: 7),
            ],
            worked: [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]
        ),
    ]
}
