import Groundwork
import Scheduler

extension CalendarChoice {
    /// Reads the member `calendar`: a name, or the days of a calendar of the schedule's own.
    ///
    /// - Parameter input: the schedule's members.
    /// - Returns: the choice; nil when there is none.
    /// - Throws: `InputFault` that names the part at fault.
    static func read(_ input: inout Input) throws -> CalendarChoice? {
        guard input.raw("calendar")?.object != nil else {
            return try (input.optional("calendar") as String?).map { .builtIn($0) }
        }
        return try input.object("calendar") { .own(try JobCalendar(&$0)) }
    }
}

/// As a form carries it: a name, or the JSON of a calendar of the schedule's own, which no form changes.
extension CalendarChoice {
    var formText: String {
        guard case .own = self else { return name }
        return String(decoding: wire.json, as: UTF8.self)
    }

    /// Reads what a form sends back.
    ///
    /// - Parameter text: a name, or JSON.
    /// - Throws: `InputFault` for JSON that is no calendar.
    init(formText text: String) throws {
        guard text.hasPrefix("{") else {
            self = .builtIn(text)
            return
        }
        var input = try Input(json: Array(text.utf8))
        self = .own(try JobCalendar(&input))
        try input.finish()
    }
}

extension JobCalendar {
    fileprivate init(_ input: inout Input) throws {
        let every = Self.everyYear
        let from = try input.optional("from", in: every) ?? every.lowerBound
        let until = try input.optional("until", in: every) ?? every.upperBound
        guard from <= until else {
            throw InputFault(.outOfRange, field: input.path("until"), "lies before from")
        }
        let name: String = try input.required("name")
        let summary: String = try input.optional("summary") ?? ""
        let weekends: Weekends = try input.optional("weekends") ?? .counted
        let excluded = try Self.days(&input, "excluded")
        let included = try Self.days(&input, "included")
        do throws(CalendarError) {
            self = try JobCalendar(
                name: name,
                summary: summary,
                years: from...until,
                excludesWeekends: weekends == .excluded,
                excluded: excluded,
                included: included
            )
        } catch {
            throw InputFault(.outOfRange, field: input.path(error.field), error.reason)
        }
    }

    private static func days(_ input: inout Input, _ name: String) throws(InputFault) -> [CivilDate] {
        let texts: [String] = try input.values(name) ?? []
        var days: [CivilDate] = []
        for (index, text) in texts.enumerated() {
            guard let day = CivilDate(text) else {
                let place = "\(input.path(name))[\(index)]"
                throw InputFault(.outOfRange, field: place, "must be a day such as 2027-03-14")
            }
            days.append(day)
        }
        return days
    }
}
