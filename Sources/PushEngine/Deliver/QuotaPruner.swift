package import Groundwork
package import Logging
import ServiceLifecycle

/// Forgets the counts that no rule looks at any more, a few at a time, so that nobody who sends waits for it.
package struct QuotaPruner: Service {
    private let quotas: any QuotaStore
    /// The longest time for which any text counts as a repeat.
    private let window: Duration
    private let calendar: BusinessCalendar
    private let clock: any WallClock
    private let timer: any Clock<Duration>
    private let logger: Logger

    /// The wait between two steps while there is something to forget.
    private static let breath = Duration.seconds(5)
    /// How often it is looked whether a day is over.
    private static let lookEvery = Duration.seconds(600)

    package init(
        quotas: any QuotaStore,
        rules: [MessageType: QuotaRules],
        calendar: BusinessCalendar,
        clock: any WallClock,
        timer: any Clock<Duration>,
        logger: Logger
    ) {
        self.quotas = quotas
        window = MessageType.allCases.map { (rules[$0] ?? QuotaRules()).contentWindow }.max() ?? .zero
        self.calendar = calendar
        self.clock = clock
        self.timer = timer
        self.logger = logger
    }

    /// Prunes until graceful shutdown or cancellation.
    package func run() async {
        await cancelWhenGracefulShutdown { await pruneDayByDay() }
    }

    private func pruneDayByDay() async {
        var done: Int?
        while !Task.isCancelled {
            // What was sent before midnight counts for a while after it.
            let day = calendar.day(of: clock.now - window)
            let isMore = day == done ? false : await prune(before: day, &done)
            do { try await timer.sleep(for: isMore ? Self.breath : Self.lookEvery) } catch { return }
        }
    }

    /// Takes a step and notes the day when it was the last; true when there may be more.
    private func prune(before day: Int, _ done: inout Int?) async -> Bool {
        do {
            if try await quotas.prune(before: day) { return true }
            done = day
        } catch {
            logger.warning("quotas not pruned", metadata: [LogKey.error: "\(error)"])
        }
        return false
    }
}
