import Groundwork
import Logging
import Synchronization

/// Asks suppliers about calls that ended without an answer, and puts back what never left.
///
/// A call is asked for as a whole: one member that the supplier knows proves that the call arrived, and then
/// nobody of it is sent again, even where the supplier cannot tell of the others yet.
struct Inquiry: Sendable {
    let store: any ReceiptStore
    let queue: any SendQueue
    let keys: RequestKeys
    let settings: ReceiptSettings
    let clock: any WallClock
    let logger: Logger
    private let memory = InquiryMemory()

    init(
        store: any ReceiptStore,
        queue: any SendQueue,
        keys: RequestKeys,
        settings: ReceiptSettings,
        clock: any WallClock,
        logger: Logger
    ) {
        self.store = store
        self.queue = queue
        self.keys = keys
        self.settings = settings
        self.clock = clock
        self.logger = logger
    }

    /// Asks an account on where the last round stopped, as far as it lets itself be asked now.
    ///
    /// - Throws: `StoreError` when a store does not answer; what was asked for stays so.
    func ask(_ entry: SupplierRoster.Entry, _ round: inout ReceiptRound) async throws(StoreError) {
        var progress = memory.take(entry.account.id)
        defer { memory.keep(progress, of: entry.account.id) }
        var allowed = settings.queriesPerRound
        while !Task.isCancelled, try await refill(&progress, of: entry.account.id) {
            while let member = progress.next {
                guard allowed > 0 else {
                    round.hasMore = true
                    return
                }
                allowed -= 1
                guard let answer = await ask(entry, member, progress.calls[0], &round) else { return }
                round.asked += 1
                try await take(answer, on: member, of: entry.account.id, &round)
                progress.note(answer, at: clock.now)
            }
            try await finish(progress.calls[0], progress, &round)
            progress.dropFirst()
        }
    }

    /// The supplier's answer; nil when it has none now.
    private func ask(
        _ entry: SupplierRoster.Entry,
        _ member: UnansweredCall.Member,
        _ call: UnansweredCall,
        _ round: inout ReceiptRound
    ) async -> QueryAnswer? {
        do {
            return try await entry.supplier.query(
                recipient: member.recipient,
                requestKey: keys.key(call.intent),
                sentAt: call.calledAt
            )
        } catch {
            if error.isThrottle {
                round.hasMore = true
            } else {
                round.silent.append(entry.account.name)
                logger.warning(
                    "unanswered messages could not be asked for",
                    metadata: [LogKey.account: "\(entry.account.name)", LogKey.error: "\(error)"]
                )
            }
            return nil
        }
    }

    /// Sees to it that there is a call to ask for; false when there is none now.
    private func refill(
        _ progress: inout InquiryProgress,
        of account: AccountID
    ) async throws(StoreError) -> Bool {
        let now = clock.now
        guard progress.calls.isEmpty else { return true }
        if progress.last == nil {
            guard progress.begunAt.map({ now >= $0 + settings.queryAfter }) ?? true else { return false }
            progress.begunAt = now
        }
        progress.calls = try await store.unansweredCalls(
            of: account,
            calledBefore: now - settings.queryAfter,
            after: progress.last,
            limit: Self.callsAtOnce
        )
        progress.last = progress.calls.last?.batch
        return !progress.calls.isEmpty
    }

    /// Each has at most some hundred members.
    private static let callsAtOnce = 16

    private func take(
        _ answer: QueryAnswer,
        on member: UnansweredCall.Member,
        of account: AccountID,
        _ round: inout ReceiptRound
    ) async throws(StoreError) {
        switch answer {
        case .receipt(let receipt):
            let count = try await store.applyReceipts([receipt], of: account, page: nil, at: clock.now)
            round.counted = round.counted + count
            round.cleared += count.applied
        case .pending(let reference):
            try await store.confirmAccepted(member.message, reference: reference)
            round.cleared += 1
        case .unknown: return
        }
    }

    /// Puts a call's members back when the supplier knew nobody of it, long enough after it was made.
    private func finish(
        _ call: UnansweredCall,
        _ progress: InquiryProgress,
        _ round: inout ReceiptRound
    ) async throws(StoreError) {
        guard call.guarantee == .atLeastOnce, !progress.isKnown,
            let firstAsked = progress.firstAsked, firstAsked >= call.calledAt + settings.resendAfter,
            let again = try await store.sendAgain(call.intent)
        else { return }
        round.sentAgain += again.count
        logger.notice(
            "the supplier knows nothing of a call; its messages are sent again",
            metadata: [LogKey.batch: "\(call.batch.rawValue)", LogKey.count: "\(again.count)"]
        )
        try await queue.append([again.message])
    }
}

/// How far the asking of one account is.
private struct InquiryProgress: Sendable {
    /// Calls to ask for; the first is being asked for.
    var calls: [UnansweredCall] = []
    /// The batch of the newest call that was read; nil begins with the oldest.
    var last: BatchID?
    /// When the oldest was begun with.
    var begunAt: Moment?
    /// How many members of the first call have been asked for.
    private var asked = 0
    /// When the first of them was.
    private(set) var firstAsked: Moment?
    /// Whether the supplier knew one of them.
    private(set) var isKnown = false

    /// Whom to ask for next; nil when all members of the first call have been asked for.
    var next: UnansweredCall.Member? {
        calls.first.flatMap { asked < $0.members.count ? $0.members[asked] : nil }
    }

    mutating func note(_ answer: QueryAnswer, at now: Moment) {
        if asked == 0 { firstAsked = now }
        asked += 1
        if answer != .unknown { isKnown = true }
    }

    mutating func dropFirst() {
        calls.removeFirst()
        asked = 0
        firstAsked = nil
        isKnown = false
    }
}

/// Keeps the progress of each account from round to round.
///
/// A round takes it out and puts it back: two at a time would only ask for the same twice.
private final class InquiryMemory: Sendable {
    private let accounts = Mutex<[AccountID: InquiryProgress]>([:])

    func take(_ account: AccountID) -> InquiryProgress {
        accounts.withLock { $0.removeValue(forKey: account) } ?? InquiryProgress()
    }

    func keep(_ progress: InquiryProgress, of account: AccountID) {
        accounts.withLock { $0[account] = progress }
    }
}
