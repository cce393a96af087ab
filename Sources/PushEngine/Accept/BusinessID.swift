/// Names one template on one day, as 16 digits; operators know it from links, records and traces.
///
/// The digits are the template's type (one), its number (seven) and the day (`yyyyMMdd`).
package struct BusinessID: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Makes the id of a template's sends of one day.
    ///
    /// - Returns: nil when the parts do not fit: types are 10 to 90 in tens, templates 0 to 9,999,999.
    package init?(templateType: Int, template: Int64, day: CalendarDay) {
        guard templateType % 10 == 0, 10...90 ~= templateType, 0...9_999_999 ~= template else { return nil }
        let head = Int64(templateType / 10) * 10_000_000 + template
        rawValue = head * 100_000_000 + Int64(day.number)
    }

    /// Reads the 16 digits.
    ///
    /// - Returns: nil when they are not 16 digits, or their day does not exist.
    package init?(_ text: String) {
        guard text.utf8.count == 16, text.utf8.allSatisfy({ 48...57 ~= $0 }), let value = Int64(text),
            value >= 1_000_000_000_000_000, CalendarDay(number: Int(value % 100_000_000)) != nil
        else { return nil }
        rawValue = value
    }

    /// The template's type code, such as 20.
    package var templateType: Int { Int(rawValue / 1_000_000_000_000_000) * 10 }

    /// The template's number.
    package var template: Int64 { rawValue / 100_000_000 % 10_000_000 }

    /// The day, when the digits name one that exists.
    package var day: CalendarDay? { CalendarDay(number: Int(rawValue % 100_000_000)) }
}

extension BusinessID: CustomStringConvertible {
    package var description: String { String(rawValue) }
}

/// A day of the calendar, without a zone.
package struct CalendarDay: Hashable, Comparable, Sendable, Codable {
    /// The day as a number, such as 20230815.
    package let number: Int

    /// Makes the day that a number such as 20230815 names.
    ///
    /// - Returns: nil when there is no such day.
    package init?(number: Int) {
        let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100)
        guard 1...9_999 ~= year, 1...12 ~= month, day >= 1 else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[month - 1] else { return nil }
        self.number = number
    }

    /// Makes the day from its parts; nil when there is no such day.
    package init?(year: Int, month: Int, day: Int) {
        guard 0...99 ~= month, 0...99 ~= day else { return nil }
        self.init(number: year * 10_000 + month * 100 + day)
    }

    package static func < (left: CalendarDay, right: CalendarDay) -> Bool { left.number < right.number }
}
