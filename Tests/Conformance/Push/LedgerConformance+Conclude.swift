import Groundwork
import PushEngine
import TestKit
import Testing

extension LedgerConformance {
    static let concluding: [Clause<PushRig>] = [
        Clause("writes how calls ended, each recipient by itself") { rig in
            let batch = try await rig.admit(PushRig.phones(6))
            let intent = try await rig.call(batch, [0, 1, 2, 3, 4])
            let results: [CallResult] = [
                .accepted(reference: "s-1", charge: 2), .failed(code: "blacklist"), .again(code: "busy"),
                .unknown(detail: "time-out"), .sent(reference: "s-2", charge: 1),
            ]
            try await rig.books.conclude([IntentOutcome(intent: intent, results: results)], of: batch)
            #expect(
                try await rig.states(batch, 6) == [.accepted, .failed, .queued, .unknown, .sent, .queued]
            )
            #expect(try await rig.record(MessageID(batch: batch, index: 4))?.reference == "s-2")
            let open = try #require(try await rig.books.open(batch))
            #expect(open.waiting == Members([2, 5]))
            #expect(open.open.isEmpty)
            let record = try #require(try await rig.record(MessageID(batch: batch, index: 0)))
            #expect(record.account == PushRig.account)
            #expect(record.reference == "s-1")
            #expect(record.charge == 2)
            #expect(try await rig.record(MessageID(batch: batch, index: 1))?.code == "blacklist")
        },
        Clause("a receipt that came before its call's answer stands") { rig in
            let phones = PushRig.phones(3)
            let batch = try await rig.admit(phones)
            let intent = try await rig.call(batch, [0, 1, 2])
            _ = try await rig.apply([rig.receipt(phones[1], intent, delivered: false)])
            let results = [CallResult](repeating: .accepted(reference: "s", charge: 3), count: 3)
            try await rig.books.conclude([IntentOutcome(intent: intent, results: results)], of: batch)
            #expect(try await rig.states(batch, 3) == [.accepted, .undelivered, .accepted])
            let record = try #require(try await rig.record(MessageID(batch: batch, index: 1)))
            #expect(record.charge == 3)
            #expect(record.reference == "s")
            #expect(record.code == "UNDELIV")
        },
        Clause("an intent that is closed already is left as it is") { rig in
            let batch = try await rig.admit(PushRig.phones(1))
            let intent = try await rig.send(batch, [0], .accepted(reference: "first", charge: 1))
            let second = IntentOutcome(intent: intent, results: [.failed(code: "late")])
            try await rig.books.conclude([second], of: batch)
            let record = try #require(try await rig.record(MessageID(batch: batch, index: 0)))
            #expect(record.state == .accepted)
            #expect(record.reference == "first")
        },
        Clause("an intent that was never written down is refused") { rig in
            let batch = try await rig.admit(PushRig.phones(1))
            let made = Intent(
                id: IntentID(rawValue: 77),
                account: PushRig.account,
                members: Members([0])
            )
            await expectStoreError(.notFound) {
                let outcome = IntentOutcome(intent: made, results: [.failed(code: "x")])
                try await rig.books.conclude([outcome], of: batch)
            }
            #expect(try await rig.states(batch, 1) == [.queued])
        },
        Clause("what would wait again of a cancelled occurrence is recalled") { rig in
            let run = try await rig.run()
            let outcome = try await rig.books.admit(
                rig.stretch(run.id, PushRig.phones(2), from: 0, to: 2)
            )
            let batch = try #require(outcome.batch)
            let intent = try await rig.call(batch, [0, 1])
            try await rig.set(run, .cancelled)
            #expect(try await rig.books.recallAll(of: run.id, limit: 10) == 0)
            let results: [CallResult] = [.again(code: "busy"), .accepted(reference: "s", charge: 1)]
            try await rig.books.conclude([IntentOutcome(intent: intent, results: results)], of: batch)
            #expect(try await rig.states(batch, 2) == [.recalled, .accepted])
            #expect(try await rig.books.open(batch) == nil)
        },
        Clause("takes messages back that wait, and tells of each what happened") { rig in
            let batch = try await rig.admit(PushRig.phones(5))
            let held = Decision(members: Members([1]), state: .held, detail: "night", until: rig.now)
            _ = try await rig.books.decide([held], calls: [], of: batch)
            _ = try await rig.call(batch, [2])
            _ = try await rig.send(batch, [3], .failed(code: "x"))
            let messages = (0..<4).map { MessageID(batch: batch, index: $0) }
            let stranger = MessageID(batch: BatchID(rawValue: 99), index: 0)
            let verdicts = try await rig.books.recall(messages + [stranger, messages[0]])
            #expect(
                verdicts.map(\.result) == [
                    .recalled, .recalled, .tooLate, .tooLate, .notFound, .tooLate,
                ]
            )
            #expect(
                verdicts.map(\.state) == [.recalled, .recalled, .queued, .failed, nil, .recalled]
            )
            #expect(verdicts.map(\.message) == messages + [stranger, messages[0]])
            #expect(
                try await rig.states(batch, 5) == [.recalled, .recalled, .queued, .failed, .queued]
            )
            #expect(try await rig.books.held(after: nil, limit: 10).isEmpty)
        },
        Clause("unfinished batches come in order, those accepted before an instant") { rig in
            let old = try await rig.admit(PushRig.phones(1))
            let done = try await rig.admit(PushRig.phones(1))
            _ = try await rig.send(done, [0], .failed(code: "x"))
            let called = try await rig.admit(PushRig.phones(1))
            _ = try await rig.call(called, [0])
            rig.clock.advance(by: .seconds(10))
            let before = rig.now
            _ = try await rig.admit(PushRig.phones(1))
            let all = try await rig.books.unfinished(acceptedBefore: before, after: nil, limit: 10)
            #expect(all.map(\.batch) == [old, called])
            #expect(all.map(\.lane) == [Lane](repeating: rig.task([]).lane, count: 2))
            let first = try await rig.books.unfinished(acceptedBefore: before, after: nil, limit: 1)
            #expect(first.map(\.batch) == [old])
            let rest = try await rig.books.unfinished(acceptedBefore: before, after: old, limit: 10)
            #expect(rest.map(\.batch) == [called])
        },
    ]
}
