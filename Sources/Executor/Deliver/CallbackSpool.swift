import Groundwork
import Logging
import ServiceLifecycle

/// Delivers outcomes until a scheduler has them: at least once, oldest first, in batches.
///
/// The outcomes themselves lie in the runner's journal, so that nothing is lost between two attempts. A batch
/// that is refused is tried again in halves, so that no outcome can hold up the others.
struct CallbackSpool: Service {
    /// The most outcomes in one call to any scheduler that speaks xxl-job's wire, which may store them one by one.
    static let batch = 500
    /// The most in one call to a scheduler that gives out runs over a held call, and stores what is told at once.
    static let largeBatch = 2_000
    /// The most bytes of messages in one call.
    private static let bytes = 256 << 10

    let runner: JobRunner
    let client: SchedulerClient
    let clock: any Clock<Duration>
    let backoff: Backoff
    /// How long to go on trying once the executor shuts down.
    let flushLimit: Duration
    /// The most outcomes in one call: what ends while it is on its way goes with the next.
    let most: Int
    let logger: Logger
    private let firstRound = AsyncStream<Never>.makeStream()

    init(
        runner: JobRunner,
        client: SchedulerClient,
        clock: any Clock<Duration>,
        backoff: Backoff,
        flushLimit: Duration,
        most: Int = batch,
        logger: Logger
    ) {
        self.runner = runner
        self.client = client
        self.clock = clock
        self.backoff = backoff
        self.flushLimit = flushLimit
        self.most = most
        self.logger = logger
    }

    /// Returns once what an earlier process left behind was delivered, or could not be; for one task.
    ///
    /// A scheduler that hears of the new process first takes its runs for lost.
    func waitForFirstRound() async {
        for await _ in firstRound.stream {}
    }

    /// Delivers whenever there is something, until graceful shutdown; then tries to leave nothing behind.
    func run() async {
        await cancelWhenGracefulShutdown {
            _ = await deliverRound()
            firstRound.continuation.finish()
            await deliverUntilCancelled()
        }
        await flush()
    }

    private func deliverUntilCancelled() async {
        for await _ in runner.outcomesReady {
            await deliverAll()
        }
    }

    /// Returns when everything is delivered, or the task is cancelled.
    func deliverAll() async {
        var failures = 0
        while !Task.isCancelled {
            if await deliverRound() {
                if failures > 0 { logger.notice("callbacks are delivered again") }
                return
            }
            failures += 1
            // Cancelled: the loop ends.
            try? await clock.sleep(for: backoff.wait(afterAttempt: failures), tolerance: nil)
        }
    }

    /// Tries everything that is undelivered once, and answers whether nothing is left of it.
    private func deliverRound() async -> Bool {
        var refused: Set<RunID> = []
        var limit = most
        while !Task.isCancelled {
            let items = await runner.undelivered(
                limit: limit,
                bytes: Self.bytes,
                excluding: refused
            )
            if items.isEmpty { return refused.isEmpty }
            do {
                try await client.callBack(items)
                await runner.delivered(items.map(\.run))
                limit = min(2 * limit, most)
            } catch {
                log(error, items.count)
                guard error.code == .refused else { return false }
                if items.count > 1 { limit = items.count / 2 } else { refused.formUnion(items.map(\.run)) }
            }
        }
        return false
    }

    private func flush() async {
        let clock = clock
        let flushLimit = flushLimit
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await deliverAll() }
            // Cancelled when everything was delivered first.
            group.addTask { try? await clock.sleep(for: flushLimit, tolerance: nil) }
            await group.next()
            group.cancelAll()
        }
        let left = await runner.undelivered(limit: .max).count
        if left > 0 {
            logger.warning("callbacks wait for the next start", metadata: [LogKey.count: "\(left)"])
        }
    }

    private func log(_ error: ExecutorError, _ count: Int) {
        logger.warning(
            "callbacks are not delivered",
            metadata: [LogKey.error: "\(error)", LogKey.count: "\(count)"]
        )
    }
}
