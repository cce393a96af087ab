import Foundation
package import Groundwork

/// What holds a schedule back: days that do not count, a first and a last instant, and a spread.
package struct ScheduleLimits: Hashable, Sendable {
    /// The calendar whose days alone count; nil for all days.
    package var calendar: CalendarChoice?
    /// Further days on which nothing is due, as `2027-03-14`, in any order.
    package var except: [String]
    /// Before it nothing is due.
    package var from: Moment?
    /// After it nothing is due.
    package var until: Moment?
    /// By how much a trigger may be handed over later than it was due, so that not all begin at once; at most a day.
    package var jitter: Duration

    package init(
        calendar: CalendarChoice? = nil,
        except: [String] = [],
        from: Moment? = nil,
        until: Moment? = nil,
        jitter: Duration = .zero
    ) {
        self.calendar = calendar
        self.except = except
        self.from = from
        self.until = until
        self.jitter = jitter
    }

    /// All of them are looked at whenever the job is planned: more than ten years have.
    private static let mostDates = 4_000

    /// Nothing holds it back.
    package static let none = ScheduleLimits()

    /// Whether some days do not count.
    var hasDays: Bool { calendar != nil || !except.isEmpty }

    /// Refuses what no schedule can be held back by.
    ///
    /// - Throws: `ScheduleError` naming the part at fault.
    func check() throws(ScheduleError) {
        guard except.count <= Self.mostDates else {
            throw ScheduleError(field: "except", reason: "must name at most \(Self.mostDates) days")
        }
        if case .own(let calendar) = calendar,
            max(calendar.excludedDays.count, calendar.includedDays.count) > Self.mostDates
        {
            let reason = "must name at most \(Self.mostDates) days off, and as many that count"
            throw ScheduleError(field: "calendar", reason: reason)
        }
        _ = try days()
        if let from, let until, until < from {
            throw ScheduleError(field: "until", reason: "lies before the first instant")
        }
        guard jitter >= .zero, jitter <= .seconds(86_400) else {
            throw ScheduleError(field: "jitter", reason: "must be from 0 to 86400 seconds")
        }
    }

    /// The days that count; nil for all.
    ///
    /// - Throws: `ScheduleError` for a calendar that does not exist, or a day that is none.
    func days() throws(ScheduleError) -> JobCalendar? {
        guard hasDays else { return nil }
        var dates: [CivilDate] = []
        for text in except {
            guard let date = CivilDate(text) else {
                throw ScheduleError(field: "except", reason: "'\(text)' is no day: write it as 2027-03-14")
            }
            dates.append(date)
        }
        guard let calendar else {
            return try Self.making { () throws(CalendarError) in try JobCalendar(without: dates) }
        }
        let known = try calendar.calendar()
        return try Self.making { () throws(CalendarError) in try known.without(dates) }
    }

    private static func making(
        _ make: () throws(CalendarError) -> JobCalendar
    ) throws(ScheduleError) -> JobCalendar {
        do { return try make() } catch {
            throw ScheduleError(field: "except", reason: error.description)
        }
    }
}

extension JobCalendar {
    /// All days but these.
    init(without dates: [CivilDate]) throws(CalendarError) {
        try self.init(name: "except", excluded: Self.inOrder(dates))
    }

    /// The same calendar without these days; those of years that it does not cover change nothing.
    func without(_ dates: [CivilDate]) throws(CalendarError) -> JobCalendar {
        let further = dates.filter { years.contains($0.year) }
        let off = excludedDays.map { CivilDate(dayNumber: $0) } + further
        let on = includedDays.subtracting(further.map(\.dayNumber)).map { CivilDate(dayNumber: $0) }
        return try JobCalendar(
            name: name,
            summary: summary,
            years: years,
            excludesWeekends: excludesWeekends,
            excluded: Self.inOrder(off),
            included: Self.inOrder(on)
        )
    }

    private static func inOrder(_ dates: [CivilDate]) -> [CivilDate] {
        Set(dates.map(\.dayNumber)).sorted().map { CivilDate(dayNumber: $0) }
    }
}

/// As stores and definition files spell it, inside of a schedule; what does not hold it back is left out.
extension ScheduleLimits: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case calendar, except, from, until
        case jitter = "jitter_seconds"
    }

    package init(from decoder: any Decoder) throws {
        try self.init(from: decoder, in: .utc)
    }

    /// Reads it where instants without an offset are those of the clocks of `rules`.
    init(from decoder: any Decoder, in rules: ZoneRules) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            calendar: try keys.decodeIfPresent(CalendarChoice.self, forKey: .calendar),
            except: try keys.decodeIfPresent([String].self, forKey: .except) ?? [],
            from: try Self.instant(keys, .from, rules),
            until: try Self.instant(keys, .until, rules),
            jitter: try keys.secondsIfPresent(.jitter) ?? .zero
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encodeIfPresent(calendar, forKey: .calendar)
        if !except.isEmpty { try keys.encode(except, forKey: .except) }
        try keys.encodeIfPresent(from.map { InstantText.local($0, in: .utc) }, forKey: .from)
        try keys.encodeIfPresent(until.map { InstantText.local($0, in: .utc) }, forKey: .until)
        if jitter != .zero { try keys.encode(jitter.inSeconds, forKey: .jitter) }
    }

    private static func instant(
        _ keys: KeyedDecodingContainer<CodingKeys>,
        _ key: CodingKeys,
        _ rules: ZoneRules
    ) throws -> Moment? {
        guard let text = try keys.decodeIfPresent(String.self, forKey: key) else { return nil }
        guard let moment = InstantText.moment(text, in: rules) else {
            throw DecodingError.dataCorruptedError(
                forKey: key,
                in: keys,
                debugDescription: "'\(text)' is no instant: write it as 2027-03-14T02:30:00+08:00"
            )
        }
        return moment
    }
}
