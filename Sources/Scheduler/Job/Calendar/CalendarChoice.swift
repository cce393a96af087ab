package import Groundwork

/// The calendar that a schedule goes by: one that comes with KPush, or one that is written with the schedule.
///
/// A schedule carries its own calendar whole: what a job would have done is told by its versions alone, and changing a
/// calendar is changing the jobs that have it, seen and checked as any change of a job.
package enum CalendarChoice: Hashable, Sendable {
    /// One that comes with KPush, by its name.
    case builtIn(String)
    /// One of the schedule's own.
    case own(JobCalendar)

    /// The name that people know it by.
    package var name: String {
        switch self {
        case .builtIn(let name): name
        case .own(let calendar): calendar.name
        }
    }

    /// The calendar itself.
    ///
    /// - Throws: `ScheduleError` when none of this name comes with KPush.
    func calendar() throws(ScheduleError) -> JobCalendar {
        switch self {
        case .own(let calendar): return calendar
        case .builtIn(let name):
            if let known = JobCalendar.builtIn(named: name) { return known }
            let names = JobCalendar.builtIn.map(\.name).joined(separator: ", ")
            throw ScheduleError(
                field: "calendar",
                reason: "there is no calendar \(name): use one of \(names), or write out its days"
            )
        }
    }
}

/// A name, or the words of a calendar file.
extension CalendarChoice: Codable {
    /// Reads either.
    ///
    /// - Parameter decoder: where the name or the words are.
    /// - Throws: `DecodingError` that says what is wrong with the words.
    package init(from decoder: any Decoder) throws {
        do {
            self = .builtIn(try decoder.singleValueContainer().decode(String.self))
        } catch DecodingError.typeMismatch {
            self = .own(try JobCalendar(from: decoder))
        }
    }

    /// Writes what was read.
    ///
    /// - Parameter encoder: where to write it.
    /// - Throws: what the encoder throws.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .own(let calendar): try calendar.encode(to: encoder)
        case .builtIn(let name):
            var value = encoder.singleValueContainer()
            try value.encode(name)
        }
    }
}

extension CalendarChoice {
    /// As the API spells it: a name, or an object with the words of a calendar file.
    package var wire: WireValue {
        switch self {
        case .builtIn(let name): .text(name)
        case .own(let calendar):
            .object([
                "name": .text(calendar.name), "summary": .text(calendar.summary),
                "from": .integer(Int64(calendar.years.lowerBound)),
                "until": .integer(Int64(calendar.years.upperBound)),
                "weekends": .text(calendar.weekends.rawValue),
                "excluded": .list(calendar.daysOff.map(WireValue.text)),
                "included": .list(calendar.makeUpDays.map(WireValue.text)),
            ])
        }
    }
}

extension CalendarChoice: ExpressibleByStringLiteral {
    /// One that comes with KPush.
    package init(stringLiteral name: String) { self = .builtIn(name) }
}
