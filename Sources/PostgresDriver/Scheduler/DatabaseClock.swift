package import Groundwork
package import Logging
import ServiceLifecycle
import Synchronization

/// Tells the database's time, so that all processes agree about what is due, whatever their hosts' clocks show.
///
/// Between two measurements it counts by the host's monotonic clock. A measurement says between which two instants the
/// database's clock stood when the answer came; while what is shown lies between them nothing is changed, so that the
/// clock does not tremble. Otherwise:
///
/// - When the database is ahead, the clock jumps forward to it. What was due in between is late, and is treated as such.
/// - When the database is behind by no more than `patience`, the clock goes on at half its pace until both agree: it never
///   goes back, so nothing that was stamped lies in the future.
/// - When the database is behind by more, somebody has put its clock back, and the clock follows at once: to crawl would
///   mean to fire ever later than everybody expects. It goes back by no more than the database did. A trigger that was
///   planned is not planned again, because its job's next trigger has moved on and its run exists; jobs, and runs that are
///   not handed over yet, wait until the time they were stamped with comes again.
///
/// There is no clock before the first measurement: a process that cannot ask the database for the time could not ask
/// it for jobs either, and does not start.
package final class DatabaseClock: WallClock, Service {
    /// What the database's clock showed when the process's stopwatch showed `mark`, in microseconds since 1970, and how
    /// far what is shown was ahead of it then.
    private struct Setting {
        var mark: Duration
        var time: Int64
        var excess: Duration = .zero

        func time(at elapsed: Duration) -> Int64 {
            let passed = elapsed - mark
            return time + passed.wholeMicroseconds + max(.zero, excess - passed / 2).wholeMicroseconds
        }
    }

    /// Within which the database's clock stood when an answer came.
    private struct Measurement {
        var elapsed: Duration
        var earliest: Int64
        var latest: Int64

        var width: Int64 { latest - earliest }
        var middle: Int64 { earliest + width / 2 }
    }

    /// Up to which difference the clock waits for the database rather than going back; less than what makes a trigger
    /// count as missed.
    static let patience = Duration.seconds(5)
    /// How often the database is asked.
    static let period = Duration.seconds(5)
    /// How many answers are compared: the quickest says most.
    private static let samples = 4

    private let pool: PostgresPool
    private let clock: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    private let logger: Logger
    private let setting: Mutex<Setting>

    /// Asks the database for its time.
    ///
    /// - Parameters:
    ///   - pool: leads to the database.
    ///   - clock: counts between two measurements; a monotonic one that counts also while the host sleeps.
    ///   - logger: takes what an operator should know of the clocks.
    /// - Throws: `StoreError` when the database cannot be asked.
    package init(
        _ pool: PostgresPool,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) async throws(StoreError) {
        self.pool = pool
        self.clock = clock
        self.logger = logger
        let elapsed = Self.stopwatch(clock)
        self.elapsed = elapsed
        let first = try await Self.measure(pool, elapsed)
        setting = Mutex(Setting(mark: first.elapsed, time: first.middle))
    }

    package var now: Moment {
        let elapsed = elapsed()
        let time = setting.withLock { $0.time(at: elapsed) }
        return Moment(millisecondsSinceEpoch: time.flooredToThousands)
    }

    /// Asks the database again and again until cancelled or told to shut down; then the clock goes on as it was set.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Being cancelled while asleep is noticed by the loop's condition.
                try? await self.clock.sleep(for: Self.period)
                guard !Task.isCancelled else { return }
                do { try await self.adjust() } catch {
                    self.logger.warning("database's clock not read", metadata: [LogKey.error: "\(error)"])
                }
            }
        }
    }

    /// Asks the database once, and sets the clock.
    func adjust() async throws(StoreError) {
        let measured = try await Self.measure(pool, elapsed)
        let change = setting.withLock { setting -> Duration in
            let shown = setting.time(at: measured.elapsed)
            guard shown < measured.earliest || shown > measured.latest else { return .zero }
            let ahead = Duration.microseconds(shown - measured.middle)
            setting = Setting(mark: measured.elapsed, time: measured.middle)
            if ahead > .zero, ahead <= Self.patience { setting.excess = ahead }
            return .zero - ahead
        }
        guard change > .seconds(1) || change < .seconds(-1) else { return }
        logger.warning("database's clock was set", metadata: [LogKey.duration: "\(change.wholeMilliseconds)"])
    }

    private static func measure(
        _ pool: PostgresPool,
        _ elapsed: @escaping @Sendable () -> Duration
    ) async throws(StoreError) -> Measurement {
        try await pool.single("read the database's clock") { link in
            var best: Measurement?
            for _ in 0..<samples {
                let sent = elapsed()
                let row = try link.run(question).first
                let answered = elapsed()
                guard let time = row?.int64(0) else { throw StoreError(.corrupted, during: "read clock") }
                // It was read at some instant between question and answer.
                let latest = time + (answered - sent).wholeMicroseconds
                let measured = Measurement(elapsed: answered, earliest: time, latest: latest)
                if best.map({ measured.width < $0.width }) ?? true { best = measured }
            }
            guard let best else { throw StoreError(.corrupted, during: "read clock") }
            return best
        }
    }

    private static let question = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

    private static func stopwatch(_ clock: some Clock<Duration>) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}

extension Duration {
    /// The duration in microseconds, cut towards zero.
    fileprivate var wholeMicroseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}

extension Int64 {
    /// How many whole thousands it holds, rounded towards the past.
    fileprivate var flooredToThousands: Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: 1_000)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
