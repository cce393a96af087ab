import Groundwork
import PushEngine
import TestKit
import Testing

/// Calls without an answer: who asks for them, what is confirmed, what is sent again.
extension ReceiptConformance {
    static let unanswered: [Clause<PushRig>] = [
        Clause(
            "unanswered calls come oldest first, those made before an instant, with whom they left unknown"
        ) {
            rig in
            let phones = PushRig.phones(3)
            let batch = try await rig.admit(phones)
            let intent = try await rig.send(batch, [0, 2], .unknown(detail: "time-out"))
            let calledAt = rig.now
            rig.clock.advance(by: .seconds(60))
            let late = try await rig.send(batch, [1], .unknown(detail: "time-out"))
            let next = try await rig.admit(phones)
            _ = try await rig.send(next, [0], .accepted(reference: "s", charge: 1))
            let last = try await rig.send(next, [1], .unknown(detail: "reset"))
            let first = try await calls(rig)
            #expect(first.map(\.intent) == [intent.id])
            #expect(first.map(\.calledAt) == [calledAt])
            #expect(first[0].members.map(\.message) == [0, 2].map { MessageID(batch: batch, index: $0) })
            #expect(first[0].members.map(\.recipient) == [phones[0], phones[2]])
            rig.clock.advance(by: .seconds(1))
            let all = try await calls(rig)
            #expect(all.map(\.intent) == [intent.id, late.id, last.id])
            // Batches are told as a whole, one after the other.
            #expect(try await calls(rig, limit: 1) == Array(all[...1]))
            #expect(try await calls(rig, after: batch) == [all[2]])
            #expect(try await calls(rig, of: AccountID(rawValue: 8)).isEmpty)
            let receipt = rig.receipt(phones[0], intent)
            #expect(try await rig.apply([receipt]).applied == 1)
            #expect(try await calls(rig)[0].members.map(\.message.index) == [2])
        },
        Clause("calls whose members have no receipt are told like those without an answer") { rig in
            let phones = PushRig.phones(3)
            let batch = try await rig.admit(phones)
            let taken = try await rig.send(batch, [0, 1], .accepted(reference: "s", charge: 1))
            _ = try await rig.send(batch, [2], .unknown(detail: "reset"))
            #expect(try await rig.apply([rig.receipt(phones[0], taken)]).applied == 1)
            rig.clock.advance(by: .seconds(1))
            let open = try await calls(rig, in: .accepted)
            #expect(open.map(\.intent) == [taken.id])
            #expect(open[0].members.map(\.message.index) == [1])
            #expect(try await calls(rig, in: .unknown).map(\.members.count) == [1])
            #expect(try await rig.apply([rig.receipt(phones[1], taken)]).applied == 1)
            #expect(try await calls(rig, in: .accepted).isEmpty)
        },
        Clause("an unanswered call says what its template promises") { rig in
            let careful = try await rig.admit(PushRig.phones(1))
            _ = try await rig.send(careful, [0], .unknown(detail: "reset"))
            let eager = try await rig.admit(
                PushRig.phones(1),
                template: try await rig.template(.atLeastOnce),
                version: 1
            )
            _ = try await rig.send(eager, [0], .unknown(detail: "reset"))
            rig.clock.advance(by: .seconds(1))
            #expect(try await calls(rig).map(\.guarantee) == [.atMostOnce, .atLeastOnce])
        },
        Clause("a call is sent again for those that nothing is known of, and tells whom to queue") { rig in
            let batch = try await rig.admit(PushRig.phones(3))
            let call = try await rig.send(batch, [0, 2], .unknown(detail: "time-out"))
            let again = try await rig.books.sendAgain(call.id, onlyOnce: false)
            #expect(again?.message.batch == batch)
            #expect(again?.count == 2)
            #expect(try await rig.states(batch, 3) == [.queued, .queued, .queued])
            #expect(try await rig.record(MessageID(batch: batch, index: 0))?.account == nil)
            #expect(try await rig.books.open(batch)?.waiting == Members([0, 1, 2]))
            let story = try await rig.books.story(of: MessageID(batch: batch, index: 2))
            #expect(story?.map(\.stage) == [.accepted, .calling, .answered, .requeued])
            // Once is enough.
            #expect(try await rig.books.sendAgain(call.id, onlyOnce: false) == nil)
            _ = try await rig.send(batch, [0, 1, 2], .unknown(detail: "time-out"))
            // Their last call is another one.
            #expect(try await rig.books.sendAgain(call.id, onlyOnce: false) == nil)
            #expect(try await rig.states(batch, 3) == [.unknown, .unknown, .unknown])
        },
        Clause("a call of which anybody has a receipt, or was confirmed, is not sent again") { rig in
            let phones = PushRig.phones(3)
            let received = try await rig.admit(phones)
            let first = try await rig.send(received, [0, 1, 2], .unknown(detail: "time-out"))
            #expect(try await rig.apply([rig.receipt(phones[1], first)]).applied == 1)
            #expect(try await rig.books.sendAgain(first.id, onlyOnce: false) == nil)
            #expect(try await rig.states(received, 3) == [.unknown, .delivered, .unknown])
            let confirmed = try await rig.admit(phones)
            let second = try await rig.send(confirmed, [0, 1], .unknown(detail: "time-out"))
            #expect(
                try await rig.books.confirmAccepted(MessageID(batch: confirmed, index: 0), reference: "")
            )
            #expect(try await rig.books.sendAgain(second.id, onlyOnce: false) == nil)
            #expect(try await rig.states(confirmed, 3) == [.accepted, .unknown, .queued])
        },
        Clause("a call that was answered for anybody is not sent again") { rig in
            for answer in [CallResult.accepted(reference: "s", charge: 1), .failed(code: "blacklist")] {
                let batch = try await rig.admit(PushRig.phones(3))
                let call = try await rig.call(batch, [0, 1, 2])
                let silence = CallResult.unknown(detail: "not spoken of")
                let outcome = IntentOutcome(intent: call, results: [silence, answer, silence])
                try await rig.books.conclude([outcome], of: batch)
                #expect(try await rig.books.sendAgain(call.id, onlyOnce: false) == nil)
                let states = try await rig.states(batch, 3)
                #expect([states[0], states[2]] == [.unknown, .unknown])
            }
        },
        Clause("an open call is not sent again, nor one that does not exist") { rig in
            let batch = try await rig.admit(PushRig.phones(1))
            let call = try await rig.call(batch, [0])
            await expectStoreError(.notFound) { _ = try await rig.books.sendAgain(call.id, onlyOnce: false) }
            await expectStoreError(.notFound) {
                _ = try await rig.books.sendAgain(IntentID(rawValue: 99), onlyOnce: false)
            }
            #expect(try await rig.books.open(batch)?.open == [call])
        },
        Clause("nothing of a cancelled campaign is sent again") { rig in
            let run = try await rig.run()
            let admitted = try await rig.books.admit(rig.stretch(run.id, PushRig.phones(2), from: 0, to: 2))
            let batch = try #require(admitted.batch)
            let call = try await rig.send(batch, [0, 1], .unknown(detail: "time-out"))
            try await rig.set(run, .cancelled)
            #expect(try await rig.books.sendAgain(call.id, onlyOnce: false) == nil)
            #expect(try await rig.states(batch, 2) == [.unknown, .unknown])
        },
        Clause("an unknown message that the supplier has is accepted") { rig in
            let phone = PushRig.phones(1)[0]
            let batch = try await rig.admit([phone])
            let intent = try await rig.call(batch, [0])
            try await rig.books.abandon([intent], of: batch)
            let message = MessageID(batch: batch, index: 0)
            #expect(try await rig.books.confirmAccepted(message, reference: "found"))
            let record = try #require(try await rig.record(message))
            #expect(record.state == .accepted)
            #expect(record.reference == "found")
            #expect(record.account == PushRig.account)
            #expect(try await rig.apply([rig.receipt(phone, nil, reference: "found")]).applied == 1)
        },
        Clause("a message in another state is not confirmed, and none that does not exist") { rig in
            let batch = try await rig.admit(PushRig.phones(1))
            let message = MessageID(batch: batch, index: 0)
            #expect(try await !rig.books.confirmAccepted(message, reference: "x"))
            #expect(try await rig.record(message)?.state == .queued)
            #expect(try await rig.record(message)?.reference == nil)
            await expectStoreError(.notFound) {
                let stranger = MessageID(batch: BatchID(rawValue: 99), index: 0)
                _ = try await rig.books.confirmAccepted(stranger, reference: "x")
            }
        },
    ]

    private static func calls(
        _ rig: PushRig,
        of account: AccountID = PushRig.account,
        in state: DeliveryState = .unknown,
        after batch: BatchID? = nil,
        limit: Int = 10
    ) async throws -> [OpenCall] {
        try await rig.books.openCalls(
            of: account,
            in: state,
            calledBefore: rig.now,
            after: batch,
            limit: limit
        )
    }
}
