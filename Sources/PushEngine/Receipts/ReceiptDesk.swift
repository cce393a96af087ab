package import Groundwork
package import Logging

/// Brings messages to their final state: receipts by pull and by callback, questions about unanswered calls,
/// and an end to waiting.
///
/// What a supplier hands out when asked may never come again: it is stored as it came before it is read. What it
/// posts comes again until it is taken: it is stored in the step that applies it.
package struct ReceiptDesk: Sendable {
    private let store: any ReceiptStore
    private let words: RecipientWords
    private let directory: SupplierDirectory
    private let inquiry: Inquiry
    private let callbacks: CallbackGroups
    private let settings: ReceiptSettings
    private let clock: any WallClock
    private let logger: Logger

    package init(
        store: any ReceiptStore,
        suppressions: any SuppressionStore,
        queue: any SendQueue,
        directory: SupplierDirectory,
        keys: RequestKeys,
        repeater: CallRepeater,
        settings: ReceiptSettings,
        clock: any WallClock,
        logger: Logger
    ) {
        self.store = store
        words = RecipientWords(store: suppressions)
        self.directory = directory
        inquiry = Inquiry(
            store: store,
            queue: queue,
            keys: keys,
            repeater: repeater,
            settings: settings,
            clock: clock,
            logger: logger
        )
        callbacks = CallbackGroups(receiptsAtOnce: settings.receiptsAtOnce) {
            (callbacks, account) async throws(StoreError) in
            _ = try await store.applyReceipts(
                callbacks.flatMap(\.receipts),
                of: account,
                from: ReceiptOrigin(unkept: callbacks.map(\.raw)),
                at: clock.now
            )
        }
        self.settings = settings
        self.clock = clock
        self.logger = logger
    }

    /// The most bytes of a callback; nil when there is no such account.
    ///
    /// - Throws: `StoreError` when nobody can tell.
    package func callbackLimit(of account: AccountID) async throws(StoreError) -> Int? {
        try await directory.current().entry(account)?.supplier.callbackLimit
    }

    /// Takes a supplier's callback.
    ///
    /// - Parameters:
    ///   - callback: what was posted.
    ///   - account: the account whose door was called.
    /// - Returns: what the supplier wants to hear, once the receipts are applied; nil when there is no such account.
    /// - Throws: `SupplierError.notGenuine` when somebody else posted it; `.malformed` when it holds no receipts of
    ///   the supplier, and is kept all the same; `.unavailable` when it could not be stored, so that the supplier sends
    ///   it again.
    package func receive(
        _ callback: SupplierCallback,
        for account: AccountID
    ) async throws(SupplierError) -> CallbackAnswer? {
        do {
            guard let entry = try await directory.current().entry(account) else { return nil }
            switch try entry.supplier.open(callback) {
            case .question(let answer): return answer
            case .receipts(let raw, let answer):
                let page: ReceiptPage
                do { page = try entry.supplier.readReceipts(raw) } catch {
                    _ = try await store.keepPage(raw, of: account, at: clock.now)
                    throw error
                }
                try await words.take(page.words, of: entry.account)
                try await callbacks.apply(
                    CallbackGroups.Callback(raw: raw, receipts: page.receipts),
                    of: account
                )
                return answer
            }
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
        for entry in roster.entries where !Task.isCancelled && !round.silent.contains(entry.account.name) {
            try await pullWords(entry, &round)
        }
        for entry in roster.entries where !Task.isCancelled && !round.silent.contains(entry.account.name) {
            try await inquiry.ask(entry, &round)
        }
        round.expired = try await store.expire(
            unchangedSince: clock.now - settings.patience,
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
                    round.counted = round.counted + (try await apply(page: page.id, page.raw, entry))
                } catch let error as StoreError {
                    throw error
                } catch {
                    let name = roster.entry(page.account)?.account.name ?? "\(page.account.rawValue)"
                    logger.error(
                        "stored receipts cannot be read",
                        metadata: [LogKey.account: "\(name)", LogKey.error: "\(error)"]
                    )
                    // Nobody will ever read it better: it is kept, and marked as seen.
                    _ = try await store.applyReceipts(
                        [],
                        of: page.account,
                        from: ReceiptOrigin(kept: [page.id]),
                        at: clock.now
                    )
                }
            }
        }
    }

    /// Each holds at most a hundred receipts.
    private static let pagesAtOnce = 50

    private func pull(_ entry: SupplierRoster.Entry, _ round: inout ReceiptRound) async throws(StoreError) {
        var pile = ReceiptPile()
        for _ in 0..<settings.pagesPerRound {
            let page: ReceiptPage
            do { page = try await entry.supplier.pullReceipts() } catch {
                note(error, of: entry.account, &round)
                break
            }
            guard !page.isEmpty else { break }
            let id = try await store.keepPage(page.raw, of: entry.account.id, at: clock.now)
            pile.add(page.receipts, of: id)
            if pile.receipts.count >= settings.receiptsAtOnce {
                try await apply(pile, of: entry.account.id, &round)
                pile = ReceiptPile()
            }
        }
        try await apply(pile, of: entry.account.id, &round)
    }

    /// Takes what recipients answered; a supplier that does not let us have it is asked for everything else all the same.
    private func pullWords(
        _ entry: SupplierRoster.Entry,
        _ round: inout ReceiptRound
    ) async throws(StoreError) {
        for _ in 0..<settings.pagesPerRound {
            let page: ReceiptPage
            do { page = try await entry.supplier.pullWords() } catch {
                if error.isThrottle { round.hasMore = true }
                logger.warning(
                    "answers could not be pulled",
                    metadata: [LogKey.account: "\(entry.account.name)", LogKey.error: "\(error)"]
                )
                return
            }
            guard !page.isEmpty else { return }
            let id = try await store.keepPage(page.raw, of: entry.account.id, at: clock.now)
            try await words.take(page.words, of: entry.account)
            var pile = ReceiptPile()
            pile.add(page.receipts, of: id)
            try await apply(pile, of: entry.account.id, &round)
        }
    }

    private func apply(
        _ pile: ReceiptPile,
        of account: AccountID,
        _ round: inout ReceiptRound
    ) async throws(StoreError) {
        guard !pile.pages.isEmpty else { return }
        let count = try await store.applyReceipts(
            pile.receipts,
            of: account,
            from: ReceiptOrigin(kept: pile.pages),
            at: clock.now
        )
        round.counted = round.counted + count
    }

    /// Notes why nothing more is pulled from an account in a round.
    private func note(_ error: SupplierError, of account: SupplierAccount, _ round: inout ReceiptRound) {
        guard round.leave(account, for: error) else { return }
        logger.warning(
            "receipts could not be pulled",
            metadata: [LogKey.account: "\(account.name)", LogKey.error: "\(error)"]
        )
    }

    private func apply(
        page: Int64,
        _ raw: [UInt8],
        _ entry: SupplierRoster.Entry
    ) async throws -> ReceiptCount {
        let read = try entry.supplier.readReceipts(raw)
        try await words.take(read.words, of: entry.account)
        return try await store.applyReceipts(
            read.receipts,
            of: entry.account.id,
            from: ReceiptOrigin(kept: [page]),
            at: clock.now
        )
    }
}

/// Receipts of pages that were kept, to be applied together: neighbours in time are often of one batch.
private struct ReceiptPile {
    private(set) var receipts: [SupplierReceipt] = []
    private(set) var pages: [Int64] = []

    mutating func add(_ receipts: [SupplierReceipt], of page: Int64) {
        self.receipts += receipts
        pages.append(page)
    }
}

extension SupplierError {
    /// Whether the supplier only asks for patience.
    var isThrottle: Bool {
        if case .refused(let refusal) = self { refusal.fault == .throttled } else { false }
    }
}
