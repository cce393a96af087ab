package import Groundwork

/// What a topic carries: the name of a batch whose recipients lie in the ledger.
package struct QueueMessage: Hashable, Sendable {
    package let batch: BatchID
    package let lane: Lane
    /// The campaign's occurrence it belongs to, by which it can be suspended.
    package let campaignRun: CampaignRunID?

    package init(batch: BatchID, lane: Lane, campaignRun: CampaignRunID?) {
        self.batch = batch
        self.lane = lane
        self.campaignRun = campaignRun
    }
}

/// A message that was handed to one consumer, until it is acknowledged or its time runs out.
package struct QueueDelivery: Hashable, Sendable {
    package let message: QueueMessage
    /// How often it was handed out, this time included.
    package let attempt: Int
    /// How many claims of it in a row ran out before this one: whoever had them is gone, or was cut off.
    ///
    /// A postponement or a revival begins anew, and so does progress that was noted.
    package let lapses: Int
    /// Proves the claim: a later claim of the same message makes it worthless.
    package let receipt: Int64

    package init(message: QueueMessage, attempt: Int, lapses: Int, receipt: Int64) {
        self.message = message
        self.attempt = attempt
        self.lapses = lapses
        self.receipt = receipt
    }
}

/// A message that was given up, and why.
package struct DeadLetter: Hashable, Sendable {
    package let message: QueueMessage
    package let attempts: Int
    package let reason: String
    /// Where it stands among the dead letters; it was set aside at its instant.
    package let place: ListPlace

    package init(message: QueueMessage, attempts: Int, reason: String, place: ListPlace) {
        self.message = message
        self.attempts = attempts
        self.reason = reason
        self.place = place
    }

    package var at: Moment { place.at }
}

/// How much one lane's topic holds.
package struct QueueDepth: Hashable, Sendable {
    /// Ready to be claimed now.
    package var ready: Int
    /// Claimed and not yet acknowledged.
    package var claimed: Int
    /// Waiting for their time.
    package var waiting: Int
    /// Kept back together with their campaign's occurrence.
    package var suspended: Int

    package init(ready: Int = 0, claimed: Int = 0, waiting: Int = 0, suspended: Int = 0) {
        self.ready = ready
        self.claimed = claimed
        self.waiting = waiting
        self.suspended = suspended
    }

    package var total: Int { ready + claimed + waiting + suspended }
}

/// The durable queue between those who accept and those who send: one topic a lane.
///
/// Order within a lane is by arrival, but is not promised after a redelivery.
package protocol SendQueue: Sendable {
    /// Adds messages; one that is in the queue already (same batch), or among the dead letters, is left as it
    /// is.
    ///
    /// When it returns, the messages survive a crash of any process.
    func append(_ messages: [QueueMessage]) async throws(StoreError)

    /// Hands out up to `limit` ready messages of `lane`, each to this caller alone until `visibility` has
    /// passed.
    ///
    /// A message whose time ran out is handed out again with its attempt counted. Suspended messages are not
    /// handed out. Returns at once, with nothing when nothing is ready.
    func claim(_ lane: Lane, limit: Int, visibility: Duration) async throws(StoreError) -> [QueueDelivery]

    /// Makes a claim last `visibility` again, from now on; false when it has been superseded.
    func extend(_ delivery: QueueDelivery, visibility: Duration) async throws(StoreError) -> Bool

    /// Removes a message whose effects are stored; does nothing when the claim has been superseded.
    func acknowledge(_ delivery: QueueDelivery) async throws(StoreError)

    /// Makes a claimed message ready again after `delay`; does nothing when the claim has been superseded.
    ///
    /// One that is not `counted` is handed out then as if this time had not been.
    func postpone(_ delivery: QueueDelivery, by delay: Duration, counted: Bool) async throws(StoreError)

    /// Notes how much of a claimed message is still to be done; does nothing when the claim has been superseded.
    ///
    /// Less than was noted since its last postponement is progress: its lapses until now are forgotten.
    func note(_ delivery: QueueDelivery, left: Int) async throws(StoreError)

    /// Moves a claimed message to the dead letters, where it is kept until somebody revives it.
    func bury(_ delivery: QueueDelivery, reason: String) async throws(StoreError)

    /// Keeps the messages of a campaign's occurrence, present and future, from being handed out, or lets them
    /// go.
    func setSuspended(_ suspended: Bool, _ run: CampaignRunID) async throws(StoreError)

    /// The occurrences whose messages are kept.
    func suspendedRuns() async throws(StoreError) -> Set<CampaignRunID>

    /// What the lanes hold; a lane without messages may be missing.
    func depths() async throws(StoreError) -> [Lane: QueueDepth]

    /// How many messages of `lane` consumers have before them, ready, claimed or waiting, counted no further
    /// than `limit`; those of suspended occurrences are left out.
    ///
    /// Quick however much the queue holds: who fills a lane asks before each batch.
    func load(of lane: Lane, atMost limit: Int) async throws(StoreError) -> Int

    /// The dead letters of all lanes, newest first, those before `place`.
    func deadLetters(before place: ListPlace?, limit: Int) async throws(StoreError) -> [DeadLetter]

    /// Puts a dead letter back into its lane with its attempts forgotten.
    ///
    /// Throws `.notFound` when there is none for that batch.
    func revive(_ batch: BatchID) async throws(StoreError)

    /// Returns when something may have become ready on `lane`, and at the latest after `limit`.
    func waitForWork(_ lane: Lane, atMost limit: Duration) async

    /// Returns when `lane` may hold fewer than `depth` messages, suspended ones left out, and at the latest
    /// after `limit`.
    func waitForRoom(_ lane: Lane, below depth: Int, atMost limit: Duration) async

    /// Returns true soon after the queue may have lost messages that it was given, as one does that keeps them in
    /// a memory which is gone; false after `limit`, or when the task is cancelled.
    ///
    /// What was lost before the first call is not told.
    func waitForLoss(atMost limit: Duration, on clock: any Clock<Duration>) async -> Bool
}

extension SendQueue {
    /// A queue that lasts as long as its folder loses nothing.
    package func waitForLoss(atMost limit: Duration, on clock: any Clock<Duration>) async -> Bool {
        // Being cancelled while asleep is for the caller to notice.
        try? await clock.sleep(for: limit)
        return false
    }
}
