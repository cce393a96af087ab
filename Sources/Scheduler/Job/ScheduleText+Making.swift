package import Groundwork

extension ScheduleText {
    /// No schedule: triggered by hand or over the API alone.
    package static let manual = ScheduleText(type: ScheduleType.none.rawValue, conf: "")

    /// A cron expression read in `zone`.
    package static func cron(
        _ expression: String,
        zone: String = "UTC",
        daylight: String = DaylightPolicy.vixie.rawValue
    ) -> ScheduleText {
        ScheduleText(type: ScheduleType.cron.rawValue, conf: expression, zone: zone, daylight: daylight)
    }

    /// Every `period`, counted from when the job is enabled.
    package static func every(_ period: Duration) -> ScheduleText {
        ScheduleText(.fixedRate(period: period, anchor: Moment(millisecondsSinceEpoch: 0)))
    }

    /// `delay` after the end of each run.
    package static func after(_ delay: Duration) -> ScheduleText {
        ScheduleText(.fixedDelay(delay))
    }

    /// Once, at `moment`.
    package static func once(at moment: Moment) -> ScheduleText {
        ScheduleText(type: ScheduleType.once.rawValue, conf: String(moment.millisecondsSinceEpoch))
    }

    /// How long after the end of a run the job is due again; nil unless its delay is fixed.
    var fixedDelay: Duration? {
        // A text that is no schedule has no delay either; who stores it has refused it before.
        guard case .fixedDelay(let delay) = try? Schedule(self) else { return nil }
        return delay
    }
}
