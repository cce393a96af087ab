import Foundation
import Groundwork
import PushEngine
import Scheduler

/// A schedule in words, for people who do not read cron.
struct ScheduleWords: Sendable {
    let text: String
    /// The expression behind the words, where there is one.
    let expression: String?
    /// The zone it is read in, where that is not the zone of the page.
    let zone: String?

    init(_ schedule: ScheduleText, _ say: Voice) {
        guard let read = try? Schedule(schedule) else {
            self.init(schedule.conf, expression: nil, zone: nil)
            return
        }
        switch read {
        case .none: self.init(say("schedule-none"), expression: nil, zone: nil)
        case .once(let moment):
            self.init(say("schedule-once", ["at": say.stamp(moment).text]), expression: nil, zone: nil)
        case .fixedRate(let period, _):
            self.init(say("schedule-every", ["span": say.duration(period)]), expression: nil, zone: nil)
        case .fixedDelay(let delay):
            self.init(say("schedule-after", ["span": say.duration(delay)]), expression: nil, zone: nil)
        case .cron(let expression, let zone, _):
            self.init(
                expression.words(in: say.language.ofCron),
                expression: expression.text,
                zone: zone.identifier == say.zone.identifier ? nil : zone.identifier
            )
        }
    }

    init(_ schedule: CampaignSchedule, _ say: Voice) {
        switch schedule {
        case .manual: self.init(say("schedule-none"), expression: nil, zone: nil)
        case .once(let moment):
            self.init(say("schedule-once", ["at": say.stamp(moment).text]), expression: nil, zone: nil)
        case .cron(let expression, let zone):
            self.init(ScheduleText(type: ScheduleType.cron.rawValue, conf: expression, zone: zone), say)
        }
    }

    private init(_ text: String, expression: String?, zone: String?) {
        self.text = text
        self.expression = expression
        self.zone = zone
    }
}

extension Language {
    /// The language in which cron expressions are said.
    var ofCron: CronLanguage {
        switch self {
        case .english: .english
        case .chinese: .chinese
        }
    }
}
