import Groundwork
import PushEngine
import TestKit
import Testing

/// What every `CallBook` must keep.
package enum CallBookConformance {
    package static let clauses: [Clause<PushRig>] = repeats + resolutions + taken + withdrawals

    private static let doubt = CallResult.unknown(detail: "time-out")

    private static let repeats: [Clause<PushRig>] = [
        Clause("a call of which nothing is known comes as it was made") { rig in
            let phones = PushRig.phones(4)
            let batch = try await rig.admit(phones)
            let calledAt = rig.now
            let call = try await rig.send(batch, [0, 2, 3], doubt)
            rig.clock.advance(by: .seconds(60))
            let known = try #require(try await rig.books.repeatable(call.id))
            #expect(known.intent == call)
            #expect(known.batch == batch)
            #expect(known.calledAt == calledAt)
            #expect(known.task.recipients.count == 4)
            #expect([0, 2, 3].map { known.task.recipients.text($0) } == [phones[0], phones[2], phones[3]])
            #expect(known.task.contents.text(1) == "text 1")
            let abandoned = try await rig.call(batch, [1])
            try await rig.books.abandon([abandoned], of: batch)
            #expect(try await rig.books.repeatable(abandoned.id)?.intent == abandoned)
        },
        Clause("a call of which anybody is not in doubt any more is not repeated") { rig in
            let phones = PushRig.phones(6)
            let batch = try await rig.admit(phones)
            let received = try await rig.send(batch, [0, 1], doubt)
            #expect(try await rig.apply([rig.receipt(phones[0], received)]).applied == 1)
            #expect(try await rig.books.repeatable(received.id) == nil)
            let again = try await rig.send(batch, [2], doubt)
            _ = try await rig.books.sendAgain(again.id, onlyOnce: false)
            #expect(try await rig.books.repeatable(again.id) == nil)
            let later = try await rig.send(batch, [2], doubt)
            #expect(try await rig.books.repeatable(again.id) == nil)
            #expect(try await rig.books.repeatable(later.id) != nil)
            let mixed = try await rig.call(batch, [3, 4])
            let results = [doubt, CallResult.again(code: "busy")]
            try await rig.books.conclude([IntentOutcome(intent: mixed, results: results)], of: batch)
            #expect(try await rig.books.repeatable(mixed.id) == nil)
        },
        Clause("nothing of a cancelled campaign is repeated, and no call that is open or does not exist") {
            rig in
            let run = try await rig.run()
            let admitted = try await rig.books.admit(rig.stretch(run.id, PushRig.phones(2), from: 0, to: 2))
            let batch = try #require(admitted.batch)
            let call = try await rig.send(batch, [0, 1], doubt)
            #expect(try await rig.books.repeatable(call.id) != nil)
            try await rig.set(run, .cancelled)
            #expect(try await rig.books.repeatable(call.id) == nil)
            let other = try await rig.admit(PushRig.phones(1))
            let open = try await rig.call(other, [0])
            for id in [open.id, IntentID(rawValue: 99)] {
                await expectStoreError(.notFound) { _ = try await rig.books.repeatable(id) }
            }
        },
        Clause("who was sent again before is not sent again where that may be done once") { rig in
            let batch = try await rig.admit(PushRig.phones(2))
            let first = try await rig.send(batch, [0], doubt)
            #expect(try await rig.books.sendAgain(first.id, onlyOnce: true)?.count == 1)
            let second = try await rig.send(batch, [0, 1], doubt)
            #expect(try await rig.books.sendAgain(second.id, onlyOnce: true)?.count == 1)
            #expect(try await rig.states(batch, 2) == [.unknown, .queued])
            #expect(try await rig.books.sendAgain(second.id, onlyOnce: false)?.count == 1)
        },
    ]

    private static let resolutions: [Clause<PushRig>] = [
        Clause("a later answer moves those in doubt, each as it says, once") { rig in
            let phones = PushRig.phones(5)
            let run = try await rig.run()
            let admitted = try await rig.books.admit(rig.stretch(run.id, phones, from: 0, to: 5))
            let batch = try #require(admitted.batch)
            let call = try await rig.send(batch, [0, 1, 2, 3, 4], doubt)
            rig.clock.advance(by: .seconds(60))
            let outcome = IntentOutcome(
                intent: call,
                results: [
                    .accepted(reference: "late", charge: 2), .sent(reference: "", charge: 0),
                    .failed(code: "gone"), .again(code: "busy"), doubt,
                ]
            )
            #expect(try await rig.books.resolve(outcome) == 3)
            #expect(try await rig.states(batch, 5) == [.accepted, .sent, .failed, .unknown, .unknown])
            let record = try #require(try await rig.record(MessageID(batch: batch, index: 0)))
            #expect(record.reference == "late")
            #expect(record.charge == 2)
            #expect(record.account == PushRig.account)
            #expect(record.changedAt == rig.now)
            let tallies = try await rig.books.tallies(of: run.id)
            #expect(tallies.reduce(0) { $0 + $1.count } == 5)
            #expect(tallies.first { $0.state == .accepted }?.charge == 2)
            let counts = try await rig.books.recount(of: run.id)
            #expect(counts == [.accepted: 1, .sent: 1, .failed: 1, .unknown: 2])
            for tally in tallies { #expect(counts[tally.state] == tally.count) }
            let story = try #require(try await rig.books.story(of: MessageID(batch: batch, index: 2)))
            #expect(story.map(\.stage) == [.accepted, .calling, .answered, .answered])
            #expect(story.last?.state == .failed)
            #expect(story.last?.detail == "gone")
            // The answer is told once, and whoever it proves to have arrived keeps the others from being sent again.
            #expect(try await rig.books.resolve(outcome) == 0)
            #expect(try await rig.books.tallies(of: run.id) == tallies)
            #expect(try await rig.books.sendAgain(call.id, onlyOnce: false) == nil)
            #expect(try await rig.apply([rig.receipt(phones[0], nil, reference: "late")]).applied == 1)
        },
        Clause("a later answer changes nobody who is not in doubt by that call") { rig in
            let phones = PushRig.phones(2)
            let batch = try await rig.admit(phones)
            let first = try await rig.send(batch, [0, 1], doubt)
            #expect(try await rig.apply([rig.receipt(phones[0], first, delivered: false)]).applied == 1)
            let taken = CallResult.accepted(reference: "r", charge: 1)
            let outcome = IntentOutcome(intent: first, results: [taken, taken])
            #expect(try await rig.books.resolve(outcome) == 1)
            #expect(try await rig.states(batch, 2) == [.undelivered, .accepted])
            let other = try await rig.admit(phones)
            let earlier = try await rig.send(other, [0], doubt)
            _ = try await rig.books.sendAgain(earlier.id, onlyOnce: false)
            let late = IntentOutcome(intent: earlier, results: [taken])
            #expect(try await rig.books.resolve(late) == 0)
            _ = try await rig.send(other, [0], doubt)
            #expect(try await rig.books.resolve(late) == 0)
            #expect(try await rig.states(other, 1) == [.unknown])
            let stranger = Intent(
                id: IntentID(rawValue: 99),
                account: PushRig.account,
                members: Members([0])
            )
            await expectStoreError(.notFound) {
                _ = try await rig.books.resolve(IntentOutcome(intent: stranger, results: [taken]))
            }
        },
    ]

    private static let taken: [Clause<PushRig>] = [
        Clause("a supplier's calls come with all whom it has under the reference") { rig in
            let phones = PushRig.phones(6)
            let batch = try await rig.admit(phones)
            let calledAt = rig.now
            let shared = try await rig.send(batch, [0, 1, 2], .accepted(reference: "shared", charge: 1))
            rig.clock.advance(by: .seconds(1))
            _ = try await rig.send(batch, [3], .sent(reference: "own", charge: 0))
            _ = try await rig.send(batch, [4], .sent(reference: "", charge: 0))
            let lost = try await rig.send(batch, [5], doubt)
            #expect(try await rig.apply([rig.receipt(phones[1], shared)]).applied == 1)
            #expect(try await rig.apply([rig.receipt(phones[2], shared, delivered: false)]).applied == 1)
            func message(_ place: Int) -> MessageID { MessageID(batch: batch, index: place) }
            let calls = try await rig.books.takenCalls(of: [message(1), message(3), message(4), message(5)])
            #expect(calls.map(\.reference) == ["shared", "own"])
            // The network could not deliver the third: there is nothing to take back.
            #expect(calls.map { $0.members.map(\.message.index) } == [[0, 1], [3]])
            #expect(calls[0].members.map(\.recipient) == [phones[0], phones[1]])
            #expect(calls.map(\.account) == [PushRig.account, PushRig.account])
            #expect(calls.map(\.calledAt) == [calledAt, rig.now])
            #expect(calls.map(\.isConfirmed) == [false, false])
            let found = CallResult.sent(reference: "found", charge: 0)
            _ = try await rig.books.resolve(IntentOutcome(intent: lost, results: [found]))
            let late = try await rig.books.takenCalls(of: [message(5)])
            #expect(late.map(\.reference) == ["found"])
            #expect(late.map(\.isConfirmed) == [true])
            let strangers = [MessageID(batch: BatchID(rawValue: 99), index: 0), MessageID(rawValue: -1)]
            #expect(try await rig.books.takenCalls(of: strangers).isEmpty)
        },
        Clause("open calls of accepted members tell their references") { rig in
            let batch = try await rig.admit(PushRig.phones(2))
            _ = try await rig.send(batch, [0], .accepted(reference: "a", charge: 0))
            let lost = try await rig.send(batch, [1], doubt)
            let found = CallResult.accepted(reference: "b", charge: 0)
            _ = try await rig.books.resolve(IntentOutcome(intent: lost, results: [found]))
            rig.clock.advance(by: .seconds(1))
            let open = try await rig.books.openCalls(
                of: PushRig.account,
                in: .accepted,
                calledBefore: rig.now,
                after: nil,
                limit: 10
            )
            #expect(open.flatMap(\.members).map(\.reference) == ["a", "b"])
            #expect(open.flatMap(\.members).map(\.isConfirmed) == [false, true])
        },
    ]

    private static let withdrawals: [Clause<PushRig>] = [
        Clause("what a supplier has is withdrawn, whatever ended otherwise stays, and once is enough") {
            rig in
            let phones = PushRig.phones(6)
            let run = try await rig.run()
            let admitted = try await rig.books.admit(rig.stretch(run.id, phones, from: 0, to: 6))
            let batch = try #require(admitted.batch)
            let call = try await rig.send(batch, [0, 1, 2], .accepted(reference: "s", charge: 3))
            _ = try await rig.send(batch, [3], .sent(reference: "t", charge: 0))
            _ = try await rig.send(batch, [4], doubt)
            #expect(try await rig.apply([rig.receipt(phones[1], call)]).applied == 1)
            #expect(try await rig.apply([rig.receipt(phones[2], call, delivered: false)]).applied == 1)
            rig.clock.advance(by: .seconds(60))
            let messages = (0..<6).map { MessageID(batch: batch, index: $0) }
            let stranger = MessageID(batch: BatchID(rawValue: 99), index: 0)
            let expected: [DeliveryState] = [
                .withdrawn, .withdrawn, .undelivered, .withdrawn, .unknown, .queued,
            ]
            for _ in 0..<2 {
                let states = try await rig.books.withdraw(messages + [stranger])
                #expect(messages.map { states[$0] } == expected)
                #expect(states.count == 6)
            }
            #expect(try await rig.states(batch, 6) == expected)
            let counts = try await rig.books.recount(of: run.id)
            #expect(counts == [.withdrawn: 3, .undelivered: 1, .unknown: 1, .queued: 1])
            let tallies = try await rig.books.tallies(of: run.id)
            #expect(tallies.filter { $0.state == .withdrawn }.reduce(0) { $0 + $1.count } == 3)
            #expect(tallies.filter { $0.state == .withdrawn }.reduce(0) { $0 + $1.charge } == 6)
            let found = try await rig.books.records(
                .campaignRun(run.id),
                state: .withdrawn,
                before: nil,
                limit: 10
            )
            #expect(found.count == 3)
            for (place, stages) in [
                (0, [TraceEvent.Stage.accepted, .calling, .answered, .withdrawn]),
                (1, [.accepted, .calling, .answered, .receipt, .withdrawn]),
            ] {
                let story = try #require(try await rig.books.story(of: messages[place]))
                #expect(story.map(\.stage) == stages)
                #expect(story.last?.state == .withdrawn)
                #expect(story.last?.account == PushRig.account)
            }
        },
        Clause("a receipt changes nothing of what was withdrawn, and waiting does not end it otherwise") {
            rig in
            let phones = PushRig.phones(2)
            let batch = try await rig.admit(phones)
            let call = try await rig.send(batch, [0, 1], .accepted(reference: "s", charge: 1))
            let message = MessageID(batch: batch, index: 0)
            _ = try await rig.books.withdraw([message])
            rig.clock.advance(by: .seconds(60))
            for _ in 0..<2 {
                let count = try await rig.apply(phones.map { rig.receipt($0, call) })
                #expect(count.stray == 0)
            }
            #expect(try await rig.states(batch, 2) == [.withdrawn, .delivered])
            let story = try #require(try await rig.books.story(of: message))
            #expect(story.last?.stage == .withdrawn)
            #expect(!story.map(\.stage).contains(.receipt))
            rig.clock.advance(by: .seconds(3_600))
            #expect(try await rig.books.expire(unchangedSince: rig.now, limit: 10) == 0)
            #expect(try await rig.books.recall([message]).map(\.result) == [.tooLate])
        },
    ]
}
