package import Groundwork
package import Logging
import Synchronization

/// How long messages wait for the last word on them.
package struct ReceiptSettings: Hashable, Sendable {
    /// How long after its call an unanswered message is asked for.
    package var queryAfter = Duration.seconds(60)
    /// How long a message may wait for its receipt, or for light on what became of its call.
    package var patience = Duration.seconds(72 * 3_600)
    /// The most pages taken from one account in a round.
    package var pagesPerRound = 2_000
    /// The most messages asked for in a round.
    package var queriesPerRound = 500

    package init() {}
}

/// What one round of the receipt job did.
package struct ReceiptRound: Hashable, Sendable {
    package var counted = ReceiptCount()
    /// Unanswered messages that the supplier was asked for.
    package var asked = 0
    /// Those that it had an answer on.
    package var cleared = 0
    /// Messages that were given up waiting for.
    package var expired = 0
    /// Accounts that did not answer, each once: they are left alone for the rest of the round.
    package var silent: [String] = []
    /// Whether a supplier asked for patience while it had more: a round a second later goes on.
    package var isThrottled = false

    package init() {}

    /// What two rounds did, one after the other.
    package static func + (earlier: ReceiptRound, later: ReceiptRound) -> ReceiptRound {
        var sum = later
        sum.counted = earlier.counted + later.counted
        sum.asked += earlier.asked
        sum.cleared += earlier.cleared
        sum.expired += earlier.expired
        sum.silent = earlier.silent + later.silent
        return sum
    }
}

/// Brings messages to their final state: receipts by pull and by callback, questions about unanswered calls,
/// and an end to waiting.
///
/// What a supplier hands out may never come again: it is stored as it came before it is read.
package struct ReceiptDesk: Sendable {
    private let store: any ReceiptStore
    private let directory: SupplierDirectory
    private let keys: RequestKeys
    private let settings: ReceiptSettings
    private let progress = QuestionProgress()
    private let clock: any WallClock
    private let logger: Logger

    package init(
        store: any ReceiptStore,
        directory: SupplierDirectory,
        keys: RequestKeys,
        settings: ReceiptSettings,
        clock: any WallClock,
        logger: Logger
    ) {
        self.store = store
        self.directory = directory
        self.keys = keys
        self.settings = settings
        self.clock = clock
        self.logger = logger
    }

    /// Takes the body of a supplier's callback.
    ///
    /// - Parameters:
    ///   - raw: the bytes as posted.
    ///   - account: the account whose door was called.
    /// - Returns: what became of the receipts; nil when there is no such account.
    /// - Throws: `SupplierError.malformed` when the body is none of the supplier's, which is kept all the same;
    ///   `SupplierError.unavailable` when it could not be stored, so that the supplier sends it again.
    package func receive(_ raw: [UInt8], for account: AccountID) async throws(SupplierError) -> ReceiptCount?
    {
        do {
            guard let entry = try await directory.current().entry(account) else { return nil }
            let page = try await store.keepPage(raw, of: account, at: clock.now)
            return try await apply(page: page, raw, entry.supplier)
        } catch let error as SupplierError {
            throw error
        } catch {
            throw .unavailable("\(error)")
        }
    }

    /// One round: pages left over from a crash, then what waits at the suppliers, then the unanswered, then
    /// those that have waited too long.
    ///
    /// - Returns: what was done.
    /// - Throws: `StoreError` when the store does not answer.
    package func round() async throws(StoreError) -> ReceiptRound {
        var round = ReceiptRound()
        let roster = try await directory.current()
        try await applyLeftovers(roster, &round)
        for entry in roster.entries where !Task.isCancelled {
            try await pull(entry, &round)
        }
        try await askForUnanswered(roster, &round)
        round.expired = try await store.expire(
            acceptedBefore: clock.now - settings.patience,
            limit: 10_000
        )
        return round
    }

    private func applyLeftovers(
        _ roster: SupplierRoster,
        _ round: inout ReceiptRound
    ) async throws(StoreError) {
        while !Task.isCancelled {
            let pages = try await store.pendingPages(limit: Self.pagesAtOnce)
            guard !pages.isEmpty else { return }
            for page in pages {
                do {
                    guard let entry = roster.entry(page.account) else {
                        throw SupplierError.unavailable("account \(page.account.rawValue) is not known")
                    }
                    round.counted = round.counted + (try await apply(page: page.id, page.raw, entry.supplier))
                } catch let error as StoreError {
                    throw error
                } catch {
                    logger.error("stored receipts cannot be read", metadata: [LogKey.error: "\(error)"])
                    // Nobody will ever read it better: it is kept, and marked as seen.
                    _ = try await store.applyReceipts([], of: page.account, page: page.id, at: clock.now)
                }
            }
        }
    }

    /// Each holds at most a hundred receipts.
    private static let pagesAtOnce = 50

    private func pull(_ entry: SupplierRoster.Entry, _ round: inout ReceiptRound) async throws(StoreError) {
        for _ in 0..<settings.pagesPerRound {
            let page: ReceiptPage
            do { page = try await entry.supplier.pullReceipts() } catch {
                if error.isThrottle {
                    round.isThrottled = true
                    return
                }
                round.silent.append(entry.account.name)
                logger.warning(
                    "receipts could not be pulled",
                    metadata: [LogKey.account: "\(entry.account.name)", LogKey.error: "\(error)"]
                )
                return
            }
            guard !page.receipts.isEmpty || page.malformed > 0 else { return }
            let id = try await store.keepPage(page.raw, of: entry.account.id, at: clock.now)
            let count = try await store.applyReceipts(
                page.receipts,
                of: entry.account.id,
                page: id,
                at: clock.now
            )
            round.counted = round.counted + count
        }
    }

    /// Asks for some of the unanswered, each round for those after the ones of the round before: most of those
    /// that nothing is known of never arrived, and the others must not wait behind them.
    private func askForUnanswered(
        _ roster: SupplierRoster,
        _ round: inout ReceiptRound
    ) async throws(StoreError) {
        var resting = Set(round.silent)
        let unanswered = try await nextUnanswered()
        for message in unanswered where !Task.isCancelled {
            guard let entry = roster.entry(message.account), !resting.contains(entry.account.name)
            else { continue }
            let answer: QueryAnswer
            do {
                answer = try await entry.supplier.query(
                    recipient: message.recipient,
                    requestKey: keys.key(message.intent),
                    sentAt: message.calledAt
                )
            } catch {
                resting.insert(entry.account.name)
                // Asked too often: the next round asks on.
                if !error.isThrottle { round.silent.append(entry.account.name) }
                continue
            }
            round.asked += 1
            try await take(answer, on: message, &round)
        }
    }

    /// Messages to ask for now: those after the last round's, or from the oldest on when there are none.
    private func nextUnanswered() async throws(StoreError) -> [UnknownMessage] {
        let before = clock.now - settings.queryAfter
        let last = progress.last.withLock { $0 }
        var found = try await store.unknownMessages(
            calledBefore: before,
            after: last,
            limit: settings.queriesPerRound
        )
        if found.isEmpty, last != nil {
            found = try await store.unknownMessages(
                calledBefore: before,
                after: nil,
                limit: settings.queriesPerRound
            )
        }
        progress.last.withLock { $0 = found.last?.message }
        return found
    }

    private func take(
        _ answer: QueryAnswer,
        on message: UnknownMessage,
        _ round: inout ReceiptRound
    ) async throws(StoreError) {
        switch answer {
        case .receipt(let receipt):
            let count = try await store.applyReceipts(
                [receipt],
                of: message.account,
                page: nil,
                at: clock.now
            )
            round.counted = round.counted + count
            round.cleared += count.applied
        case .pending(let reference):
            try await store.confirmAccepted(message.message, reference: reference)
            round.cleared += 1
        case .unknown: return
        }
    }

    private func apply(page: Int64, _ raw: [UInt8], _ supplier: any Supplier) async throws -> ReceiptCount {
        let read = try supplier.readReceipts(raw)
        return try await store.applyReceipts(
            read.receipts,
            of: supplier.account,
            page: page,
            at: clock.now
        )
    }
}

/// How far the rounds are with asking for the unanswered.
private final class QuestionProgress: Sendable {
    /// The last message of the last round; nil begins with the oldest.
    let last = Mutex<MessageID?>(nil)
}

extension SupplierError {
    /// Whether the supplier only asks for patience.
    fileprivate var isThrottle: Bool {
        if case .refused(let refusal) = self { refusal.fault == .throttled } else { false }
    }
}
