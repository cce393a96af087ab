package import Groundwork
package import Logging
import ServiceLifecycle

/// Forgets what was done long ago, a few entries at a time.
package struct AuditPruner: Service {
    private let trail: any AuditStore
    private let retention: Duration
    private let clock: any WallClock
    private let timer: any Clock<Duration>
    private let logger: Logger

    /// How many entries go at a time.
    private static let batch = 1_000
    /// The wait between two steps while there is something to forget.
    private static let breath = Duration.seconds(1)
    /// How often it is looked whether there is.
    private static let lookEvery = Duration.seconds(3_600)

    package init(
        trail: any AuditStore,
        retention: Duration,
        clock: any WallClock,
        timer: any Clock<Duration>,
        logger: Logger
    ) {
        self.trail = trail
        self.retention = retention
        self.clock = clock
        self.timer = timer
        self.logger = logger
    }

    /// Prunes until graceful shutdown or cancellation.
    package func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let isMore = await prune()
                do { try await timer.sleep(for: isMore ? Self.breath : Self.lookEvery) } catch { return }
            }
        }
    }

    /// Takes a step; true when there may be more.
    private func prune() async -> Bool {
        do {
            return try await trail.prune(before: clock.now - retention, limit: Self.batch) == Self.batch
        } catch {
            logger.warning("audit trail not pruned", metadata: [LogKey.error: "\(error)"])
            return false
        }
    }
}
