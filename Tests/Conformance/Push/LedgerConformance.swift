import Groundwork
import PushEngine
import TestKit
import Testing

/// What every `DeliveryLedger` must keep about batches and calls.
package enum LedgerConformance {
    package static let clauses: [Clause<PushRig>] = admitting + deciding + concluding

    static let admitting: [Clause<PushRig>] = [
        Clause("takes recipients on in state queued") { rig in
            let batch = try await rig.admit(PushRig.phones(3))
            let open = try #require(try await rig.books.open(batch))
            #expect(open.waiting == Members([0, 1, 2]))
            #expect(open.open.isEmpty)
            #expect(open.task == rig.task(PushRig.phones(3)))
            #expect(try await rig.states(batch, 3) == [.queued, .queued, .queued])
        },
        Clause("tells when the last of those who wait began to") { rig in
            let batch = try await rig.admit(PushRig.phones(3))
            let accepted = rig.now
            let morning = accepted + .seconds(100)
            let held = Decision(members: Members([2]), state: .held, detail: "night", until: morning)
            _ = try await rig.books.decide([held], calls: [], of: batch)
            rig.clock.advance(by: .seconds(10))
            // Neither being put off nor a call that is refused makes the wait begin anew.
            let putOff = Decision(members: Members([0]), state: .queued, detail: "put off: busy")
            _ = try await rig.books.decide([putOff], calls: [], of: batch)
            _ = try await rig.send(batch, [0], .again(code: "busy"))
            let call = try await rig.send(batch, [1], .unknown(detail: "reset"))
            #expect(try await rig.books.open(batch)?.waitingSince == accepted)
            rig.clock.advance(by: .seconds(10))
            _ = try await rig.books.sendAgain(call.id, onlyOnce: false)
            #expect(try await rig.books.open(batch)?.waitingSince == rig.now)
            rig.clock.advance(by: .seconds(100))
            _ = try await rig.books.releaseDue(at: rig.now, limit: 1)
            #expect(try await rig.books.open(batch)?.waitingSince == rig.now)
        },
        Clause("batches grow with time") { rig in
            let first = try await rig.admit(PushRig.phones(1))
            let second = try await rig.admit(PushRig.phones(1))
            #expect(first < second)
        },
        Clause("a recipient of the API may have any number of messages") { rig in
            let phones = PushRig.phones(1) + PushRig.phones(1)
            let batch = try await rig.admit(phones)
            #expect(try await rig.books.open(batch)?.waiting == Members([0, 1]))
        },
        Clause("moves the crowd's cursor in the same step") { rig in
            let run = try await rig.run(shards: 2)
            let admission = rig.stretch(run.id, PushRig.phones(3), from: 0, to: 4, rejects: [reject(4)])
            _ = try await rig.books.admit(admission)
            let after = try #require(try await rig.books.campaignRun(run.id))
            #expect(after.shards[0].cursor == PushRig.cursor(4))
            #expect(after.shards[1] == run.shards[1])
            #expect(after.rowsRead == 4)
            #expect(after.refused == ["PHONE_FORMAT": 1])
            #expect(after.state == .running)
        },
        Clause("leaves out a recipient that the occurrence has, and counts its row as refused") { rig in
            let run = try await rig.run()
            let phones = PushRig.phones(3)
            _ = try await rig.books.admit(rig.stretch(run.id, [phones[0], phones[1]], from: 0, to: 2))
            let again = [phones[2], phones[1], phones[2], PushRig.phones(1, from: 9)[0]]
            let outcome = try await rig.books.admit(rig.stretch(run.id, again, from: 2, to: 6))
            #expect(outcome.duplicates == [1, 2])
            let batch = try #require(outcome.batch)
            #expect(try await rig.books.open(batch)?.waiting == Members([0, 3]))
            #expect(try await rig.states(batch, 4) == [.queued, nil, nil, .queued])
            #expect(try await rig.books.campaignRun(run.id)?.refused == ["DUPLICATE": 2])
            let rejects = try await rig.books.rejects(of: run.id, after: 0, limit: 10)
            #expect(rejects.map(\.row) == [4, 5])
            #expect(rejects.map(\.text) == ["row 2", "row 3"])
        },
        Clause("tells other addresses apart by their text") { rig in
            let run = try await rig.run()
            let mails = ["ann@example.org", "ben@example.org", "ann@example.org"]
            let outcome = try await rig.books.admit(rig.stretch(run.id, mails, from: 0, to: 3))
            #expect(outcome.duplicates == [2])
        },
        Clause("knows a mail address again in other letters, and keeps the one that came first") { rig in
            let run = try await rig.run()
            let mails = ["Ann@example.org", "ben@example.org", "ann@example.org"]
            let outcome = try await rig.books.admit(rig.stretch(run.id, mails, from: 0, to: 3))
            #expect(outcome.duplicates == [2])
            let later = rig.stretch(run.id, ["ANN@example.org", "cem@example.org"], from: 3, to: 5)
            #expect(try await rig.books.admit(later).duplicates == [0])
            let first = MessageID(batch: try #require(outcome.batch), index: 0)
            #expect(try await rig.record(first)?.recipient == "Ann@example.org")
        },
        Clause("makes no batch when no recipient is left, and moves the cursor all the same") { rig in
            let run = try await rig.run()
            _ = try await rig.books.admit(rig.stretch(run.id, PushRig.phones(1), from: 0, to: 1))
            let repeated = try await rig.books.admit(
                rig.stretch(run.id, PushRig.phones(1), from: 1, to: 2)
            )
            #expect(repeated == AdmissionOutcome(batch: nil, duplicates: [0]))
            let empty = rig.stretch(run.id, [], from: 2, to: 3, rejects: [reject(3)], isLast: true)
            #expect(try await rig.books.admit(empty) == AdmissionOutcome(batch: nil, duplicates: []))
            let after = try #require(try await rig.books.campaignRun(run.id))
            #expect(after.rowsRead == 3)
            #expect(after.state == .finished)
        },
        Clause("two occurrences may have the same recipient") { rig in
            let run = try await rig.run()
            rig.clock.advance(by: .seconds(60))
            let other = try await rig.run()
            for id in [run.id, other.id] {
                let outcome = try await rig.books.admit(rig.stretch(id, PushRig.phones(2), from: 0, to: 2))
                #expect(outcome.duplicates.isEmpty)
            }
        },
        Clause("refuses a stretch that does not begin at the cursor, and changes nothing") { rig in
            let run = try await rig.run()
            let stretch = rig.stretch(run.id, PushRig.phones(2), from: 0, to: 2)
            _ = try await rig.books.admit(stretch)
            await expectStoreError(.conflict) { _ = try await rig.books.admit(stretch) }
            let after = try #require(try await rig.books.campaignRun(run.id))
            #expect(after.rowsRead == 2)
            #expect(after.refused.isEmpty)
            #expect(try await rig.books.recount(of: run.id) == [.queued: 2])
        },
        Clause("refuses a stretch of an occurrence that is not running") { rig in
            let run = try await rig.run()
            try await rig.set(run, .paused)
            let stretch = rig.stretch(run.id, PushRig.phones(1), from: 0, to: 1)
            await expectStoreError(.conflict) { _ = try await rig.books.admit(stretch) }
            try await rig.set(run, .active)
            _ = try await rig.books.admit(stretch)
        },
        Clause("calls the occurrence finished when all shards are read") { rig in
            let run = try await rig.run(shards: 2)
            let first = rig.stretch(run.id, PushRig.phones(1), from: 0, to: 10, isLast: true)
            _ = try await rig.books.admit(first)
            #expect(try await rig.books.campaignRun(run.id)?.state == .running)
            rig.clock.advance(by: .seconds(5))
            let phones = PushRig.phones(1, from: 5)
            _ = try await rig.books.admit(
                rig.stretch(run.id, shard: 1, phones, from: 10, to: 20, isLast: true)
            )
            let after = try #require(try await rig.books.campaignRun(run.id))
            #expect(after.state == .finished)
            #expect(after.readAt == rig.now)
            #expect(after.shards.allSatisfy { $0.isDone })
        },
    ]

    static let deciding: [Clause<PushRig>] = [
        Clause("a batch that is unknown or done is not open") { rig in
            #expect(try await rig.books.open(BatchID(rawValue: 99)) == nil)
            let batch = try await rig.admit(PushRig.phones(1))
            _ = try await rig.send(batch, [0], .failed(code: "x"))
            #expect(try await rig.books.open(batch) == nil)
        },
        Clause("writes decisions, and calls that are about to be made") { rig in
            let batch = try await rig.admit(PushRig.phones(5))
            let capped = Decision(members: Members([1, 3]), state: .capped, detail: "5 a day")
            let planned = PlannedCall(account: PushRig.account, members: Members([0, 2]))
            let decided = try await rig.books.decide([capped], calls: [planned], of: batch)
            let intents = decided.intents
            #expect(decided.others.isEmpty)
            #expect(intents.map(\.members) == [Members([0, 2])])
            #expect(intents.map(\.account) == [PushRig.account])
            let open = try #require(try await rig.books.open(batch))
            #expect(open.waiting == Members([4]))
            #expect(open.open == intents)
            #expect(try await rig.states(batch, 5) == [.queued, .capped, .queued, .capped, .queued])
        },
        Clause("leaves recalled members out, and calls without members altogether") { rig in
            let batch = try await rig.admit(PushRig.phones(4))
            _ = try await rig.books.recall([0, 1].map { MessageID(batch: batch, index: $0) })
            let dropped = Decision(members: Members([1, 2]), state: .discarded, detail: "list")
            let calls = [Members([0]), Members([1, 2, 3])]
                .map { PlannedCall(account: PushRig.account, members: $0) }
            let decided = try await rig.books.decide([dropped], calls: calls, of: batch)
            #expect(decided.others.isEmpty)
            #expect(decided.intents.map(\.members) == [Members([3])])
            #expect(try await rig.states(batch, 4) == [.recalled, .recalled, .discarded, .queued])
        },
        Clause("leaves members out that others have or had, and tells which") { rig in
            let batch = try await rig.admit(PushRig.phones(4))
            _ = try await rig.call(batch, [0, 1])
            _ = try await rig.send(batch, [3], .failed(code: "x"))
            let late = Decision(members: Members([0]), state: .duplicate, detail: "late")
            let planned = PlannedCall(account: PushRig.account, members: Members([0, 1, 2, 3]))
            let decided = try await rig.books.decide([late], calls: [planned], of: batch)
            #expect(decided.intents.map(\.members) == [Members([2])])
            #expect(decided.others == Members([0, 1, 3]))
            #expect(try await rig.states(batch, 4) == [.queued, .queued, .queued, .failed])
        },
        Clause("refuses to decide about a batch that does not exist") { rig in
            await expectStoreError(.notFound) {
                _ = try await rig.books.decide([], calls: [], of: BatchID(rawValue: 99))
            }
        },
        Clause("gives the recipients of calls without outcome the state unknown") { rig in
            let batch = try await rig.admit(PushRig.phones(3))
            let intent = try await rig.call(batch, [0, 2])
            try await rig.books.abandon([intent], of: batch)
            #expect(try await rig.states(batch, 3) == [.unknown, .queued, .unknown])
            let open = try #require(try await rig.books.open(batch))
            #expect(open.open.isEmpty)
            #expect(open.waiting == Members([1]))
        },
        Clause("an abandoned call's answer comes too late") { rig in
            let batch = try await rig.admit(PushRig.phones(1))
            let intent = try await rig.call(batch, [0])
            try await rig.books.abandon([intent], of: batch)
            let late = IntentOutcome(intent: intent, results: [.accepted(reference: "r", charge: 1)])
            try await rig.books.conclude([late], of: batch)
            #expect(try await rig.states(batch, 1) == [.unknown])
        },
        Clause("a call that is closed cannot be abandoned") { rig in
            let batch = try await rig.admit(PushRig.phones(1))
            let intent = try await rig.send(batch, [0], .accepted(reference: "r", charge: 1))
            try await rig.books.abandon([intent], of: batch)
            #expect(try await rig.states(batch, 1) == [.accepted])
        },
    ]

    private static func reject(_ row: Int64) -> RowReject {
        RowReject(row: row, line: row + 1, column: "phone", code: "PHONE_FORMAT", text: "abc")
    }
}
