package import Groundwork
package import Logging
import ServiceLifecycle
import Synchronization

/// Counts clicks in memory and adds them to the store every second, and once more as the process ends.
///
/// It must outlive whoever counts: then no click is lost by an orderly end. A crash loses at most a second's.
package final class ClickCounter: Service {
    private struct Waiting {
        var counts: [ClickHour: Int] = [:]
        var lost = 0
    }

    private static let pause = Duration.seconds(1)
    /// Links and hours whose clicks may wait while the store does not answer; those of more are lost, and told of.
    package static let room = 100_000
    /// How often the last clicks are tried to be written as the process ends.
    private static let lastAttempts = 5

    private let store: any LinkStore
    private let clock: any WallClock
    private let timer: any Clock<Duration>
    private let logger: Logger
    private let waiting = Mutex(Waiting())

    package init(store: any LinkStore, clock: any WallClock, timer: any Clock<Duration>, logger: Logger) {
        self.store = store
        self.clock = clock
        self.timer = timer
        self.logger = logger
    }

    /// Counts a click.
    package func count(_ code: String) {
        let hour = ClickHour(code: code, at: clock.now)
        waiting.withLock { waiting in
            if waiting.counts[hour] == nil, waiting.counts.count >= Self.room {
                waiting.lost += 1
            } else {
                waiting.counts[hour, default: 0] += 1
            }
        }
    }

    /// Adds what has been counted to the store; what it does not take is added the next time.
    ///
    /// - Returns: whether nothing is left.
    @discardableResult
    package func flush() async -> Bool {
        let (clicks, lost) = waiting.withLock { waiting in
            let taken = (waiting.counts, waiting.lost)
            waiting = Waiting()
            return taken
        }
        if lost > 0 {
            logger.warning("clicks were lost: too many waited", metadata: [LogKey.count: "\(lost)"])
        }
        guard !clicks.isEmpty else { return true }
        do throws(StoreError) {
            try await store.addClicks(clicks)
            return true
        } catch {
            logger.warning("clicks could not be counted yet", metadata: [LogKey.error: "\(error)"])
            waiting.withLock { waiting in
                for (hour, count) in clicks { waiting.counts[hour, default: 0] += count }
            }
            return false
        }
    }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Being cancelled while asleep ends the loop.
                try await self.timer.sleep(for: Self.pause)
                await self.flush()
            }
        }
        for _ in 1...Self.lastAttempts where await !flush() {
            // Waiting is cut short when the process is to end at once.
            try? await timer.sleep(for: Self.pause)
        }
    }
}
