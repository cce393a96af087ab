import Groundwork

/// One intended call and what the supplier said.
struct CallRound: Sendable {
    let intent: Intent
    let reply: SupplierReply
    /// Whether the supplier was called at all.
    var wasMade = true
    /// Whether it tells what becomes of what it took.
    var awaitsReceipts = true
    /// Those whom it will not reach any more.
    var lasting: [LastingRefusal] = []

    /// A call that was not made after all: its members may be sent by another.
    static func notMade(_ intent: Intent, code: String) -> CallRound {
        notMade(intent, Refusal(.transient, code: code))
    }

    /// A call that was not made after all, for a reason that says whether another may send to its members.
    static func notMade(_ intent: Intent, _ refusal: Refusal) -> CallRound {
        CallRound(
            intent: intent,
            reply: SupplierReply(all: .refused(refusal), count: intent.members.count),
            wasMade: false
        )
    }
}

/// Makes the intended calls of a batch, a bounded number at a time.
struct SupplierCaller: Sendable {
    let keys: RequestKeys
    let callsAtOnce: Int
    /// How long after it was written down a call may still begin.
    let window: Duration
    let media: MediaCalls

    /// Makes all calls; each ends in a reply, whatever happens.
    ///
    /// - Parameters:
    ///   - intents: the calls.
    ///   - task: what is sent.
    ///   - roster: the accounts there are.
    ///   - stopwatch: runs since before the calls were written down.
    /// - Returns: how each ended, in no order.
    func call(
        _ intents: [Intent],
        of task: SendTask,
        _ roster: SupplierRoster,
        written stopwatch: Stopwatch
    ) async -> [CallRound] {
        guard intents.count > 1 else {
            var rounds: [CallRound] = []
            for intent in intents { rounds.append(await call(intent, of: task, roster, stopwatch)) }
            return rounds
        }
        return await withTaskGroup(of: CallRound.self, returning: [CallRound].self) { group in
            var waiting = intents[...]
            for intent in waiting.prefix(callsAtOnce) {
                group.addTask { await call(intent, of: task, roster, stopwatch) }
            }
            waiting = waiting.dropFirst(callsAtOnce)
            var rounds: [CallRound] = []
            rounds.reserveCapacity(intents.count)
            while let round = await group.next() {
                rounds.append(round)
                if let intent = waiting.popFirst() {
                    group.addTask { await call(intent, of: task, roster, stopwatch) }
                }
            }
            return rounds
        }
    }

    private func call(
        _ intent: Intent,
        of task: SendTask,
        _ roster: SupplierRoster,
        _ stopwatch: Stopwatch
    ) async -> CallRound {
        guard let entry = roster.entry(intent.account) else { return .notMade(intent, code: "account_gone") }
        var contents: [String] = []
        var places: [UInt16: Int] = [:]
        var contentIndex: [Int] = []
        contentIndex.reserveCapacity(intent.members.count)
        for index in intent.members.indices {
            let content = task.contentIndex[index]
            let place = places[content] ?? contents.count
            if place == contents.count {
                places[content] = place
                contents.append(task.contents.text(Int(content)))
            }
            contentIndex.append(place)
        }
        let call = SupplierCall(
            requestKey: keys.key(intent.id),
            recipients: intent.members.indices.map { task.recipients.text($0) },
            contents: contents,
            contentIndex: contentIndex,
            type: task.lane.type
        )
        do throws(Refusal) {
            let reply = try await media.send(call, to: entry) { stopwatch.elapsed < window }
            return CallRound(
                intent: intent,
                reply: reply,
                awaitsReceipts: entry.supplier.givesReceipts,
                lasting: reply.mayBeSplit && intent.members.count > 1
                    ? [] : Self.lasting(reply, intent, entry)
            )
        } catch {
            return .notMade(intent, error)
        }
    }
}

extension SupplierCaller {
    /// Those of a call whom its supplier will not reach any more.
    private static func lasting(
        _ reply: SupplierReply,
        _ intent: Intent,
        _ entry: SupplierRoster.Entry
    ) -> [LastingRefusal] {
        zip(intent.members.indices, reply.verdicts)
            .compactMap { member, verdict in
                guard case .refused(let refusal) = verdict, refusal.fault == .badRecipient,
                    entry.supplier.isLasting(refusal)
                else { return nil }
                return LastingRefusal(member: member, account: entry.account, code: refusal.code)
            }
    }
}

/// What a round of calls means for each recipient, and what is to be tried next.
struct RoundTally {
    private(set) var outcomes: [IntentOutcome] = []
    /// Recipients that were given up.
    let failed: Members
    /// Recipients that another account, or a smaller call, takes.
    private(set) var next: [DeliveryGroup] = []
    /// Recipients who cannot have a message now.
    let later: Members
    /// In how long the first of them may.
    private(set) var wait: Duration?
    /// Recipients whom a supplier will not reach any more.
    let lasting: [LastingRefusal]
    /// The last supplier's code that stopped somebody.
    private(set) var lastCode: String?

    /// Judges replies; `sources` are the groups that the calls were planned from, in the calls' order.
    init(_ rounds: [CallRound] = [], sources: [DeliveryGroup] = [], calls: [PlannedCall] = []) {
        var failed: [Int] = []
        var later: [Int] = []
        var elsewhere: [Set<AccountID>: [Int]] = [:]
        // Made only where somebody was refused: most calls refuse nobody.
        var sourceOf: [Int: Int] = [:]
        func tried(_ member: Int) -> Set<AccountID> {
            if sourceOf.isEmpty {
                for (number, call) in calls.enumerated() {
                    for index in call.members.indices { sourceOf[index] = number }
                }
            }
            return sourceOf[member].map { sources[$0].tried } ?? []
        }
        for round in rounds {
            let intent = round.intent
            let split = round.reply.mayBeSplit && round.intent.members.count > 1
            var results: [CallResult] = []
            results.reserveCapacity(round.intent.members.count)
            for (index, verdict) in zip(round.intent.members.indices, round.reply.verdicts) {
                switch verdict {
                case .accepted(let reference, let charge):
                    results.append(
                        round.awaitsReceipts
                            ? .accepted(reference: reference, charge: charge)
                            : .sent(reference: reference, charge: charge)
                    )
                case .ambiguous(let detail):
                    results.append(.unknown(detail: detail))
                case .refused(let refusal) where split || refusal.allowsFailover:
                    lastCode = refusal.code
                    results.append(.again(code: refusal.code))
                    guard !split else { continue }
                    let refusing = tried(index).union([intent.account])
                    elsewhere[refusing, default: []].append(index)
                case .refused(let refusal) where refusal.fault == .recipientLater:
                    lastCode = refusal.code
                    results.append(.again(code: refusal.code))
                    later.append(index)
                    let own = refusal.wait ?? Self.usualWait
                    wait = wait.map { min($0, own) } ?? own
                case .refused(let refusal):
                    lastCode = refusal.code
                    results.append(.failed(code: refusal.code))
                    failed.append(index)
                }
            }
            if split { next += Self.halves(of: intent, tried: tried(intent.members.indices[0])) }
            outcomes.append(IntentOutcome(intent: round.intent, results: results))
        }
        for (tried, members) in elsewhere {
            next.append(DeliveryGroup(members: Members(members.sorted()), tried: tried))
        }
        self.failed = Members(failed.sorted())
        self.later = Members(later.sorted())
        lasting = rounds.flatMap(\.lasting)
    }

    /// How long a recipient is left alone of whom nobody says for how long.
    private static let usualWait = Duration.seconds(60)

    private static func halves(of intent: Intent, tried: Set<AccountID>) -> [DeliveryGroup] {
        let indices = intent.members.indices
        let middle = (indices.count + 1) / 2
        return [indices[..<middle], indices[middle...]]
            .map { half in
                DeliveryGroup(members: Members(Array(half)), tried: tried, callLimit: half.count)
            }
    }
}
