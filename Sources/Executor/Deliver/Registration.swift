import Groundwork
import Logging
import ServiceLifecycle

/// Announces this instance to the scheduler for as long as it serves, and signs it off at the end.
struct Registration: Service {
    let client: SchedulerClient
    /// Brings the instance's address once the server is bound; nil when it never is.
    let request: @Sendable () async -> RegistryRequest?
    let period: Duration
    let clock: any Clock<Duration>
    let backoff: Backoff
    let logger: Logger

    /// Beats until graceful shutdown, then signs off.
    ///
    /// By then the runner has drained: services stop in the reverse of the order in which they were started.
    func run() async {
        guard let request = await request() else { return }
        await cancelWhenGracefulShutdown { await beatUntilCancelled(request) }
        do {
            let failures = try await client.signOff(request)
            for failure in failures {
                logger.warning(
                    "a scheduler could not be told of the end",
                    metadata: [LogKey.error: "\(failure)"]
                )
            }
            logger.info("executor signed off")
        } catch {
            logger.warning("executor could not sign off", metadata: [LogKey.error: "\(error)"])
        }
    }

    private func beatUntilCancelled(_ request: RegistryRequest) async {
        var failures = 0
        var isRegistered = false
        var missing: [ExecutorError] = []
        while !Task.isCancelled {
            let beat = Stopwatch(clock)
            do {
                let before = missing
                missing = try await client.register(request)
                if !isRegistered {
                    logger.notice("executor registered", metadata: [LogKey.address: "\(request.address)"])
                }
                for failure in missing where !before.contains(failure) {
                    logger.warning(
                        "a scheduler does not know of the executor",
                        metadata: [LogKey.error: "\(failure)"]
                    )
                }
                (isRegistered, failures) = (true, 0)
            } catch {
                if Task.isCancelled { return }
                if isRegistered || failures == 0 {
                    logger.warning("executor is not registered", metadata: [LogKey.error: "\(error)"])
                }
                isRegistered = false
                failures += 1
            }
            // After a failure sooner than the next beat, so that a scheduler that starts later need not wait.
            // A scheduler that is slow to answer does not make the next beat late.
            let next = failures == 0 ? period : min(period, backoff.wait(afterAttempt: failures))
            let wait = max(.zero, next - beat.elapsed)
            // Cancelled: the loop ends.
            try? await clock.sleep(for: wait, tolerance: nil)
        }
    }
}
