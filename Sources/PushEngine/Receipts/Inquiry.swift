import Groundwork
import Logging
import Synchronization

/// Asks suppliers about messages whose call had no answer, or whose receipt does not come, and puts back what
/// never left.
///
/// A call is asked for as a whole: one member that the supplier knows proves that the call arrived, and then
/// nobody of it is sent again, even where the supplier cannot tell of the others yet. Nor is anybody of a call of
/// which one member cannot be asked for.
///
/// A supplier that cannot be asked about a call without an answer is called again, as long as it drops what comes twice.
/// After that nobody will ever tell what became of it: it stays in doubt, or is sent again once, as its template says.
struct Inquiry: Sendable {
    let store: any ReceiptStore
    let queue: any SendQueue
    let keys: RequestKeys
    let repeater: CallRepeater
    let settings: ReceiptSettings
    let clock: any WallClock
    let logger: Logger
    private let memory = InquiryMemory()

    init(
        store: any ReceiptStore,
        queue: any SendQueue,
        keys: RequestKeys,
        repeater: CallRepeater,
        settings: ReceiptSettings,
        clock: any WallClock,
        logger: Logger
    ) {
        self.store = store
        self.queue = queue
        self.keys = keys
        self.repeater = repeater
        self.settings = settings
        self.clock = clock
        self.logger = logger
    }

    /// Asks an account on where the last round stopped, as far as it lets itself be asked now: first for what
    /// had no answer, then for what has no receipt.
    ///
    /// - Throws: `StoreError` when a store does not answer; what was asked for stays so.
    func ask(_ entry: SupplierRoster.Entry, _ round: inout ReceiptRound) async throws(StoreError) {
        var allowed = settings.queriesPerRound
        for state in [DeliveryState.unknown, .accepted] {
            let topic = InquiryTopic(account: entry.account.id, state: state)
            var progress = memory.take(topic)
            defer { memory.keep(progress, of: topic) }
            guard try await ask(entry, state, &progress, &allowed, &round) else { return }
        }
    }

    /// Asks for messages in a state; false when the account is not to be asked for anything more now.
    private func ask(
        _ entry: SupplierRoster.Entry,
        _ state: DeliveryState,
        _ progress: inout InquiryProgress,
        _ allowed: inout Int,
        _ round: inout ReceiptRound
    ) async throws(StoreError) -> Bool {
        let tellsByCall = state == .accepted && entry.supplier.resultsAreKnownFor != nil
        let age =
            switch state {
            case .unknown: settings.queryAfter
            default: tellsByCall ? settings.resultsAfter : settings.confirmAfter
            }
        let now = clock.now
        while !Task.isCancelled, try await refill(&progress, of: entry.account.id, in: state, age, at: now) {
            let isThrough =
                tellsByCall
                ? try await askForCall(entry, &progress, &allowed, &round)
                : try await askForMembers(entry, state, &progress, &allowed, &round)
            guard isThrough else { return false }
            progress.dropFirst()
        }
        return true
    }

    /// Asks for the members of the first call in turn; false when the account is not to be asked for anything more now.
    private func askForMembers(
        _ entry: SupplierRoster.Entry,
        _ state: DeliveryState,
        _ progress: inout InquiryProgress,
        _ allowed: inout Int,
        _ round: inout ReceiptRound
    ) async throws(StoreError) -> Bool {
        while let member = progress.next {
            guard allowed > 0 else {
                round.hasMore = true
                return false
            }
            allowed -= 1
            let answer: QueryAnswer?
            do { answer = try await ask(entry, member, progress.calls[0]) } catch {
                if error == .notOffered, state == .unknown {
                    return try await goOnUnasked(entry, &progress, &round)
                }
                note(error, of: entry.account, &round)
                return false
            }
            round.asked += 1
            if let answer, try await take(answer, on: member, of: entry.account.id, &round) {
                round.cleared += 1
            }
            progress.note(answer, at: clock.now)
        }
        if state == .unknown { try await finish(progress.calls[0], progress, &round) }
        return true
    }

    // MARK: Suppliers that cannot be asked

    /// Makes the first call again, or sends it again when that cannot be done any more; false when the account is not to
    /// be called any more now.
    private func goOnUnasked(
        _ entry: SupplierRoster.Entry,
        _ progress: inout InquiryProgress,
        _ round: inout ReceiptRound
    ) async throws(StoreError) -> Bool {
        let call = progress.calls[0]
        if let end = repeater.end(for: call, by: entry), clock.now < end {
            switch try await repeater.makeAgain(call, by: entry) {
            case .notNow: return true
            case .answered(let count):
                round.repeated += 1
                round.cleared += count
                return true
            case .unanswered:
                round.repeated += 1
                progress.silences += 1
                guard progress.silences >= Self.silencesAllowed else { return true }
                progress.silences = 0
                progress.dropFirst()
                round.silent.append(entry.account.name)
                return false
            }
        }
        let reach = entry.supplier.repeatsAreDropped(ofCallAt: call.calledAt) ?? call.calledAt
        guard clock.now >= max(reach, call.calledAt + settings.resendAfter) else { return true }
        try await sendAgain(call, onlyOnce: true, &round)
        return true
    }

    /// So many calls without an answer may have themselves to blame; after them an account is left alone for the round.
    private static let silencesAllowed = 3

    // MARK: Suppliers that tell of whole calls

    /// Asks for the first call by its references; false when the account is not to be asked for anything more now.
    private func askForCall(
        _ entry: SupplierRoster.Entry,
        _ progress: inout InquiryProgress,
        _ allowed: inout Int,
        _ round: inout ReceiptRound
    ) async throws(StoreError) -> Bool {
        let call = progress.calls[0]
        guard let known = entry.supplier.resultsAreKnownFor, clock.now <= call.calledAt + known else {
            return true
        }
        for question in call.questions(at: clock.now) {
            guard allowed > 0 else {
                round.hasMore = true
                return false
            }
            allowed -= 1
            let results: [SupplierReceipt]
            do { results = try await entry.supplier.results(question) } catch {
                guard error.isAboutOneQuestion else {
                    note(error, of: entry.account, &round)
                    return false
                }
                tell(error, of: entry.account)
                continue
            }
            round.asked += question.recipients.count
            guard !results.isEmpty else { continue }
            let key = keys.key(call.intent)
            let count = try await store.applyReceipts(
                results.map { $0.keyed(key) },
                of: entry.account.id,
                from: ReceiptOrigin(),
                at: clock.now
            )
            round.counted = round.counted + count
            round.cleared += count.applied
        }
        return true
    }

    // MARK: Single questions

    /// The supplier's answer; nil when it gives none for this member, whoever is asked for next.
    ///
    /// - Throws: `SupplierError` when the account is not to be asked now.
    private func ask(
        _ entry: SupplierRoster.Entry,
        _ member: OpenCall.Member,
        _ call: OpenCall
    ) async throws(SupplierError) -> QueryAnswer? {
        do {
            return try await entry.supplier.query(
                recipient: member.recipient,
                requestKey: keys.key(call.intent),
                sentAt: call.calledAt
            )
        } catch {
            guard error.isAboutOneQuestion else { throw error }
            tell(error, of: entry.account)
            return nil
        }
    }

    private func tell(_ error: SupplierError, of account: SupplierAccount) {
        logger.warning(
            "an unanswered message could not be asked for",
            metadata: [LogKey.account: "\(account.name)", LogKey.error: "\(error)"]
        )
    }

    /// Notes why an account is not asked for anything more in a round.
    private func note(_ error: SupplierError, of account: SupplierAccount, _ round: inout ReceiptRound) {
        guard error != .notOffered, round.leave(account, for: error) else { return }
        logger.warning(
            "unanswered messages could not be asked for",
            metadata: [LogKey.account: "\(account.name)", LogKey.error: "\(error)"]
        )
    }

    /// Sees to it that there is a call to ask for; false when there is none now.
    ///
    /// What counts is when the round came to the account: however long it takes, it begins with the oldest once.
    private func refill(
        _ progress: inout InquiryProgress,
        of account: AccountID,
        in state: DeliveryState,
        _ age: Duration,
        at now: Moment
    ) async throws(StoreError) -> Bool {
        guard progress.calls.isEmpty else { return true }
        let read = { (last: BatchID?) async throws(StoreError) -> [OpenCall] in
            try await store.openCalls(
                of: account,
                in: state,
                calledBefore: now - age,
                after: last,
                limit: Self.callsAtOnce
            )
        }
        progress.calls = try await read(progress.last)
        if progress.calls.isEmpty, progress.last != nil, progress.begunAt.map({ now >= $0 + age }) ?? true {
            // All have been asked for, and some time ago: once more from the oldest.
            progress.last = nil
            progress.calls = try await read(nil)
        }
        if progress.last == nil { progress.begunAt = now }
        progress.last = progress.calls.last?.batch ?? progress.last
        return !progress.calls.isEmpty
    }

    /// Each has at most some hundred members.
    private static let callsAtOnce = 16

    /// Writes what the supplier says; whether that tells more than was known.
    private func take(
        _ answer: QueryAnswer,
        on member: OpenCall.Member,
        of account: AccountID,
        _ round: inout ReceiptRound
    ) async throws(StoreError) -> Bool {
        switch answer {
        case .receipt(let receipt):
            let count = try await store.applyReceipts(
                [receipt],
                of: account,
                from: ReceiptOrigin(),
                at: clock.now
            )
            round.counted = round.counted + count
            return count.applied > 0
        case .pending(let reference):
            return try await store.confirmAccepted(member.message, reference: reference)
        case .unknown: return false
        }
    }

    /// Puts a call's members back when the supplier knew nobody of it, long enough after it was made.
    private func finish(
        _ call: OpenCall,
        _ progress: InquiryProgress,
        _ round: inout ReceiptRound
    ) async throws(StoreError) {
        guard !progress.mayBeKnown,
            let firstAsked = progress.firstAsked, firstAsked >= call.calledAt + settings.resendAfter
        else { return }
        try await sendAgain(call, onlyOnce: false, &round)
    }

    private func sendAgain(
        _ call: OpenCall,
        onlyOnce: Bool,
        _ round: inout ReceiptRound
    ) async throws(StoreError) {
        guard call.guarantee == .atLeastOnce,
            let again = try await store.sendAgain(call.intent, onlyOnce: onlyOnce)
        else { return }
        round.sentAgain += again.count
        logger.notice(
            "nothing is known of a call; its messages are sent again",
            metadata: [LogKey.batch: "\(call.batch.rawValue)", LogKey.count: "\(again.count)"]
        )
        try await queue.append([again.message])
    }
}

extension SupplierError {
    /// Whether only the question was refused, or its answer unreadable: the next one may fare better.
    fileprivate var isAboutOneQuestion: Bool {
        switch self {
        case .refused(let refusal):
            [.badRecipient, .badContent, .recipientLimit, .recipientLater].contains(refusal.fault)
        case .malformed, .tooLate: true
        case .unavailable, .notGenuine, .notOffered: false
        }
    }
}

extension OpenCall {
    /// One question for each reference of its members.
    fileprivate func questions(at now: Moment) -> [ResultsQuestion] {
        var members: [String: [Member]] = [:]
        var order: [String] = []
        for member in self.members {
            guard let reference = member.reference, !reference.isEmpty else { continue }
            if members[reference] == nil { order.append(reference) }
            members[reference, default: []].append(member)
        }
        return order.map { reference in
            let members = members[reference] ?? []
            return ResultsQuestion(
                reference: reference,
                recipients: members.map(\.recipient),
                isOfRepeat: members.contains { $0.isConfirmed },
                at: now
            )
        }
    }
}

extension SupplierReceipt {
    /// The same, of a call whose key is known.
    fileprivate func keyed(_ key: String) -> SupplierReceipt {
        SupplierReceipt(
            recipient: recipient,
            requestKey: key,
            reference: reference,
            delivered: delivered,
            code: code,
            at: at
        )
    }
}

/// What an account is asked for.
private struct InquiryTopic: Hashable {
    let account: AccountID
    let state: DeliveryState
}

/// How far the asking for one topic is.
private struct InquiryProgress: Sendable {
    /// Calls to ask for; the first is being asked for.
    var calls: [OpenCall] = []
    /// The batch of the newest call that was read; nil begins with the oldest.
    var last: BatchID?
    /// When the oldest was begun with.
    var begunAt: Moment?
    /// How many calls that were made again had no answer since the account was last left alone.
    var silences = 0
    /// How many members of the first call have been asked for.
    private var asked = 0
    /// When the first of them was.
    private(set) var firstAsked: Moment?
    /// Whether the supplier knew one of them, or may: it could not be asked.
    private(set) var mayBeKnown = false

    /// Whom to ask for next; nil when all members of the first call have been asked for.
    var next: OpenCall.Member? {
        calls.first.flatMap { asked < $0.members.count ? $0.members[asked] : nil }
    }

    /// Notes what was said of the next member; nil when nothing was.
    mutating func note(_ answer: QueryAnswer?, at now: Moment) {
        if asked == 0 { firstAsked = now }
        asked += 1
        if answer != .unknown { mayBeKnown = true }
    }

    mutating func dropFirst() {
        calls.removeFirst()
        asked = 0
        firstAsked = nil
        mayBeKnown = false
    }
}

/// Keeps the progress of each topic from round to round.
///
/// A round takes it out and puts it back: two at a time would only ask for the same twice.
private final class InquiryMemory: Sendable {
    private let topics = Mutex<[InquiryTopic: InquiryProgress]>([:])

    func take(_ topic: InquiryTopic) -> InquiryProgress {
        topics.withLock { $0.removeValue(forKey: topic) } ?? InquiryProgress()
    }

    func keep(_ progress: InquiryProgress, of topic: InquiryTopic) {
        topics.withLock { $0[topic] = progress }
    }
}
