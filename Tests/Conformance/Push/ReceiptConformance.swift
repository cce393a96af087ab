import Groundwork
import PushEngine
import TestKit
import Testing

/// What every `ReceiptStore` and every `NightShelf` must keep.
package enum ReceiptConformance {
    package static let clauses: [Clause<PushRig>] = pages + matching + unanswered + waiting + shelf

    private static let pages: [Clause<PushRig>] = [
        Clause("a page that was kept is pending until it is applied") { rig in
            let first = try await rig.books.keepPage([1, 2], of: PushRig.account, at: rig.now)
            let second = try await rig.books.keepPage([], of: PushRig.account, at: rig.now)
            let pending = try await rig.books.pendingPages(limit: 10)
            #expect(pending.map(\.id) == [first, second])
            #expect(pending.map(\.raw) == [[1, 2], []])
            #expect(pending.map(\.account) == [PushRig.account, PushRig.account])
            #expect(try await rig.books.pendingPages(limit: 1).count == 1)
            _ = try await rig.books.applyReceipts(
                [],
                of: PushRig.account,
                from: ReceiptOrigin(kept: [first]),
                at: rig.now
            )
            #expect(try await rig.books.pendingPages(limit: 10).map(\.id) == [second])
        },
        Clause("pages that are kept in the step that applies them are done") { rig in
            let phones = PushRig.phones(1)
            let batch = try await rig.admit(phones)
            let intent = try await rig.send(batch, [0], .accepted(reference: "s", charge: 1))
            let count = try await rig.books.applyReceipts(
                [rig.receipt(phones[0], intent)],
                of: PushRig.account,
                from: ReceiptOrigin(unkept: [[1, 2], []]),
                at: rig.now
            )
            #expect(count == ReceiptCount(applied: 1))
            #expect(try await rig.books.pendingPages(limit: 10).isEmpty)
        },
    ]

    private static let matching: [Clause<PushRig>] = [
        Clause("gives messages the final word of their receipts") { rig in
            let phones = PushRig.phones(3)
            let batch = try await rig.admit(phones)
            let intent = try await rig.send(batch, [0, 1, 2], .accepted(reference: "s", charge: 1))
            let count = try await rig.apply([
                rig.receipt(phones[2], intent), rig.receipt(phones[0], intent, delivered: false),
            ])
            #expect(count == ReceiptCount(applied: 2))
            #expect(try await rig.states(batch, 3) == [.undelivered, .accepted, .delivered])
            #expect(try await rig.record(MessageID(batch: batch, index: 2))?.code == "DELIVRD")
        },
        Clause("the first receipt of a message wins") { rig in
            let phone = PushRig.phones(1)[0]
            let batch = try await rig.admit([phone])
            let intent = try await rig.send(batch, [0], .accepted(reference: "s", charge: 1))
            let both = [rig.receipt(phone, intent), rig.receipt(phone, intent, delivered: false)]
            #expect(try await rig.apply(both) == ReceiptCount(applied: 1, repeated: 1))
            #expect(try await rig.apply(both) == ReceiptCount(repeated: 2))
            #expect(try await rig.states(batch, 1) == [.delivered])
        },
        Clause("a report counts that comes after the supplier's taking a message was its last word") { rig in
            let mails = ["ann@example.org", "ben@example.org", "cem@example.org"]
            let batch = try await rig.admit(mails)
            let intent = try await rig.send(batch, [0, 1, 2], .sent(reference: "s", charge: 0))
            let bounce = rig.receipt(mails[1], intent, delivered: false)
            #expect(try await rig.apply([bounce, rig.receipt(mails[2], intent)]) == ReceiptCount(applied: 2))
            #expect(try await rig.apply([bounce]) == ReceiptCount(repeated: 1))
            #expect(try await rig.states(batch, 3) == [.sent, .undelivered, .delivered])
            let story = try await rig.books.story(of: MessageID(batch: batch, index: 1))
            #expect(story?.suffix(2).map(\.state) == [.sent, .undelivered])
        },
        Clause("finds its message by the key of our call") { rig in
            let phone = PushRig.phones(1)[0]
            let older = try await rig.admit([phone])
            let newer = try await rig.admit([phone])
            let first = try await rig.send(older, [0], .unknown(detail: "time-out"))
            _ = try await rig.send(newer, [0], .accepted(reference: "s", charge: 1))
            #expect(try await rig.apply([rig.receipt(phone, first, reference: "s")]).applied == 1)
            #expect(try await rig.states(older, 1) == [.delivered])
            #expect(try await rig.states(newer, 1) == [.accepted])
        },
        Clause("finds the message of a campaign, and one whose address is no phone number") { rig in
            let run = try await rig.run()
            let mails = ["ann@example.org", "ben@example.org"]
            let admitted = try await rig.books.admit(rig.stretch(run.id, mails, from: 0, to: 2))
            let batch = try #require(admitted.batch)
            let intent = try await rig.send(batch, [0, 1], .accepted(reference: "", charge: 0))
            #expect(try await rig.apply([rig.receipt(mails[1], intent)]).applied == 1)
            #expect(try await rig.states(batch, 2) == [.accepted, .delivered])
        },
        Clause("finds its message, and people theirs, whatever the letters of its address are") { rig in
            let batch = try await rig.admit(["Ann@example.org", "ben@example.org"])
            let intent = try await rig.send(batch, [0, 1], .sent(reference: "s", charge: 0))
            let bounce = rig.receipt("ann@example.org", intent, delivered: false)
            #expect(try await rig.apply([bounce]).applied == 1)
            #expect(try await rig.states(batch, 2) == [.undelivered, .sent])
            for text in ["ANN@example.org", "Ann@example.org"] {
                let found = try await rig.books.records(.recipient(text), state: nil, before: nil, limit: 9)
                #expect(found.map(\.recipient) == ["Ann@example.org"])
            }
        },
        Clause("finds its message by the supplier's reference where there is no key") { rig in
            let phone = PushRig.phones(1)[0]
            var batches: [BatchID] = []
            for reference in ["a", "b", "c"] {
                batches.append(try await rig.admit([phone]))
                _ = try await rig.send(
                    batches[batches.count - 1],
                    [0],
                    .accepted(reference: reference, charge: 1)
                )
            }
            #expect(try await rig.apply([rig.receipt(phone, nil, reference: "b")]).applied == 1)
            #expect(try await rig.states(batches[1], 1) == [.delivered])
            #expect(try await rig.states(batches[0], 1) == [.accepted])
            #expect(try await rig.states(batches[2], 1) == [.accepted])
        },
        Clause("keeps those that belong to nobody") { rig in
            let phones = PushRig.phones(2)
            let batch = try await rig.admit(phones)
            let intent = try await rig.send(batch, [0], .accepted(reference: "s", charge: 1))
            let other = RequestKeys(installation: rig.keys.installation &+ 1)
            let foreign = SupplierReceipt(
                recipient: phones[0],
                requestKey: other.key(intent.id),
                reference: "s",
                delivered: true,
                code: "",
                at: rig.now
            )
            let strays = [
                foreign, rig.receipt(phones[1], intent), rig.receipt("+8613999999999", intent),
                rig.receipt(phones[0], nil, reference: "t"), rig.receipt(phones[0], nil),
            ]
            #expect(try await rig.apply(strays) == ReceiptCount(stray: 5))
            let elsewhere = AccountID(rawValue: 8)
            let count = try await rig.books.applyReceipts(
                [rig.receipt(phones[0], intent)],
                of: elsewhere,
                from: ReceiptOrigin(),
                at: rig.now
            )
            #expect(count == ReceiptCount(stray: 1))
            #expect(try await rig.states(batch, 2) == [.accepted, .queued])
        },
        Clause("a late receipt moves a message that was given up") { rig in
            let phones = PushRig.phones(2)
            let batch = try await rig.admit(phones)
            let intent = try await rig.send(batch, [0, 1], .accepted(reference: "s", charge: 1))
            rig.clock.advance(by: .seconds(10))
            #expect(try await rig.books.expire(unchangedSince: rig.now, limit: 10) == 2)
            #expect(try await rig.apply([rig.receipt(phones[0], intent)]).applied == 1)
            #expect(try await rig.states(batch, 2) == [.delivered, .unconfirmed])
        },
    ]

    private static let waiting: [Clause<PushRig>] = [
        Clause("gives up waiting for messages unchanged since an instant, a bounded number at a time") {
            rig in
            let batch = try await rig.admit(PushRig.phones(4))
            _ = try await rig.send(batch, [0, 1], .accepted(reference: "s", charge: 1))
            _ = try await rig.send(batch, [2], .unknown(detail: "reset"))
            rig.clock.advance(by: .seconds(10))
            let before = rig.now
            let young = try await rig.admit(PushRig.phones(1))
            _ = try await rig.send(young, [0], .accepted(reference: "s", charge: 1))
            #expect(try await rig.books.expire(unchangedSince: before, limit: 2) == 2)
            #expect(try await rig.books.expire(unchangedSince: before, limit: 2) == 1)
            #expect(try await rig.books.expire(unchangedSince: before, limit: 2) == 0)
            #expect(
                try await rig.states(batch, 4) == [.unconfirmed, .unconfirmed, .unresolved, .queued]
            )
            #expect(try await rig.states(young, 1) == [.accepted])
        },
        Clause("a message that was sent long after it was accepted is waited for as long as any other") {
            rig in
            let batch = try await rig.admit(PushRig.phones(4))
            _ = try await rig.send(batch, [3], .accepted(reference: "s", charge: 1))
            let paused = try await rig.admit(PushRig.phones(1))
            rig.clock.advance(by: .seconds(10))
            let before = rig.now
            _ = try await rig.send(batch, [0], .accepted(reference: "s", charge: 1))
            _ = try await rig.send(batch, [1, 2], .unknown(detail: "reset"))
            _ = try await rig.send(paused, [0], .accepted(reference: "s", charge: 1))
            #expect(try await rig.books.expire(unchangedSince: before, limit: 10) == 1)
            #expect(
                try await rig.states(batch, 4) == [.accepted, .unknown, .unknown, .unconfirmed]
            )
            #expect(try await rig.states(paused, 1) == [.accepted])
            rig.clock.advance(by: .seconds(10))
            let later = rig.now
            _ = try await rig.books.confirmAccepted(MessageID(batch: batch, index: 1), reference: "s")
            #expect(try await rig.books.expire(unchangedSince: later, limit: 10) == 3)
            #expect(
                try await rig.states(batch, 4) == [.unconfirmed, .accepted, .unresolved, .unconfirmed]
            )
        },
    ]

    private static let shelf: [Clause<PushRig>] = [
        Clause("held messages come back when their time has come, oldest first and once") { rig in
            let first = try await rig.admit(PushRig.phones(3))
            let second = try await rig.admit(PushRig.phones(2))
            let morning = rig.now + .seconds(100)
            try await hold(rig, second, [0, 1], until: morning)
            try await hold(rig, first, [0, 2], until: morning + .seconds(50))
            #expect(try await rig.books.releaseDue(at: morning - .seconds(1), limit: 10).isEmpty)
            let held = try await rig.books.held(after: nil, limit: 10)
            #expect(held.map(\.batch) == [second, first])
            #expect(held.map(\.count) == [2, 2])
            #expect(held.map(\.until) == [morning, morning + .seconds(50)])
            #expect(try await rig.books.releaseDue(at: morning, limit: 10).map(\.batch) == [second])
            #expect(try await rig.books.releaseDue(at: morning, limit: 10).isEmpty)
            #expect(try await rig.states(second, 2) == [.queued, .queued])
            let noon = morning + .seconds(1_000)
            #expect(try await rig.books.releaseDue(at: noon, limit: 10).map(\.batch) == [first])
            #expect(try await rig.books.open(first)?.waiting == Members([0, 1, 2]))
        },
        Clause("held messages are read page by page, those of one instant too") { rig in
            var batches: [BatchID] = []
            for delay in [0, 5, 5, 5, 9] {
                let batch = try await rig.admit(PushRig.phones(1))
                try await hold(rig, batch, [0], until: rig.now + .seconds(delay))
                batches.append(batch)
            }
            var read: [HeldBatch] = []
            repeat {
                read += try await rig.books.held(after: read.last?.place, limit: 2)
            } while read.count.isMultiple(of: 2) && read.count < 9
            #expect(read.map(\.batch) == batches)
        },
        Clause("at most as many batches are released as were asked for") { rig in
            let batches = [try await rig.admit(PushRig.phones(1)), try await rig.admit(PushRig.phones(1))]
            for batch in batches { try await hold(rig, batch, [0], until: rig.now) }
            #expect(try await rig.books.releaseDue(at: rig.now, limit: 1).map(\.batch) == [batches[0]])
            #expect(try await rig.books.releaseDue(at: rig.now, limit: 1).map(\.batch) == [batches[1]])
        },
        Clause("what was recalled is not released") { rig in
            let batch = try await rig.admit(PushRig.phones(3))
            try await hold(rig, batch, [0, 1, 2], until: rig.now)
            _ = try await rig.books.recall([MessageID(batch: batch, index: 1)])
            #expect(try await rig.books.held(after: nil, limit: 1).map(\.count) == [2])
            _ = try await rig.books.releaseDue(at: rig.now, limit: 10)
            #expect(try await rig.states(batch, 3) == [.queued, .recalled, .queued])
        },
        Clause("nothing is held without a morning") { rig in
            let batch = try await rig.admit(PushRig.phones(1))
            await expectStoreError(.conflict) { try await hold(rig, batch, [0], until: nil) }
            #expect(try await rig.states(batch, 1) == [.queued])
        },
    ]

    private static func hold(
        _ rig: PushRig,
        _ batch: BatchID,
        _ members: [Int],
        until: Moment?
    ) async throws {
        let held = Decision(members: Members(members), state: .held, detail: "night", until: until)
        _ = try await rig.books.decide([held], calls: [], of: batch)
    }
}
