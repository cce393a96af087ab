package import Groundwork

/// What the schedules of some jobs come to in a span of time.
///
/// Triggers are counted; one that is split over executors is one. Hours, days and herds go by the instant at which a trigger is
/// handed over, which jitter may move.
package struct Forecast: Hashable, Sendable {
    /// The triggers of a day of the forecast's zone.
    package struct Day: Hashable, Sendable {
        /// As `2027-03-14`.
        package let date: String
        package internal(set) var triggers: Int
    }

    /// The triggers of an hour of the forecast's zone.
    package struct Hour: Hashable, Sendable {
        package let start: Moment
        package let triggers: Int
    }

    /// The names of some jobs, of which only the first are kept.
    package struct Names: Hashable, Sendable {
        /// How many names are kept.
        package static let limit = 20
        package private(set) var first: [JobName] = []
        package private(set) var count = 0

        mutating func add(_ name: JobName) {
            count += 1
            if first.count < Self.limit { first.append(name) }
        }
    }

    /// A second of the day in which many jobs are handed over at once.
    package struct Herd: Hashable, Sendable {
        /// The first second in which there are so many.
        package let second: Moment
        package let triggers: Int
        /// On how many days there are so many.
        package let times: Int
        /// Who they are in the first such second.
        package let jobs: Names
    }

    /// A job that is due while an earlier run of it goes on.
    package struct Overlap: Hashable, Sendable {
        package let job: JobName
        package let policy: BlockStrategy
        /// How long each run was taken to last.
        package let duration: Duration
        /// How many triggers meet an earlier run.
        package let count: Int
        /// How many there are in all.
        package let triggers: Int
        package let first: Moment
        /// How long a run waits at most for those before it; zero where the policy lets none wait.
        package let longestWait: Duration
    }

    /// What somebody who relies on the schedules may not expect.
    package struct Surprise: Hashable, Sendable {
        /// Which kind of surprise it is.
        package enum Kind: String, Hashable, Sendable, CaseIterable {
            /// Nothing is due any more, ever.
            case never
            /// Nothing is due within the forecast, but later.
            case notYet = "not_yet"
            /// A calendar does not know whether a day counts.
            case unknownDay = "unknown_day"
            /// Clocks are put forward over a trigger.
            case gap
            /// Clocks are put back over a trigger.
            case overlap
        }

        package let kind: Kind
        /// When it comes; nil where it never does.
        package let moment: Moment?
        /// What happens, for people.
        package let sentence: String
        package internal(set) var jobs: Names
    }

    package let from: Moment
    /// The first instant that is not in it.
    package let until: Moment
    /// How many jobs were counted that have a schedule.
    package let scheduled: Int
    /// How many have none, and run only when they are triggered.
    package let manual: Int
    package let triggers: Int
    package let busiestHour: Hour?
    /// Every day, in order; the first and the last may be parts of days.
    package let days: [Day]
    /// The fullest first.
    package let herds: [Herd]
    /// Those with the most triggers that meet an earlier run first.
    package let overlaps: [Overlap]
    /// In the order of time; first those that have none.
    package let surprises: [Surprise]

    /// The day with the most triggers; the first of several.
    package var busiestDay: Day? {
        days.reduce(days.first) { most, day in
            day.triggers > most?.triggers ?? 0 ? day : most
        }
    }
}
