package import Groundwork
package import Logging
import ServiceLifecycle

/// Runs the workers: a consumer group for each lane, and the sweeper that keeps the queue true to the ledger.
package struct PushService: Service {
    package let groups: [ConsumerGroup]
    private let ledger: any DeliveryLedger
    private let campaigns: CampaignUpkeep
    private let queue: any SendQueue
    private let clock: any WallClock
    private let timer: any Clock<Duration>
    private let logger: Logger

    /// How often the ledger is compared with the queue when nothing is known to be lost.
    private static let sweepEvery = Duration.seconds(30)
    /// How long after a comparison that did not get through the next is made.
    private static let sweepAgain = Duration.seconds(2)

    /// Makes the groups of every lane of the channels that have an account.
    package init(
        channels: Set<Channel>,
        ledger: any DeliveryLedger,
        campaignRuns: any CampaignRunStore,
        queue: any SendQueue,
        deliverer: Deliverer,
        lanes: [Lane: LaneSettings],
        clock: any WallClock,
        timer: any Clock<Duration>,
        logger: Logger
    ) {
        self.ledger = ledger
        campaigns = CampaignUpkeep(runs: campaignRuns, queue: queue)
        self.queue = queue
        self.clock = clock
        self.timer = timer
        self.logger = logger
        groups = Lane.all.filter { channels.contains($0.channel) }
            .map { lane in
                ConsumerGroup(
                    lane: lane,
                    queue: queue,
                    deliverer: deliverer,
                    settings: lanes[lane] ?? LaneSettings(),
                    timer: timer,
                    logger: logger
                )
            }
    }

    /// Works until graceful shutdown or cancellation; what is in flight is finished first.
    package func run() async {
        let isSwept = await sweep(acceptedBefore: clock.now)
        await withDiscardingTaskGroup { tasks in
            for group in groups {
                tasks.addTask { await group.run() }
            }
            tasks.addTask {
                await cancelWhenGracefulShutdown { await sweepAgainAndAgain(isSwept) }
            }
        }
    }

    /// Sweeps now and then, and at once when the queue lost something: then nothing is young enough to be on its way.
    private func sweepAgainAndAgain(_ isSwept: Bool) async {
        var isSwept = isSwept
        while !Task.isCancelled {
            let pause = isSwept ? Self.sweepEvery : Self.sweepAgain
            let isLost = await queue.waitForLoss(atMost: pause, on: timer)
            if Task.isCancelled { continue }
            let isUrgent = isLost || !isSwept
            isSwept = await sweep(acceptedBefore: isUrgent ? clock.now : clock.now - Self.sweepEvery)
        }
    }

    /// Makes the queue true to the ledger: what is paused is suspended, and every batch that is waited for is in
    /// it; the queue drops those it has.
    ///
    /// - Parameter before: what was accepted later is on its way into the queue.
    /// - Returns: whether it got through.
    private func sweep(acceptedBefore before: Moment) async -> Bool {
        var last: BatchID?
        do {
            try await campaigns.run()
            while !Task.isCancelled {
                let found = try await ledger.unfinished(acceptedBefore: before, after: last, limit: 500)
                guard let newest = found.last else { return true }
                try await queue.append(found)
                last = newest.batch
            }
        } catch {
            logger.warning("sweep not finished", metadata: [LogKey.error: "\(error)"])
        }
        return false
    }
}
