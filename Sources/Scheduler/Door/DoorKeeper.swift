import Groundwork
import Logging
import ServiceLifecycle

/// Notes in the store, while this process answers executors, that somebody does.
///
/// The leader may be another process, which would otherwise take an executor for lost that nobody could hear.
package struct DoorKeeper: Service {
    private let registry: any RegistryStore
    private let wall: any WallClock
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(_ parts: SchedulerParts) {
        registry = parts.registry
        wall = parts.wall
        clock = parts.clock
        logger = parts.logger
    }

    /// Runs until cancelled or told to shut down.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await registry.listen(at: wall.now) } catch {
                    logger.warning("listening not noted", metadata: [LogKey.error: "\(error)"])
                }
                // Being cancelled while asleep is noticed by the loop's condition.
                try? await clock.sleep(for: Listening.pace)
            }
        }
    }
}
