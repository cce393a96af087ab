import Groundwork
import PushEngine
import TestKit
import Testing

/// What every `RecordStore` must keep.
package enum RecordConformance {
    package static let clauses: [Clause<PushRig>] = lookUps + stories + counts

    private static let lookUps: [Clause<PushRig>] = [
        Clause("a record says all there is to say of a message") { rig in
            let phones = PushRig.phones(2)
            let batch = try await rig.admit(phones, template: 5, bizIDs: [nil, "order-1"])
            let acceptedAt = rig.now
            rig.clock.advance(by: .seconds(3))
            _ = try await rig.send(batch, [1], .accepted(reference: "s-2", charge: 2))
            let message = MessageID(batch: batch, index: 1)
            let expected = MessageRecord(
                id: message,
                recipient: phones[1],
                template: TemplateID(rawValue: 5),
                templateVersion: 3,
                lane: Lane(channel: .sms, type: .marketing),
                campaignRun: nil,
                row: 0,
                bizID: "order-1",
                content: "text 1",
                state: .accepted,
                account: PushRig.account,
                reference: "s-2",
                charge: 2,
                code: nil,
                acceptedAt: acceptedAt,
                changedAt: rig.now
            )
            #expect(try await rig.record(message) == expected)
            #expect(try await look(rig, .bizID("order-1")) == [message])
            #expect(try await look(rig, .bizID("order-2")).isEmpty)
        },
        Clause("a message of a campaign says its row") { rig in
            let run = try await rig.run()
            let admitted = try await rig.books.admit(
                rig.stretch(run.id, PushRig.phones(2), from: 0, to: 2)
            )
            let batch = try #require(admitted.batch)
            let record = try #require(try await rig.record(MessageID(batch: batch, index: 1)))
            #expect(record.row == 2)
            #expect(record.campaignRun == run.id)
        },
        Clause("messages come newest first, those before one") { rig in
            let phone = PushRig.phones(1)[0]
            var messages: [MessageID] = []
            for _ in 0..<5 {
                messages.append(MessageID(batch: try await rig.admit([phone, "+1201"]), index: 0))
            }
            let newest = Array(messages.reversed())
            #expect(try await look(rig, .recipient(phone)) == newest)
            #expect(try await look(rig, .recipient(phone), limit: 2) == Array(newest[..<2]))
            #expect(try await look(rig, .recipient(phone), before: newest[1]) == Array(newest[2...]))
            #expect(try await look(rig, .recipient("+8613999999999")).isEmpty)
        },
        Clause("look-ups by recipient do not depend on what kind of address it is") { rig in
            let batch = try await rig.admit(["ann@example.org", "ben@example.org", "+8613800001000"])
            for (index, address) in ["ann@example.org", "ben@example.org", "+8613800001000"].enumerated() {
                let found = try await look(rig, .recipient(address))
                #expect(found == [MessageID(batch: batch, index: index)])
            }
        },
        Clause("messages of a template or an occurrence come across batches, also those of one state") {
            rig in
            let run = try await rig.run()
            var batches: [BatchID] = []
            for step in 0..<3 {
                let phones = PushRig.phones(3, from: step * 3)
                let stretch = rig.stretch(run.id, phones, from: step * 3, to: step * 3 + 3)
                batches.append(try #require(try await rig.books.admit(stretch).batch))
            }
            _ = try await rig.admit(PushRig.phones(2), template: 9)
            _ = try await rig.send(batches[1], [0, 2], .failed(code: "x"))
            let all = batches.reversed()
                .flatMap { batch in (0..<3).reversed().map { MessageID(batch: batch, index: $0) } }
            for filter in [RecordFilter.campaignRun(run.id), .template(TemplateID(rawValue: 1))] {
                #expect(try await look(rig, filter) == all)
                #expect(try await look(rig, filter, before: all[4], limit: 3) == Array(all[5..<8]))
                let failed = try await look(rig, filter, state: .failed)
                #expect(failed == [2, 0].map { MessageID(batch: batches[1], index: $0) })
                #expect(try await look(rig, filter, state: .failed, limit: 1) == [failed[0]])
                #expect(try await look(rig, filter, state: .delivered).isEmpty)
            }
            #expect(try await look(rig, .template(TemplateID(rawValue: 9))).count == 2)
        },
        Clause("a state narrows every look-up") { rig in
            let phone = PushRig.phones(1)[0]
            let batch = try await rig.admit([phone, phone], bizIDs: ["b", "b"])
            _ = try await rig.send(batch, [0], .failed(code: "x"))
            for filter in [RecordFilter.recipient(phone), .bizID("b")] {
                let failed = try await look(rig, filter, state: .failed)
                #expect(failed == [MessageID(batch: batch, index: 0)])
            }
            let message = MessageID(batch: batch, index: 1)
            #expect(try await look(rig, .message(message), state: .failed).isEmpty)
        },
    ]

    private static let stories: [Clause<PushRig>] = [
        Clause("there is no story of no message") { rig in
            #expect(try await rig.books.story(of: MessageID(rawValue: 4_096)) == nil)
            let batch = try await rig.admit(PushRig.phones(1))
            #expect(try await rig.books.story(of: MessageID(batch: batch, index: 1)) == nil)
        },
        Clause("a story tells all that happened, in order, with instants and reasons") { rig in
            let phones = PushRig.phones(2)
            let batch = try await rig.admit(phones)
            let start = rig.now
            let night = Decision(members: Members([0]), state: .held, detail: "night", until: start)
            _ = try await rig.books.decide([night], calls: [], of: batch)
            rig.clock.advance(by: .seconds(1))
            _ = try await rig.books.releaseDue(at: rig.now, limit: 1)
            rig.clock.advance(by: .seconds(1))
            _ = try await rig.send(batch, [0, 1], .again(code: "busy"))
            rig.clock.advance(by: .seconds(1))
            let intent = try await rig.send(batch, [0], .accepted(reference: "s", charge: 1))
            rig.clock.advance(by: .seconds(1))
            _ = try await rig.apply([rig.receipt(phones[0], intent)])
            let story = try #require(try await rig.books.story(of: MessageID(batch: batch, index: 0)))
            #expect(
                story.map(\.stage) == [
                    .accepted, .decided, .released, .calling, .answered, .calling, .answered, .receipt,
                ]
            )
            #expect(
                story.map(\.state) == [
                    .queued, .held, .queued, .queued, .queued, .queued, .accepted, .delivered,
                ]
            )
            #expect(story.map(\.detail) == ["", "night", "", "", "busy", "", "s", "DELIVRD"])
            let seconds = story.map { Int(($0.at - start).inSeconds) }
            #expect(seconds == [0, 0, 1, 2, 2, 3, 3, 4])
            #expect(story[3].account == PushRig.account)
        },
        Clause("a story holds nothing of the batch's other members") { rig in
            let batch = try await rig.admit(PushRig.phones(2))
            _ = try await rig.send(batch, [0], .accepted(reference: "s", charge: 1))
            _ = try await rig.books.recall([MessageID(batch: batch, index: 1)])
            let story = try await rig.books.story(of: MessageID(batch: batch, index: 1))
            #expect(story?.map(\.stage) == [.accepted, .recalled])
            #expect(story?.last?.state == .recalled)
        },
        Clause("a receipt that came before the answer comes before it in the story") { rig in
            let phone = PushRig.phones(1)[0]
            let batch = try await rig.admit([phone])
            let intent = try await rig.call(batch, [0])
            rig.clock.advance(by: .seconds(1))
            _ = try await rig.apply([rig.receipt(phone, intent)])
            rig.clock.advance(by: .seconds(1))
            let accepted = IntentOutcome(
                intent: intent,
                results: [.accepted(reference: "s", charge: 1)]
            )
            try await rig.books.conclude([accepted], of: batch)
            let story = try await rig.books.story(of: MessageID(batch: batch, index: 0))
            #expect(story?.map(\.stage) == [.accepted, .calling, .receipt, .answered])
            #expect(story?.last?.state == .delivered)
        },
        Clause("abandoning, confirming and giving up are told") { rig in
            let phone = PushRig.phones(1)[0]
            let batch = try await rig.admit([phone])
            let intent = try await rig.call(batch, [0])
            try await rig.books.abandon([intent], of: batch)
            _ = try await rig.books.confirmAccepted(MessageID(batch: batch, index: 0), reference: "s")
            rig.clock.advance(by: .seconds(1))
            _ = try await rig.books.expire(unchangedSince: rig.now, limit: 1)
            _ = try await rig.apply([rig.receipt(phone, intent)])
            let story = try await rig.books.story(of: MessageID(batch: batch, index: 0))
            #expect(
                story?.map(\.stage) == [.accepted, .calling, .abandoned, .answered, .expired, .receipt]
            )
            #expect(
                story?.map(\.state) == [
                    .queued, .queued, .unknown, .accepted, .unconfirmed, .delivered,
                ]
            )
        },
    ]

    private static let counts: [Clause<PushRig>] = [
        Clause("tells those that ended without being sent from those that were, may have been or may be") {
            rig in
            let batch = try await rig.admit(PushRig.phones(9))
            let endings: [DeliveryState] = [.discarded, .shieldDropped, .duplicate, .capped, .held]
            let decisions = endings.enumerated()
                .map { place, state in
                    Decision(members: Members([place]), state: state, detail: "", until: rig.now)
                }
            _ = try await rig.books.decide(decisions, calls: [], of: batch)
            _ = try await rig.send(batch, [5], .failed(code: "x"))
            _ = try await rig.send(batch, [6], .accepted(reference: "s", charge: 1))
            _ = try await rig.send(batch, [7], .unknown(detail: "time-out"))
            var messages = Set((0..<9).map { MessageID(batch: batch, index: $0) })
            messages.insert(MessageID(batch: BatchID(rawValue: 99), index: 0))
            let ended = try await rig.books.neverSent(among: messages)
            #expect(ended.map(\.index).sorted() == [0, 1, 2, 3, 5])
            _ = try await rig.books.recall([4, 6, 8].map { MessageID(batch: batch, index: $0) })
            let recalled = try await rig.books.neverSent(among: messages)
            #expect(recalled.map(\.index).sorted() == [0, 1, 2, 3, 4, 5, 8])
        },
        Clause("the tallies of an occurrence are what its records come to") { rig in
            let run = try await rig.run()
            let phones = PushRig.phones(6)
            let admitted = try await rig.books.admit(rig.stretch(run.id, phones, from: 0, to: 6))
            let batch = try #require(admitted.batch)
            let capped = Decision(members: Members([5]), state: .capped, detail: "")
            _ = try await rig.books.decide([capped], calls: [], of: batch)
            let intent = try await rig.send(batch, [0, 1, 2], .accepted(reference: "s", charge: 2))
            _ = try await rig.send(batch, [3], .failed(code: "x"))
            _ = try await rig.apply([rig.receipt(phones[1], intent)])
            let tallies = try await rig.books.tallies(of: run.id)
            let counts = tallies.map { [$0.state.rawValue, $0.count, $0.charge] }.sorted { $0[0] < $1[0] }
            #expect(counts == [[10, 1, 0], [40, 1, 0], [60, 2, 4], [62, 1, 2], [70, 1, 0]])
            #expect(tallies.allSatisfy { $0.campaignRun == run.id && $0.day == 20_260_401 })
            #expect(tallies.first { $0.state == .delivered }?.account == PushRig.account)
            #expect(tallies.first { $0.state == .queued }?.account == nil)
            let recount = try await rig.books.recount(of: run.id)
            #expect(recount == [.queued: 1, .capped: 1, .accepted: 2, .delivered: 1, .failed: 1])
        },
        Clause("tallies of a day are by the day of acceptance in the installation's zone") { rig in
            _ = try await rig.admit(PushRig.phones(2), template: 1)
            _ = try await rig.admit(PushRig.phones(1), template: 2)
            // The rig's clock stands at noon in a zone eight hours east of Greenwich.
            rig.clock.advance(by: .seconds(12 * 3_600 - 1))
            _ = try await rig.admit(PushRig.phones(1), template: 2)
            rig.clock.advance(by: .seconds(1))
            let batch = try await rig.admit(PushRig.phones(4), template: 2)
            let today = try await rig.books.tallies(day: 20_260_401)
            #expect(today.map(\.template.rawValue) == [1, 2])
            #expect(today.map(\.count) == [2, 2])
            rig.clock.advance(by: .seconds(86_400))
            _ = try await rig.send(batch, [0], .failed(code: "x"))
            let tomorrow = try await rig.books.tallies(day: 20_260_402)
            #expect(tomorrow.reduce(0) { $0 + $1.count } == 4)
            #expect(tomorrow.first { $0.state == .failed }?.count == 1)
            #expect(try await rig.books.tallies(day: 20_260_403).isEmpty)
        },
    ]

    private static func look(
        _ rig: PushRig,
        _ filter: RecordFilter,
        state: DeliveryState? = nil,
        before: MessageID? = nil,
        limit: Int = 100
    ) async throws -> [MessageID] {
        try await rig.books.records(filter, state: state, before: before, limit: limit).map(\.id)
    }
}
