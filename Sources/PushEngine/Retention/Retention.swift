package import Groundwork

/// How long what is over is kept.
package struct RetentionSettings: Hashable, Sendable {
    /// Messages, their stories and receipts, from their acceptance on.
    package var messages = Duration.seconds(90 * 86_400)
    /// Crowd files, from their last use on.
    package var crowds = Duration.seconds(30 * 86_400)
    /// Short links and their clicks, from when the link was last followed on.
    package var links = Duration.seconds(365 * 86_400)
    /// Results of comparisons with suppliers; the rows behind them go with the messages.
    package var reconciliations = Duration.seconds(365 * 86_400)
    /// How long one round may take; what is left is the next one's.
    package var roundLimit = Duration.seconds(1_800)

    package init() {}

    /// For how many whole days messages are kept at least.
    package var messageDays: Int { Int(messages / .seconds(86_400)) }
}

/// What a round removed.
package struct RetentionRound: Hashable, Sendable {
    package fileprivate(set) var messages = 0
    /// Batches that are old enough and still wait for something.
    package fileprivate(set) var waiting = 0
    /// Pages of receipts, receipts of nobody, refused rows, rows behind comparisons, expired copies of media files.
    package fileprivate(set) var remains = 0
    package fileprivate(set) var reconciliations = 0
    package fileprivate(set) var links = 0
    package fileprivate(set) var crowds = 0
    /// Whether its time was up before all was done.
    package fileprivate(set) var isCutShort = false
    /// Why parts of it could not go on.
    package fileprivate(set) var failures: [String] = []

    /// All that was removed, of whatever kind.
    package var removed: Int { messages + remains + reconciliations + links + crowds }
}

/// Removes what is older than it is to be kept, in small steps.
package struct Retention: Sendable {
    private static let messageStep = 2_000
    private static let remainsStep = 5_000
    private static let reconciliationStep = 500
    /// Fewer, since each goes with the clicks of all its hours.
    private static let linkStep = 200

    private let store: any RetentionStore
    private let storage: any CrowdStorage
    private let settings: RetentionSettings
    private let clock: any WallClock

    package init(
        store: any RetentionStore,
        storage: any CrowdStorage,
        settings: RetentionSettings,
        clock: any WallClock
    ) {
        self.store = store
        self.storage = storage
        self.settings = settings
        self.clock = clock
    }

    /// Goes once through everything; a part that fails keeps no other from being done.
    ///
    /// - Parameter report: is told what is removed so far, after each step.
    /// - Returns: what was removed, and what failed.
    /// - Throws: `CancellationError` between two steps.
    package func round(report: (RetentionRound) -> Void) async throws -> RetentionRound {
        let start = clock.now
        var round = RetentionRound()
        for part in Part.allCases {
            do { try await remove(part, since: start, &round, report) } catch let error as StoreError {
                round.failures.append("\(error)")
            }
        }
        return round
    }

    /// What is removed, one after the other.
    private enum Part: CaseIterable {
        case messages
        case remains
        case reconciliations
        case links
        case crowds
    }

    // Not a list of the functions themselves: the optimiser crashes on asynchronous functions as values that throw.
    private func remove(
        _ part: Part,
        since start: Moment,
        _ round: inout RetentionRound,
        _ report: (RetentionRound) -> Void
    ) async throws {
        switch part {
        case .messages: try await removeMessages(since: start, &round, report)
        case .remains:
            try await remove(\.remains, since: start, &round, report) { () async throws(StoreError) in
                try await store.removeRemains(before: start - settings.messages, limit: Self.remainsStep)
            }
        case .reconciliations:
            let before = start - settings.reconciliations
            try await remove(\.reconciliations, since: start, &round, report) { () async throws(StoreError) in
                try await store.removeReconciliations(before: before, limit: Self.reconciliationStep)
            }
        case .links:
            try await remove(\.links, since: start, &round, report) { () async throws(StoreError) in
                try await store.removeLinks(unusedSince: start - settings.links, limit: Self.linkStep)
            }
        case .crowds: try await removeCrowds(since: start, &round, report)
        }
    }

    private func removeMessages(
        since start: Moment,
        _ round: inout RetentionRound,
        _ report: (RetentionRound) -> Void
    ) async throws {
        var last: BatchID?
        repeat {
            guard try mayGoOn(since: start, &round) else { return }
            let step = try await store.removeMessages(
                acceptedBefore: start - settings.messages,
                after: last,
                limit: Self.messageStep
            )
            round.messages += step.removed
            round.waiting += step.waiting
            last = step.next
            report(round)
        } while last != nil
    }

    /// Repeats a step until it removes nothing more.
    private func remove(
        _ count: WritableKeyPath<RetentionRound, Int>,
        since start: Moment,
        _ round: inout RetentionRound,
        _ report: (RetentionRound) -> Void,
        step: () async throws(StoreError) -> Int
    ) async throws {
        var removed: Int
        repeat {
            guard try mayGoOn(since: start, &round) else { return }
            removed = try await step()
            round[keyPath: count] += removed
            report(round)
        } while removed > 0
    }

    /// First nobody finds the file any more, then its bytes go, then it is forgotten: whoever is stopped in between
    /// finds it retired the next time.
    private func removeCrowds(
        since start: Moment,
        _ round: inout RetentionRound,
        _ report: (RetentionRound) -> Void
    ) async throws {
        guard try mayGoOn(since: start, &round) else { return }
        for digest in try await store.retireCrowds(unusedSince: start - settings.crowds) {
            guard try mayGoOn(since: start, &round) else { return }
            try await storage.remove(digest)
            try await store.forgetCrowd(digest)
            round.crowds += 1
            report(round)
        }
    }

    private func mayGoOn(since start: Moment, _ round: inout RetentionRound) throws -> Bool {
        try Task.checkCancellation()
        if clock.now - start >= settings.roundLimit { round.isCutShort = true }
        return !round.isCutShort
    }
}
