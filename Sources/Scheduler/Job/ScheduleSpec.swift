import Foundation
package import Groundwork

/// A schedule as it is written down: by an operator, in a definition, in the store.
package struct ScheduleSpec: Hashable, Sendable, Codable {
    /// What the text says.
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// A cron expression, read in the zone.
        case cron = "CRON"
        /// Milliseconds between one planned instant and the next.
        case fixedRate = "FIX_RATE"
        /// Milliseconds between the end of a run and the next planned instant.
        case fixedDelay = "FIX_DELAY"
        /// One instant, in milliseconds since the epoch.
        case once = "ONCE"
        /// Runs only when triggered by hand or over the API.
        case none = "NONE"
    }

    package var kind: Kind
    package var text: String
    /// The name of a time zone; used by cron alone.
    package var zone: String
    /// What happens to wall-clock times that a change of daylight saving skips or repeats; used by cron alone.
    package var daylight: String

    package init(kind: Kind, text: String = "", zone: String = "UTC", daylight: String = "vixie") {
        self.kind = kind
        self.text = text
        self.zone = zone
        self.daylight = daylight
    }

    /// No schedule: triggered by hand or over the API alone.
    package static let manual = ScheduleSpec(kind: .none)

    /// A cron expression read in `zone`.
    package static func cron(_ text: String, zone: String = "UTC", daylight: String = "vixie") -> ScheduleSpec
    {
        ScheduleSpec(kind: .cron, text: text, zone: zone, daylight: daylight)
    }

    /// Every `period`, counted from when the job is enabled.
    package static func every(_ period: Duration) -> ScheduleSpec {
        ScheduleSpec(kind: .fixedRate, text: String(period.wholeMilliseconds))
    }

    /// `delay` after the end of each run.
    package static func after(_ delay: Duration) -> ScheduleSpec {
        ScheduleSpec(kind: .fixedDelay, text: String(delay.wholeMilliseconds))
    }

    /// Once, at `moment`.
    package static func once(at moment: Moment) -> ScheduleSpec {
        ScheduleSpec(kind: .once, text: String(moment.millisecondsSinceEpoch))
    }
}
