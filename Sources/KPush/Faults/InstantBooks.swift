import Groundwork
import Scheduler

/// When each job was due, and whether somebody planned it or wrote down that it was skipped.
///
/// It goes by when jobs were made, and not by what was planned: one that nobody plans any more has no run that would
/// show it.
struct InstantBooks: Sendable {
    private struct Page: Sendable {
        let first: Moment
        var planned: Set<Moment> = []
        var skipped: [ClosedRange<Moment>] = []

        func explains(_ instant: Moment) -> Bool {
            planned.contains(instant) || skipped.contains { $0.contains(instant) }
        }
    }

    /// What is between two instants of each job.
    static let period = Duration.seconds(1)

    private var pages: [JobID: Page]

    /// Begins with what was made.
    ///
    /// - Parameter firsts: when each job was due first.
    init(_ firsts: [JobID: Moment]) {
        pages = firsts.mapValues { Page(first: $0) }
    }

    /// Notes that a run was planned for an instant.
    mutating func plan(_ job: JobID, at instant: Moment) {
        pages[job]?.planned.insert(instant)
    }

    /// Notes a record of instants that were skipped: the one that was due, and all up to when it was written.
    mutating func skip(_ job: JobID, from instant: Moment, writtenAt written: Moment) {
        pages[job]?.skipped.append(instant...max(instant, written))
    }

    /// How many instants up to `end` nobody planned and no record explains.
    func missing(until end: Moment) -> Int {
        pages.values.reduce(0) { sum, page in
            var missing = 0
            var instant = page.first
            while instant <= end {
                if !page.explains(instant) { missing += 1 }
                instant = instant + Self.period
            }
            return sum + missing
        }
    }
}
