import Groundwork

/// A calendar in a file:
///
///     name: acme-workdays
///     summary: when our offices are open
///     from: 2026
///     until: 2027
///     weekends: excluded
///     excluded: [2026-01-01, 2026-12-25]
///     included: [2026-02-14]
extension JobCalendar: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, summary, from, until, weekends, excluded, included
    }

    /// Whether Saturdays and Sundays count, in the words of files and of the API.
    package enum Weekends: String, Codable, CaseIterable, Sendable {
        case counted
        case excluded
    }

    /// Days off, as `2027-03-14`, in order.
    package var daysOff: [String] { Self.texts(excludedDays) }

    /// Weekend days that count, as `2027-03-14`, in order.
    package var makeUpDays: [String] { Self.texts(includedDays) }

    /// What it says of Saturdays and Sundays.
    package var weekends: Weekends { excludesWeekends ? .excluded : .counted }

    /// Reads the words of a calendar file; only `name` must be there.
    ///
    /// - Parameter decoder: where the words are.
    /// - Throws: `DecodingError` that names a missing, wrong or unknown key.
    package init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(known: CodingKeys.allCases.map(\.rawValue))
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        let from = try keys.decodeIfPresent(Int.self, forKey: .from) ?? YearSet.range.lowerBound
        let until = try keys.decodeIfPresent(Int.self, forKey: .until) ?? YearSet.range.upperBound
        guard from <= until else {
            throw Self.corrupted(keys.codingPath + [CodingKeys.until], "lies before from")
        }
        let weekends = try keys.decodeIfPresent(Weekends.self, forKey: .weekends) ?? .counted
        do {
            try self.init(
                name: try keys.decode(String.self, forKey: .name),
                summary: try keys.decodeIfPresent(String.self, forKey: .summary) ?? "",
                years: from...until,
                excludesWeekends: weekends == .excluded,
                excluded: try Self.dates(keys, .excluded),
                included: try Self.dates(keys, .included)
            )
        } catch let error as CalendarError {
            throw Self.corrupted(keys.codingPath + [AnyKey(stringValue: error.field)], error.reason)
        }
    }

    /// Writes the words of a calendar file.
    ///
    /// - Parameter encoder: where to write them.
    /// - Throws: what the encoder throws.
    package func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(name, forKey: .name)
        try keys.encode(summary, forKey: .summary)
        try keys.encode(years.lowerBound, forKey: .from)
        try keys.encode(years.upperBound, forKey: .until)
        try keys.encode(weekends, forKey: .weekends)
        try keys.encode(daysOff, forKey: .excluded)
        try keys.encode(makeUpDays, forKey: .included)
    }

    private static func texts(_ days: Set<Int>) -> [String] {
        days.sorted().map { CivilDate(dayNumber: $0).text }
    }

    private static func dates(
        _ keys: KeyedDecodingContainer<CodingKeys>,
        _ key: CodingKeys
    ) throws -> [CivilDate] {
        try (keys.decodeIfPresent([String].self, forKey: key) ?? [])
            .map { text in
                guard let date = CivilDate(text) else {
                    throw corrupted(keys.codingPath + [key], "'\(text)' is no day: write it as 2027-03-14")
                }
                return date
            }
    }

    private static func corrupted(_ path: [any CodingKey], _ reason: String) -> DecodingError {
        DecodingError.dataCorrupted(.init(codingPath: path, debugDescription: reason))
    }
}

extension CivilDate {
    /// Reads `2027-03-14`; nil when `text` is anything else, or the month has no such day.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.map(\.count) == [4, 2, 2], !text.contains("+"),
            let year = Int(Substring(parts[0])), let month = Int(Substring(parts[1])),
            let day = Int(Substring(parts[2]))
        else { return nil }
        self.init(year: year, month: month, day: day)
        guard exists else { return nil }
    }
}
