package import Groundwork

/// What became of runs in days past, and how they are removed.
extension RunService {
    /// The days of the report.
    package func day(of moment: Moment) -> RunDay { calendar.day(of: moment) }

    /// The instants that belong to a day.
    package func span(of day: RunDay) -> Range<Moment> { calendar.span(of: day) }

    /// The instant that `text` names, by the clocks of the report where it names no offset; nil when it is none.
    package func moment(_ text: String) -> Moment? { calendar.moment(text) }

    /// How many runs of some days came to what.
    ///
    /// - Throws: `SchedulerError.store` when it cannot be read.
    package func report(_ filter: RunDayFilter) async throws(SchedulerError) -> RunReport {
        do {
            return try await runs.report(filter)
        } catch {
            throw SchedulerError(error)
        }
    }

    /// How many jobs there are, and how many of them fail today.
    ///
    /// - Parameter permitted: the groups that whoever asks may see; nil for all.
    /// - Returns: the numbers.
    /// - Throws: `SchedulerError.store` when it cannot be read.
    package func census(permitted: Set<String>? = nil) async throws(SchedulerError) -> JobCensus {
        do {
            return try await runs.census(failingOn: calendar.day(of: wall.now), permitted: permitted)
        } catch {
            throw SchedulerError(error)
        }
    }

    /// How many runs `clear` would remove.
    ///
    /// - Parameter clearing: which.
    /// - Returns: their number; counts no further than `RunClearing.countLimit`.
    /// - Throws: `SchedulerError.invalid` for a rule that makes no sense.
    package func clearable(_ clearing: RunClearing) async throws(SchedulerError) -> Int {
        guard let selection = try await selection(clearing) else { return 0 }
        do {
            return try await runs.clearable(selection, limit: RunClearing.countLimit)
        } catch {
            throw SchedulerError(error)
        }
    }

    /// Removes ended runs in small steps, the oldest first; stops when the task is cancelled.
    ///
    /// - Parameter clearing: which.
    /// - Returns: how many were removed; at most `RunClearing.countLimit`, after which it is to be asked again.
    /// - Throws: `SchedulerError.invalid` for a rule that makes no sense.
    package func clear(_ clearing: RunClearing) async throws(SchedulerError) -> Int {
        guard let selection = try await selection(clearing) else { return 0 }
        var count = 0
        do {
            while !Task.isCancelled, count < RunClearing.countLimit {
                let step = try await runs.clear(selection, limit: RunClearing.batch, by: calendar)
                count += step
                if step < RunClearing.batch { break }
            }
        } catch {
            throw SchedulerError(error)
        }
        return count
    }

    /// Nil when there is nothing that it could name.
    private func selection(_ clearing: RunClearing) async throws(SchedulerError) -> RunSelection? {
        guard clearing.faults.isEmpty else { throw .invalid(clearing.faults) }
        switch clearing.rule {
        case .olderThan(let days):
            return RunSelection(clearing.scope, .endedBefore(wall.now - .seconds(86_400 * days)))
        case .allButNewest(let count):
            do {
                let last = try await runs.newest(beyond: count, of: clearing.scope)
                return last.map { RunSelection(clearing.scope, .through($0)) }
            } catch {
                throw SchedulerError(error)
            }
        }
    }
}

/// Which ended runs an operator wants to be rid of.
package struct RunClearing: Hashable, Sendable {
    package enum Rule: Hashable, Sendable {
        /// Those that ended so many days ago or more.
        case olderThan(days: Int)
        /// All but so many of the newest.
        case allButNewest(Int)
    }

    /// How many are counted or removed at a time.
    package static let countLimit = 100_000
    static let batch = 500
    /// How many of the newest can be kept: they are walked over to find the others.
    private static let mostKept = 1_000_000
    private static let mostDays = 3_650

    package let scope: RunScope
    package let rule: Rule

    package init(_ scope: RunScope, _ rule: Rule) {
        self.scope = scope
        self.rule = rule
    }

    /// What is wrong with it, by field.
    var faults: [FieldFault] {
        switch rule {
        case .olderThan(let days) where !(0...Self.mostDays).contains(days):
            [FieldFault("olderThanDays", "must be from 0 to \(Self.mostDays)")]
        case .allButNewest(let count) where !(0...Self.mostKept).contains(count):
            [FieldFault("keepNewest", "must be from 0 to \(Self.mostKept)")]
        case .olderThan, .allButNewest: []
        }
    }
}
