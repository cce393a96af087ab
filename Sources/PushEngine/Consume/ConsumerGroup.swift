package import Groundwork
package import Logging
import ServiceLifecycle
import Synchronization

/// How one lane consumes its queue.
package struct LaneSettings: Hashable, Sendable {
    /// Batches worked on at the same time.
    package var width = 4
    /// How long a claimed message is this consumer's alone, and a consumer that is gone is missed.
    ///
    /// Who works on a message extends the claim every third of this time.
    package var visibility = Duration.seconds(30)
    /// How long to wait for work before looking again.
    ///
    /// Whoever adds work rings, and one who could not hear that for a while looks by itself; this is for rings that are lost. With all
    /// 48 lanes, twice a second each, these looks took half of the processor time of an idle process.
    package var idle = Duration.seconds(2)
    /// How long to wait for a queue that does not answer.
    package var patience = Duration.milliseconds(500)
    /// How many claims of a batch in a row may run out without progress before it is set aside.
    ///
    /// One that ends every process that takes it would do so for ever. Processes that are killed for other reasons
    /// take batches with them that are as good as any: those get on, or are done, in one of the next lives, and
    /// ten deaths in a row in the middle of the same batch, none of which left a trace in the ledger, are no
    /// accident. With claims of 30 seconds, it is five minutes before a batch is blamed.
    package var lapses = 10
    /// The wait before a batch is tried again that a store did not answer for.
    ///
    /// It is never given up for that: the store may be away for hours.
    package var backoff = Backoff(first: .seconds(1), ceiling: .seconds(30))

    package init() {}
}

/// The consumers of one lane: takes messages as seats come free, and acknowledges each after its effects are
/// stored.
package final class ConsumerGroup: Sendable {
    package let lane: Lane
    package let pool: ChannelPool
    private let queue: any SendQueue
    private let deliverer: Deliverer
    private let settings: LaneSettings
    private let timer: any Clock<Duration>
    private let logger: Logger
    /// Batches that are being worked on here, with the newest claim of each.
    private let working = Mutex<[BatchID: QueueDelivery]>([:])

    package init(
        lane: Lane,
        queue: any SendQueue,
        deliverer: Deliverer,
        settings: LaneSettings,
        timer: any Clock<Duration>,
        logger: Logger
    ) {
        self.lane = lane
        self.queue = queue
        self.deliverer = deliverer
        self.settings = settings
        self.timer = timer
        var logger = logger
        logger[metadataKey: LogKey.lane] = "\(lane)"
        self.logger = logger
        pool = ChannelPool(width: settings.width)
    }

    /// Consumes until graceful shutdown or cancellation, then finishes what is in flight.
    package func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isStopping {
                guard await pool.take() else { break }
                guard !Task.isStopping, let delivery = await next() else {
                    pool.give()
                    continue
                }
                group.addTask {
                    await self.work(on: delivery)
                    self.pool.give()
                }
            }
        }
    }

    /// The next message, or nil after a while without one.
    private func next() async -> QueueDelivery? {
        let (queue, lane, timer, settings) = (queue, lane, timer, settings)
        do {
            let claimed = try await queue.claim(lane, limit: 1, visibility: settings.visibility)
            if let delivery = claimed.first { return delivery }
            await cancelWhenGracefulShutdown { await queue.waitForWork(lane, atMost: settings.idle) }
        } catch {
            logger.warning("queue does not answer", metadata: [LogKey.error: "\(error)"])
            // Not for work: there may be some, which the queue cannot hand out. A wait that is cancelled is over.
            await cancelWhenGracefulShutdown { try? await timer.sleep(for: settings.patience) }
        }
        return nil
    }

    /// Works on a message's batch and settles the message.
    ///
    /// A batch that is worked on here already is left to that work, which then settles the newer claim: its own
    /// is worth nothing any more.
    private func work(on delivery: QueueDelivery) async {
        let batch = delivery.message.batch
        guard working.withLock({ $0.updateValue(delivery, forKey: batch) == nil }) else { return }
        guard delivery.lapses < settings.lapses else {
            await setAside(working.withLock { $0.removeValue(forKey: batch) } ?? delivery)
            return
        }
        let outcome = await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepClaim(of: batch) }
            // Its end ends the claiming.
            defer { group.cancelAll() }
            do throws(StoreError) {
                return Result<Disposition, StoreError>.success(try await deliver(delivery))
            } catch { return .failure(error) }
        }
        let newest = working.withLock { $0.removeValue(forKey: batch) } ?? delivery
        await settle(newest, outcome)
    }

    /// Delivers a batch; where somebody was lost over it, notes first how far it has come, so that the next can tell
    /// whether it gets on.
    private func deliver(_ delivery: QueueDelivery) async throws(StoreError) -> Disposition {
        let batch = delivery.message.batch
        if delivery.lapses > 0 {
            try await queue.note(delivery, left: try await deliverer.left(of: batch))
        }
        return try await deliverer.deliver(batch, attempt: delivery.attempt)
    }

    /// Makes a dead letter of a batch that nobody who took it came back from; it is not looked at, for that may be
    /// what ends them.
    private func setAside(_ delivery: QueueDelivery) async {
        let reason = """
            nobody came back from it: \(delivery.lapses) claims in a row ran out without progress, as when it ends the \
            process that works on it
            """
        logger.error(
            "batch set aside",
            metadata: [
                LogKey.batch: "\(delivery.message.batch.rawValue)",
                LogKey.reason: "\(reason)",
            ]
        )
        await insist { () async throws(StoreError) in try await queue.bury(delivery, reason: reason) }
    }

    /// Extends the claim of a batch that is worked on, until it is told to stop or the claim is another's.
    private func keepClaim(of batch: BatchID) async {
        while !Task.isCancelled {
            // A wait that is cancelled is over.
            try? await timer.sleep(for: settings.visibility / 3)
            guard !Task.isCancelled, let claim = working.withLock({ $0[batch] }) else { return }
            do throws(StoreError) {
                let isOurs = try await queue.extend(claim, visibility: settings.visibility)
                // Not when we have a newer one ourselves, which is the one to extend then.
                if !isOurs, working.withLock({ $0[batch] == claim }) { return }
            } catch {
                logger.warning("claim not extended", metadata: [LogKey.error: "\(error)"])
            }
        }
    }

    /// Settles a message; a store that does not answer is waited for, a batch that waiting does not help is set
    /// aside.
    private func settle(_ delivery: QueueDelivery, _ outcome: Result<Disposition, StoreError>) async {
        if case .failure(let error) = outcome { report(error, of: delivery) }
        await insist { () async throws(StoreError) in
            switch outcome {
            case .success(.done): try await queue.acknowledge(delivery)
            case .success(.later(let delay)): try await queue.postpone(delivery, by: delay, counted: true)
            case .success(.held(let delay)): try await queue.postpone(delivery, by: delay, counted: false)
            case .failure(let error) where error.isTransient:
                let wait = settings.backoff.wait(afterAttempt: delivery.attempt)
                try await queue.postpone(delivery, by: wait, counted: true)
            case .failure(let error): try await queue.bury(delivery, reason: "\(error)")
            }
        }
    }

    /// Tells the queue how a claim ends; again and again, when it does not answer, while the claim lasts.
    ///
    /// Then the claim runs out by itself and the message is handed out again, but not before: whoever had no answer
    /// once would keep a batch from all others that long.
    private func insist(_ ending: () async throws(StoreError) -> Void) async {
        let waited = Stopwatch(timer)
        var isOver = false
        repeat {
            do throws(StoreError) {
                try await ending()
                isOver = true
            } catch {
                logger.warning("queue does not answer", metadata: [LogKey.error: "\(error)"])
                // A wait that is cancelled is over.
                if error.isTransient, !Task.isStopping { try? await timer.sleep(for: settings.patience) }
                isOver = !error.isTransient || Task.isStopping
            }
        } while !isOver && waited.elapsed < settings.visibility
    }

    private func report(_ error: StoreError, of delivery: QueueDelivery) {
        logger.error(
            "batch not finished",
            metadata: [
                LogKey.batch: "\(delivery.message.batch.rawValue)",
                LogKey.error: "\(error)",
            ]
        )
    }
}
