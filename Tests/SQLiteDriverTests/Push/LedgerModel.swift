import Conformance
import Foundation
import Groundwork
import PushEngine
import TestKit
import Testing

/// The books as a few dictionaries, and a random life that is written into both.
struct LedgerModel {
    /// A call as the model knows it.
    struct Call {
        let intent: Intent
        let batch: BatchID
        var isOpen = true
    }

    /// A batch as the model knows it.
    struct Batch {
        let recipients: [String]
        let run: CampaignRunID?
    }

    private(set) var states: [MessageID: DeliveryState] = [:]
    private(set) var batches: [BatchID: Batch] = [:]
    private(set) var calls: [Call] = []
    private(set) var charges: [MessageID: Int] = [:]
    /// When messages became `accepted` or `unknown`.
    private var waiting: [MessageID: Moment] = [:]
    private var held: [MessageID: Moment] = [:]
    private var received: Set<MessageID> = []
    private var known: Set<String> = []
    private var cursor = 0
    private var run: CampaignRunID?
    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    /// Does one random thing to the books, expects what the model expects, and does it to the model.
    mutating func step(_ rig: PushRig) async throws {
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1: try await admitCrowd(rig)
        case 2: try await admitRequest(rig)
        case 3, 4, 5: try await decide(rig)
        case 6, 7: try await conclude(rig)
        case 8: try await abandon(rig)
        case 9: try await recall(rig)
        case 10: try await receive(rig)
        default: try await passTime(rig)
        }
    }

    // MARK: Taking on

    private mutating func admitCrowd(_ rig: PushRig) async throws {
        let run: CampaignRunID
        if let known = self.run { run = known } else { run = try await rig.run().id }
        self.run = run
        // Few enough addresses that many come twice; every third is no phone number.
        let recipients = (0..<Int.random(in: 0..<12, using: &random))
            .map { _ in
                let number = Int.random(in: 0..<200, using: &random)
                return number.isMultiple(of: 3)
                    ? "u\(number)@example.org" : PushRig.phones(1, from: number)[0]
            }
        let end = cursor + recipients.count + 1
        let outcome = try await rig.books.admit(rig.stretch(run, recipients, from: cursor, to: end))
        cursor = end
        var duplicates: [Int] = []
        for (place, recipient) in recipients.enumerated() where !known.insert(recipient).inserted {
            duplicates.append(place)
        }
        #expect(outcome.duplicates == duplicates)
        guard let batch = outcome.batch else {
            #expect(duplicates.count == recipients.count)
            return
        }
        take(batch, recipients, run: run, without: duplicates, rig)
    }

    private mutating func admitRequest(_ rig: PushRig) async throws {
        let count = Int.random(in: 1..<5, using: &random)
        let recipients = (0..<count)
            .map { _ in PushRig.phones(1, from: Int.random(in: 0..<9, using: &random))[0] }
        take(try await rig.admit(recipients), recipients, run: nil, without: [], rig)
    }

    private mutating func take(
        _ batch: BatchID,
        _ recipients: [String],
        run: CampaignRunID?,
        without duplicates: [Int],
        _ rig: PushRig
    ) {
        batches[batch] = Batch(recipients: recipients, run: run)
        for place in recipients.indices where !duplicates.contains(place) {
            states[MessageID(batch: batch, index: place)] = .queued
        }
    }

    // MARK: Delivering

    /// Members of a batch that wait and are in no open call.
    func free(_ batch: BatchID) -> [Int] {
        let called = Set(calls.filter { $0.isOpen && $0.batch == batch }.flatMap(\.intent.members.indices))
        return members(batch, in: [.queued]).filter { !called.contains($0) }
    }

    private func members(_ batch: BatchID, in wanted: Set<DeliveryState>) -> [Int] {
        let count = batches[batch]?.recipients.count ?? 0
        return (0..<count)
            .filter { place in
                states[MessageID(batch: batch, index: place)].map(wanted.contains) ?? false
            }
    }

    private mutating func anyBatch() -> BatchID? {
        batches.keys.sorted().randomElement(using: &random)
    }

    /// A random share of a batch's places, good and bad ones.
    private mutating func anyMembers(_ batch: BatchID) -> Members {
        let count = batches[batch]?.recipients.count ?? 0
        var members: [Int] = []
        for place in 0..<count where Bool.random(using: &random) { members.append(place) }
        return Members(members)
    }

    private mutating func decide(_ rig: PushRig) async throws {
        guard let batch = anyBatch() else { return }
        let until = rig.now + .seconds(Int64.random(in: 0..<40, using: &random))
        let outcomes: [DeliveryState] = [.discarded, .shieldDropped, .held, .duplicate, .capped, .failed]
        let state = outcomes.randomElement(using: &random) ?? .capped
        let decision = Decision(members: anyMembers(batch), state: state, detail: "rule", until: until)
        let planned = (0..<2).map { _ in PlannedCall(account: PushRig.account, members: anyMembers(batch)) }
        let intents = try await rig.books.decide([decision], calls: planned, of: batch).intents
        var left = Set(free(batch))
        for place in decision.members.indices where left.remove(place) != nil {
            let message = MessageID(batch: batch, index: place)
            states[message] = state
            if state == .held { held[message] = until }
        }
        var expected: [Members] = []
        for call in planned {
            let members = Members(call.members.indices.filter { left.remove($0) != nil })
            if !members.isEmpty { expected.append(members) }
        }
        #expect(intents.map(\.members) == expected)
        calls += intents.map { Call(intent: $0, batch: batch) }
    }

    private mutating func anyCall() -> Int? {
        // Closed ones as well: they must stay as they are.
        calls.indices.suffix(12).randomElement(using: &random)
    }

    private mutating func conclude(_ rig: PushRig) async throws {
        guard let index = anyCall() else { return }
        let call = calls[index]
        let results = call.intent.members.indices
            .map { place -> CallResult in
                switch Int.random(in: 0..<6, using: &random) {
                case 0: .failed(code: "blacklist")
                case 1: .again(code: "busy")
                case 2: .unknown(detail: "time-out")
                case 3: .sent(reference: "ref-\(place)", charge: 1)
                default: .accepted(reference: "ref-\(place)", charge: Int.random(in: 0..<3, using: &random))
                }
            }
        try await rig.books.conclude([IntentOutcome(intent: call.intent, results: results)], of: call.batch)
        guard call.isOpen else { return }
        calls[index].isOpen = false
        for (place, result) in zip(call.intent.members.indices, results) {
            let message = MessageID(batch: call.batch, index: place)
            switch result {
            case .accepted(_, let charge), .sent(_, let charge): charges[message] = charge
            case .failed, .unknown, .again: break
            }
            guard states[message] == .queued else { continue }
            waiting[message] = rig.now
            switch result {
            case .accepted: states[message] = .accepted
            case .sent: states[message] = .sent
            case .failed: states[message] = .failed
            case .unknown: states[message] = .unknown
            case .again: break
            }
        }
    }

    private mutating func abandon(_ rig: PushRig) async throws {
        guard let index = anyCall() else { return }
        let call = calls[index]
        try await rig.books.abandon([call.intent], of: call.batch)
        guard call.isOpen else { return }
        calls[index].isOpen = false
        for place in call.intent.members.indices {
            let message = MessageID(batch: call.batch, index: place)
            guard states[message] == .queued else { continue }
            waiting[message] = rig.now
            states[message] = .unknown
        }
    }

    // MARK: Taking back, receipts, time

    private mutating func recall(_ rig: PushRig) async throws {
        guard let batch = anyBatch() else { return }
        let messages = anyMembers(batch).indices.map { MessageID(batch: batch, index: $0) }
        let verdicts = try await rig.books.recall(messages)
        let free = Set(free(batch))
        for (message, verdict) in zip(messages, verdicts) {
            guard let state = states[message] else {
                #expect(verdict.result == .notFound)
                continue
            }
            let waits = state == .held || free.contains(message.index)
            #expect(verdict.result == (waits ? .recalled : .tooLate))
            if waits {
                states[message] = .recalled
                held[message] = nil
            }
        }
    }

    private mutating func receive(_ rig: PushRig) async throws {
        guard let index = anyCall(), let batch = batches[calls[index].batch] else { return }
        let call = calls[index]
        var expected = ReceiptCount()
        var receipts: [SupplierReceipt] = []
        for place in call.intent.members.indices where Bool.random(using: &random) {
            // An address that is twice in a batch of the API may get either's receipt.
            guard batch.recipients.count(where: { $0 == batch.recipients[place] }) == 1 else { continue }
            let delivered = Bool.random(using: &random)
            receipts.append(rig.receipt(batch.recipients[place], call.intent, delivered: delivered))
            let message = MessageID(batch: call.batch, index: place)
            guard received.insert(message).inserted else {
                expected.repeated += 1
                continue
            }
            expected.applied += 1
            states[message] = delivered ? .delivered : .undelivered
            held[message] = nil
        }
        #expect(try await rig.apply(receipts) == expected)
    }

    private mutating func passTime(_ rig: PushRig) async throws {
        rig.clock.advance(by: .seconds(10))
        let now = rig.now
        let due = held.filter { $0.value <= now }.keys
        let released = try await rig.books.releaseDue(at: now, limit: 1_000)
        #expect(Set(released.map(\.batch)) == Set(due.map(\.batch)))
        for message in due {
            states[message] = .queued
            held[message] = nil
        }
        guard Bool.random(using: &random) else { return }
        let before = now - .seconds(60)
        let expired = try await rig.books.expire(unchangedSince: before, limit: 10_000)
        var expected = 0
        for (message, state) in states {
            guard let since = waiting[message], since < before else { continue }
            switch state {
            case .accepted: states[message] = .unconfirmed
            case .unknown: states[message] = .unresolved
            default: continue
            }
            expected += 1
        }
        #expect(expired == expected)
    }

    // MARK: Comparing

    /// Expects that the books say what the model says, in every way in which they can be asked.
    func check(_ rig: PushRig) async throws {
        for batch in batches.keys {
            let open = try await rig.books.open(batch)
            #expect((open?.waiting ?? Members([])).indices == free(batch))
            let openCalls = calls.filter { $0.isOpen && $0.batch == batch }.map(\.intent)
            #expect(open?.open ?? [] == openCalls)
        }
        for (message, state) in states {
            let record = try #require(try await rig.record(message))
            #expect(record.state == state)
            #expect(record.charge == charges[message] ?? 0)
            let story = try #require(try await rig.books.story(of: message))
            #expect(story.last?.state == state)
        }
        let unfinished = try await rig.books.unfinished(
            acceptedBefore: rig.now + .seconds(1),
            after: nil,
            limit: 10_000
        )
        let queued = Set(states.filter { $0.value == .queued }.map(\.key.batch))
        #expect(unfinished.map(\.batch) == queued.sorted())
        let heldCount = try await rig.books.held(after: nil, limit: 10_000).reduce(0) { $0 + $1.count }
        #expect(heldCount == held.count)
        try await checkTallies(rig)
    }

    private func checkTallies(_ rig: PushRig) async throws {
        var days: [Tally] = []
        for day in 20_260_401...20_260_403 { days += try await rig.books.tallies(day: day) }
        let expected = Dictionary(grouping: states.keys) { states[$0] }
        for state in DeliveryState.allCases {
            let tallies = days.filter { $0.state == state }
            let messages = expected[state] ?? []
            #expect(tallies.reduce(0) { $0 + $1.count } == messages.count)
            let charge = messages.reduce(0) { $0 + (charges[$1] ?? 0) }
            #expect(tallies.reduce(0) { $0 + $1.charge } == charge)
            #expect(tallies.allSatisfy { $0.count >= 0 })
        }
        guard let run else { return }
        let tallies = try await rig.books.tallies(of: run)
        let counted = Dictionary(tallies.map { ($0.state, $0.count) }, uniquingKeysWith: +)
        let recount = try await rig.books.recount(of: run)
        #expect(counted.filter { $0.value != 0 } == recount)
    }
}
