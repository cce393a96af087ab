import Groundwork
import Logging

/// Counts the runs of each day and removes what is over for long enough, while this process leads.
package struct RunUpkeep: Sendable {
    private let runs: any RunBooks
    private let settings: UpkeepSettings
    private let calendar: RunCalendar
    private let wall: any WallClock
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// How many runs one step removes: several small transactions, so that nobody waits long.
    private static let batch = 500
    /// What is left over after so many steps goes next time.
    private static let mostSteps = 200

    init(_ parts: SchedulerParts, settings: UpkeepSettings) {
        runs = parts.runs
        self.settings = settings
        calendar = parts.calendar
        wall = parts.wall
        clock = parts.clock
        logger = parts.logger
    }

    /// Works until the task is cancelled or the lease turns out to be somebody else's.
    ///
    /// It takes no more than a twentieth of the time, however many runs there are. What it cannot do is told and tried again:
    /// jobs are fired whether their runs are counted or not.
    ///
    /// - Throws: `StoreError` of code `.staleToken`.
    func run(under lease: Lease) async throws {
        while !Task.isCancelled {
            let round = Stopwatch(clock)
            do {
                try await count(under: lease)
                try await clear(under: lease)
            } catch let error as StoreError where error.code != .staleToken {
                logger.log(
                    level: error.isTransient ? .warning : .error,
                    "runs not counted",
                    metadata: [LogKey.error: "\(error)"]
                )
            }
            // Being cancelled while asleep is noticed by the loop's condition.
            try? await clock.sleep(for: max(settings.period, round.elapsed * 19))
        }
    }

    /// Counts today and the days that have changed since the last time, the newest first.
    func count(under lease: Lease) async throws {
        let now = wall.now
        let today = calendar.day(of: now)
        let changed = try await runs.unsettled(before: calendar.span(of: today).lowerBound)
        for day in Set(changed.map { calendar.day(of: $0) }).union([today]).sorted(by: >) {
            try await runs.count(day, within: calendar.span(of: day), token: lease.token)
        }
        try await runs.settle(until: now - settings.settling, token: lease.token)
    }

    /// Removes runs and counts that were kept for long enough.
    func clear(under lease: Lease) async throws {
        let now = wall.now
        let keeps = try await runs.keeps()
        var count = try await clear(.all(except: Set(keeps.keys)), endedBefore: now - settings.runRetention)
        for (job, keep) in keeps where !Task.isCancelled {
            count += try await clear(.job(job), endedBefore: now - keep)
        }
        if count > 0 { logger.debug("old runs removed", metadata: ["runs": "\(count)"]) }
        let oldest = calendar.day(of: now - settings.countRetention)
        try await runs.forgetCounts(before: oldest, token: lease.token)
    }

    private func clear(_ scope: RunScope, endedBefore moment: Moment) async throws -> Int {
        var count = 0
        for _ in 0..<Self.mostSteps where !Task.isCancelled {
            let selection = RunSelection(scope, .endedBefore(moment))
            let step = try await runs.clear(selection, limit: Self.batch, by: calendar)
            count += step
            if step < Self.batch { break }
        }
        return count
    }
}

/// How runs are counted, and how long what is over is kept.
package struct UpkeepSettings: Hashable, Sendable {
    /// The wait between two rounds, at least.
    package var period = Duration.seconds(60)
    /// How long after its end a run is certain to be seen: an end is written a little after the instant it bears.
    package var settling = Duration.seconds(120)
    /// How long ended runs are kept whose job says nothing else.
    package var runRetention = Duration.seconds(30 * 86_400)
    /// How long the counts of days are kept.
    package var countRetention = Duration.seconds(400 * 86_400)

    package init() {}
}
