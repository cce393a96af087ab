import Foundation
import Groundwork

extension ScheduleSpec {
    /// The schedule that is written here.
    ///
    /// - Throws: `ScheduleError` that names the field which makes no sense.
    package func read() throws(ScheduleError) -> Schedule {
        switch kind {
        case .none: return .none
        case .once: return .once(at: Moment(millisecondsSinceEpoch: try number(atLeast: 0)))
        case .fixedRate: return .fixedRate(.milliseconds(try number(atLeast: Self.shortestPeriod)))
        case .fixedDelay: return .fixedDelay(.milliseconds(try number(atLeast: Self.shortestPeriod)))
        case .cron: return try cron()
        }
    }

    /// How long after the end of a run the job is due again; nil unless its delay is fixed.
    package var fixedDelay: Duration? {
        guard kind == .fixedDelay, let milliseconds = Int64(text) else { return nil }
        return .milliseconds(milliseconds)
    }

    /// The shortest period in milliseconds: below it a schedule would be a busy loop.
    private static let shortestPeriod: Int64 = 100
    private static let longestPeriod: Int64 = 100 * 366 * 86_400_000

    private func number(atLeast least: Int64) throws(ScheduleError) -> Int64 {
        guard let number = Int64(text.trimmingBlanks) else {
            throw ScheduleError(field: "schedule.text", reason: "must be a whole number of milliseconds")
        }
        guard number >= least else {
            throw ScheduleError(field: "schedule.text", reason: "must be at least \(least) milliseconds")
        }
        guard kind == .once || number <= Self.longestPeriod else {
            throw ScheduleError(field: "schedule.text", reason: "must be at most a hundred years")
        }
        return number
    }

    private func cron() throws(ScheduleError) -> Schedule {
        guard let zone = TimeZone(identifier: zone) else {
            throw ScheduleError(field: "schedule.zone", reason: "is no known time zone")
        }
        guard let policy = DaylightPolicy(rawValue: daylight) else {
            let known = DaylightPolicy.allCases.map(\.rawValue).joined(separator: ", ")
            throw ScheduleError(field: "schedule.daylight", reason: "must be one of \(known)")
        }
        do {
            return .cron(try CronExpression(text), zone: zone, policy: policy)
        } catch {
            throw ScheduleError(field: "schedule.text", reason: "\(error)")
        }
    }
}

/// Why a schedule cannot be read.
package struct ScheduleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The field that makes no sense, such as `schedule.zone`.
    package let field: String
    /// What would be right, or what is wrong.
    package let reason: String

    package init(field: String, reason: String) {
        self.field = field
        self.reason = reason
    }

    package var description: String { "\(field) \(reason)" }
}
