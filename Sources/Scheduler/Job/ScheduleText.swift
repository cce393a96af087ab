import Foundation
package import Groundwork

/// Which kind of schedule a job has, in the words of the wire and the stores.
package enum ScheduleType: String, CaseIterable, Codable, Sendable {
    case none = "NONE"
    case cron = "CRON"
    case fixedRate = "FIX_RATE"
    case fixedDelay = "FIX_DELAY"
    case once = "RUN_AT"
}

/// Why a text is not a schedule.
package struct ScheduleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The part at fault: `type`, `conf`, `zone`, `daylight`, `calendar`, `except`, `until` or `jitter`.
    package let field: String
    /// What is wrong, in one line.
    package let reason: String

    /// Makes the error.
    package init(field: String, reason: String) {
        self.field = field
        self.reason = reason
    }

    /// Field and reason in one line.
    package var description: String { "\(field): \(reason)" }
}

/// A schedule as it is stored, sent and typed in.
package struct ScheduleText: Hashable, Encodable, Sendable {
    /// `CRON`, `FIX_RATE`, `FIX_DELAY`, `RUN_AT` or `NONE`.
    package var type: String
    /// What the type needs.
    ///
    /// A cron expression; a period such as `30` (seconds), `500ms`, `5m`, `2h`, `1d`; an instant in ISO 8601
    /// or in milliseconds since the epoch; empty for `NONE`.
    package var conf: String
    /// The zone of a cron expression, and of an instant without an offset.
    package var zone: String
    /// The daylight-saving policy of a cron expression.
    package var daylight: String
    /// What a fixed rate counts from.
    package var anchor: Moment
    /// What holds it back.
    package var limits: ScheduleLimits

    /// Makes the text from its parts.
    package init(
        type: String,
        conf: String,
        zone: String = "UTC",
        daylight: String = DaylightPolicy.vixie.rawValue,
        anchor: Moment = Moment(millisecondsSinceEpoch: 0),
        limits: ScheduleLimits = .none
    ) {
        self.type = type
        self.conf = conf
        self.zone = zone
        self.daylight = daylight
        self.anchor = anchor
        self.limits = limits
    }

    /// Writes `schedule`; reading it again gives the same schedule.
    package init(_ schedule: Schedule) {
        switch schedule {
        case .cron(let expression, let zone, let daylight):
            self.init(type: .cron, expression.text)
            self.zone = zone.identifier
            self.daylight = daylight.rawValue
        case .fixedRate(let period, let anchor):
            self.init(type: .fixedRate, DurationText.text(period))
            self.anchor = anchor
        case .fixedDelay(let delay): self.init(type: .fixedDelay, DurationText.text(delay))
        case .once(let moment): self.init(type: .once, InstantText.local(moment, in: .utc))
        case .none: self.init(type: .none, "")
        }
    }

    private init(type: ScheduleType, _ conf: String) {
        self.init(type: type.rawValue, conf: conf)
    }
}

extension Schedule {
    /// Reads a schedule.
    ///
    /// - Throws: `ScheduleError` naming the part at fault.
    package init(_ text: ScheduleText) throws(ScheduleError) {
        guard let type = ScheduleType(rawValue: text.type) else {
            let types = ScheduleType.allCases.map(\.rawValue).joined(separator: ", ")
            throw ScheduleError(field: "type", reason: "there is no such type: use one of \(types)")
        }
        switch type {
        case .none: self = .none
        case .cron: self = try Self.cron(text)
        case .fixedRate: self = .fixedRate(period: try Self.period(text), anchor: text.anchor)
        case .fixedDelay: self = .fixedDelay(try Self.period(text))
        case .once: self = try Self.once(text)
        }
    }

    private static func cron(_ text: ScheduleText) throws(ScheduleError) -> Schedule {
        guard let daylight = DaylightPolicy(rawValue: text.daylight) else {
            let policies = DaylightPolicy.allCases.map(\.rawValue).joined(separator: ", ")
            throw ScheduleError(field: "daylight", reason: "there is no such policy: use one of \(policies)")
        }
        guard let zone = ZoneRules.zone(named: text.zone) else { throw .unknownZone }
        do throws(CronSyntaxError) {
            return .cron(try CronExpression(text.conf), zone: zone, daylight: daylight)
        } catch {
            throw ScheduleError(field: "conf", reason: error.description)
        }
    }

    private static func period(_ text: ScheduleText) throws(ScheduleError) -> Duration {
        guard let period = DurationText.duration(text.conf) else {
            let reason = "not a period: write whole seconds, or a number with ms, s, m, h or d, above 0"
            throw ScheduleError(field: "conf", reason: reason)
        }
        return period
    }

    private static func once(_ text: ScheduleText) throws(ScheduleError) -> Schedule {
        guard let rules = ZoneRules(named: text.zone) else { throw .unknownZone }
        guard let moment = InstantText.moment(text.conf, in: rules) else {
            let reason =
                "not an instant: write it as 2027-03-14T02:30:00+08:00 or in milliseconds since the epoch"
            throw ScheduleError(field: "conf", reason: reason)
        }
        return .once(at: moment)
    }
}

extension ScheduleError {
    static let unknownZone = ScheduleError(
        field: "zone",
        reason: "there is no such time zone: use a name such as Asia/Shanghai"
    )
}
