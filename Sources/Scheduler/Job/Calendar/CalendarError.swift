import Groundwork

/// Why a calendar is none, or cannot answer.
package struct CalendarError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The calendar's name.
    package let calendar: String
    /// The part at fault: `name`, `summary`, `from`, `until`, `excluded`, `included`; or `day` when the calendar
    /// does not cover a day that matters.
    package let field: String
    /// What is wrong, and what to do, in one line.
    package let reason: String

    /// Calendar, field and reason in one line.
    package var description: String { "calendar \(calendar), \(field): \(reason)" }
}

extension JobCalendar {
    /// That it says nothing of a day on which something would be due.
    func notCovered(_ date: CivilDate) -> CalendarError {
        let span = years.count == 1 ? "\(years.lowerBound)" : "\(years.lowerBound) to \(years.upperBound)"
        let reason = "\(date.text) is not covered: it speaks for \(span); add the days of \(date.year)"
        return CalendarError(calendar: name, field: "day", reason: reason)
    }

    /// The same, for who looks ahead.
    func warning(of date: CivilDate) -> ScheduleWarning {
        let span = years.count == 1 ? "\(years.lowerBound)" : "\(years.lowerBound) 至 \(years.upperBound)"
        return ScheduleWarning(
            notCovered(date).description,
            "日历 \(name) 未涵盖 \(date.text)：仅含 \(span) 年；请补充 \(date.year) 年的日期"
        )
    }

    /// Refuses what no calendar can be.
    func check(_ excluded: [CivilDate], _ included: [CivilDate]) throws(CalendarError) {
        let isNamed =
            (1...64).contains(name.utf8.count)
            && name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }
        guard isNamed else { throw fault("name", "must be 1 to 64 of lower-case letters, digits and dashes") }
        guard summary.count <= 1_000 else { throw fault("summary", "must have at most 1000 characters") }
        guard YearSet.range.contains(years.lowerBound) else {
            throw fault("from", "must be from \(YearSet.range.lowerBound) to \(YearSet.range.upperBound)")
        }
        guard YearSet.range.contains(years.upperBound) else {
            throw fault("until", "must be from \(YearSet.range.lowerBound) to \(YearSet.range.upperBound)")
        }
        try check(excluded, "excluded")
        try check(included, "included")
        for date in included {
            guard !excludedDays.contains(date.dayNumber) else {
                throw fault("included", "\(date.text) is excluded too")
            }
            guard excludesWeekends, date.isWeekend else {
                throw fault("included", "\(date.text) counts anyway: only excluded weekends can be included")
            }
        }
    }

    private func check(_ dates: [CivilDate], _ field: String) throws(CalendarError) {
        var last: CivilDate?
        for date in dates {
            guard date.exists else {
                throw fault(field, "there is no day \(date.year)-\(date.month)-\(date.day)")
            }
            guard years.contains(date.year) else {
                throw fault(
                    field,
                    "\(date.text) lies outside of the years \(years.lowerBound) to \(years.upperBound)"
                )
            }
            if let last, last.dayNumber >= date.dayNumber {
                throw fault(field, "\(date.text) stands after \(last.text): write each day once, in order")
            }
            last = date
        }
    }

    private func fault(_ field: String, _ reason: String) -> CalendarError {
        CalendarError(calendar: name, field: field, reason: reason)
    }
}
