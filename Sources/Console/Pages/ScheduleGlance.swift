import Foundation
import Groundwork
import Scheduler

/// What a schedule will do: in words, its next fires, and what may surprise.
struct ScheduleGlance: Sendable {
    /// A fire as the clocks of the schedule's zone show it, and as those of the page do where they differ.
    struct Fire: Sendable {
        let there: Stamp
        let here: Stamp?
    }

    /// Nil where it is no schedule.
    let words: String?
    let zone: String?
    let fires: [Fire]
    let warnings: [String]
    /// Why it is no schedule.
    let fault: String?
    /// Whether nothing is planned without its being wrong.
    let isQuiet: Bool

    private static let count = 5

    /// Looks ahead.
    ///
    /// - Parameters:
    ///   - schedule: the schedule.
    ///   - first: its next fire where that is known; nil looks ahead from now.
    ///   - jobs: who looks.
    ///   - say: the reader's voice.
    init(_ schedule: ScheduleText, from first: Moment? = nil, by jobs: JobService, _ say: Voice) {
        do {
            let seen = try Self.look(schedule, from: first, by: jobs)
            let there = TimeZone(identifier: schedule.zone).map { say.at($0) } ?? say
            let isElsewhere = there.zone.identifier != say.zone.identifier
            let words = ScheduleWords(schedule, say)
            self.words = words.text
            zone = words.expression == nil ? nil : schedule.zone
            fires = seen.instants.map { instant in
                Fire(there: there.stamp(instant), here: isElsewhere ? say.stamp(instant) : nil)
            }
            warnings = seen.surprises.map { $0.text(in: say.language.ofCron) }
            fault = nil
            isQuiet = seen.instants.isEmpty && seen.surprises.isEmpty
        } catch {
            (words, zone, fires, warnings, isQuiet) = (nil, nil, [], [], false)
            fault = error.description
        }
    }

    /// Tells why it cannot be looked at.
    init(fault: String) {
        (words, zone, fires, warnings, isQuiet) = (nil, nil, [], [], false)
        self.fault = fault
    }

    /// Of a fixed delay only the first is known before the run has ended.
    private static func look(
        _ schedule: ScheduleText,
        from first: Moment?,
        by jobs: JobService
    ) throws(SchedulerError) -> (instants: [Moment], surprises: [ScheduleWarning]) {
        let isDelay = schedule.type == ScheduleType.fixedDelay.rawValue
        guard let first else {
            let seen = try jobs.preview(schedule, count: isDelay ? 1 : count)
            return (seen.instants, seen.surprises)
        }
        guard !isDelay else { return ([first], []) }
        let seen = try jobs.preview(schedule, from: first, count: count - 1)
        // Behind its last fire a schedule has none, which is no surprise.
        let isOver = seen.instants.isEmpty && schedule.type == ScheduleType.once.rawValue
        return ([first] + seen.instants, isOver ? [] : seen.surprises)
    }
}

extension Voice {
    /// The same voice where clocks show another zone's time.
    func at(_ zone: TimeZone) -> Voice {
        Voice(language: language, words: words, zone: zone, now: now)
    }
}
