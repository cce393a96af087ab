import Groundwork
import PushEngine
import TestKit
import Testing

/// What every `RetentionStore` must keep.
package enum RetentionConformance {
    package static let clauses: [Clause<PushRig>] =
        messages + openMessages + remains + afterwards
        + crowds

    static let day = Duration.seconds(86_400)

    private static let messages: [Clause<PushRig>] = [
        Clause("an old message goes with all that tells of it, and the counts stay") { rig in
            let run = try await rig.run()
            let admission = rig.stretch(run.id, PushRig.phones(2), from: 0, to: 10, isLast: true)
            let batch = try #require(try await rig.books.admit(admission).batch)
            let call = try await rig.finish(batch, 2)
            let other = try await rig.admit(PushRig.phones(1, from: 5), bizIDs: ["order-1"])
            _ = try await rig.finish(other, 1, from: 5)
            let tallies = try await rig.books.tallies(of: run.id)
            rig.clock.advance(by: day * 3)
            #expect(try await rig.remove() == MessageRemoval(removed: 3))

            let message = MessageID(batch: batch, index: 0)
            #expect(try await rig.books.story(of: message) == nil)
            #expect(try await rig.books.open(batch) == nil)
            let filters: [RecordFilter] = [
                .message(message), .recipient(PushRig.phones(1)[0]), .bizID("order-1"),
                .template(TemplateID(rawValue: 1)), .campaignRun(run.id),
            ]
            for filter in filters {
                #expect(try await rig.books.records(filter, state: nil, before: nil, limit: 9).isEmpty)
            }
            #expect(try await rig.books.recount(of: run.id).isEmpty)
            #expect(tallies.count == 1)
            #expect(try await rig.books.tallies(of: run.id) == tallies)
            #expect(try await rig.books.campaignRun(run.id)?.state == .finished)
            // Nobody's by now.
            let late = try await rig.apply([rig.receipt(PushRig.phones(1)[0], call)])
            #expect(late == ReceiptCount(stray: 1))
            #expect(try await rig.remove() == MessageRemoval())
        },
        Clause("younger messages stay, and are found as before") { rig in
            let phone = PushRig.phones(1)
            let old = try await rig.admit(phone)
            _ = try await rig.finish(old, 1)
            rig.clock.advance(by: day * 2)
            let young = try await rig.admit(phone)
            _ = try await rig.finish(young, 1)
            rig.clock.advance(by: day)
            #expect(try await rig.remove().removed == 1)
            let found = try await rig.books.records(
                .recipient(phone[0]),
                state: nil,
                before: nil,
                limit: 9
            )
            #expect(found.map(\.id) == [MessageID(batch: young, index: 0)])
            #expect(try await rig.books.story(of: MessageID(batch: young, index: 0))?.count == 4)
        },
        Clause("many go step by step, and whoever begins anew goes on") { rig in
            for _ in 0..<3 {
                // More than the young part of an index takes, so that some have grown.
                _ = try await rig.finish(try await rig.admit(PushRig.phones(20)), 20)
                rig.clock.advance(by: day)
            }
            rig.clock.advance(by: day)
            let cut = rig.now - day
            let first = try await rig.books.removeMessages(acceptedBefore: cut, after: nil, limit: 1)
            #expect(first.removed == 20)
            #expect(first.next != nil)
            let template = RecordFilter.template(TemplateID(rawValue: 1))
            let left = try await rig.books.records(template, state: nil, before: nil, limit: 99)
            #expect(left.count == 40)
            for record in left { #expect(try await rig.books.story(of: record.id)?.last?.stage == .receipt) }
            let phone = RecordFilter.recipient(PushRig.phones(1)[0])
            #expect(try await rig.books.records(phone, state: nil, before: nil, limit: 9).count == 2)
            let second = try await rig.books.removeMessages(acceptedBefore: cut, after: first.next, limit: 1)
            #expect(second.removed == 20)
            #expect(try await rig.remove().removed == 20)
            #expect(try await rig.books.records(phone, state: nil, before: nil, limit: 9).isEmpty)
        },
    ]

    private static let openMessages: [Clause<PushRig>] = [
        Clause("a batch stays until the last of its messages has a final state") { rig in
            var batches: [BatchID] = []
            var calls: [Intent] = []
            for state in [DeliveryState.queued, .held, .accepted, .unknown] {
                let batch = try await rig.admit(PushRig.phones(2))
                _ = try await rig.finish(batch, 1)
                switch state {
                case .held:
                    let held = Decision(members: Members([1]), state: .held, detail: "night", until: rig.now)
                    _ = try await rig.books.decide([held], calls: [], of: batch)
                case .accepted:
                    calls.append(try await rig.send(batch, [1], .accepted(reference: "", charge: 1)))
                case .unknown:
                    let call = try await rig.call(batch, [1])
                    try await rig.books.abandon([call], of: batch)
                    calls.append(call)
                default: break
                }
                #expect(try await rig.states(batch, 2) == [.delivered, state])
                batches.append(batch)
                rig.clock.advance(by: day)
            }
            rig.clock.advance(by: day * 100)
            #expect(try await rig.remove() == MessageRemoval(waiting: 4))
            for batch in batches { #expect(try await rig.states(batch, 1) == [.delivered]) }

            _ = try await rig.books.recall(batches[..<2].map { MessageID(batch: $0, index: 1) })
            #expect(try await rig.remove() == MessageRemoval(removed: 4, waiting: 2))
            _ = try await rig.apply(calls.map { rig.receipt(PushRig.phones(2)[1], $0) })
            #expect(try await rig.remove() == MessageRemoval(removed: 4))
        },
        Clause("what an occurrence has stays while it reads or stands still") { rig in
            let run = try await rig.run()
            let admission = rig.stretch(run.id, PushRig.phones(2), from: 0, to: 4)
            let batch = try #require(try await rig.books.admit(admission).batch)
            _ = try await rig.finish(batch, 2)
            rig.clock.advance(by: day * 100)
            #expect(try await rig.remove() == MessageRemoval(waiting: 1))
            try await rig.set(run, .paused)
            #expect(try await rig.remove() == MessageRemoval(waiting: 1))
            try await rig.set(run, .active)
            // Whoever it has already is still told from whoever it has not.
            let again = rig.stretch(run.id, PushRig.phones(2), from: 4, to: 10, isLast: true)
            #expect(try await rig.books.admit(again) == AdmissionOutcome(batch: nil, duplicates: [0, 1]))
            #expect(try await rig.remove() == MessageRemoval(removed: 2))
        },
    ]

    private static let remains: [Clause<PushRig>] = [
        Clause("old receipts go once they are dealt with, pages that were not read stay") { rig in
            let unread = try await rig.books.keepPage([1], of: PushRig.account, at: rig.now)
            let read = try await rig.books.keepPage([2], of: PushRig.account, at: rig.now)
            let strays = PushRig.phones(3).map { rig.receipt($0, nil, reference: "none") }
            let count = try await rig.books.applyReceipts(
                strays,
                of: PushRig.account,
                from: ReceiptOrigin(kept: [read]),
                at: rig.now
            )
            #expect(count == ReceiptCount(stray: 3))
            let cut = rig.now
            #expect(try await rig.books.removeRemains(before: cut, limit: 2) == 0)
            rig.clock.advance(by: day)
            let young = try await rig.books.keepPage([3], of: PushRig.account, at: rig.now)
            _ = try await rig.books.applyReceipts(
                [],
                of: PushRig.account,
                from: ReceiptOrigin(kept: [young]),
                at: rig.now
            )
            #expect(try await rig.books.removeRemains(before: rig.now, limit: 2) == 3)
            #expect(try await rig.books.removeRemains(before: rig.now, limit: 2) == 1)
            #expect(try await rig.books.removeRemains(before: rig.now, limit: 2) == 0)
            #expect(try await rig.books.pendingPages(limit: 9).map(\.id) == [unread])
            #expect(try await rig.books.removeRemains(before: rig.now + day, limit: 2) == 1)
        },
        Clause("refused rows go when their occurrence has long ended, their number stays") { rig in
            let runs = [try await rig.run(), try await rig.run()]
            let rejects = (1...3).map { RowReject(row: $0, line: $0, column: "c", code: "BAD", text: "t") }
            for (run, isLast) in zip(runs, [true, false]) {
                let stretch = rig.stretch(run.id, [], from: 0, to: 3, rejects: rejects, isLast: isLast)
                _ = try await rig.books.admit(stretch)
            }
            #expect(try await rig.books.removeRemains(before: rig.now, limit: 2) == 0)
            rig.clock.advance(by: day)
            #expect(try await rig.books.removeRemains(before: rig.now, limit: 2) == 2)
            #expect(try await rig.books.rejects(of: runs[0].id, after: 0, limit: 9).count == 1)
            #expect(try await rig.books.removeRemains(before: rig.now, limit: 2) == 1)
            #expect(try await rig.books.removeRemains(before: rig.now, limit: 2) == 0)
            #expect(try await rig.books.campaignRun(runs[0].id)?.refused == ["BAD": 3])
            #expect(try await rig.books.rejects(of: runs[1].id, after: 0, limit: 9) == rejects)
        },
    ]

    private static let crowds: [Clause<PushRig>] = [
        Clause("a file that was not used for long is retired, then forgotten, then welcome again") { rig in
            let crowd = try await rig.books.putCrowd(PushRig.crowd(shards: 2))
            #expect(try await rig.books.retireCrowds(unusedSince: rig.now).isEmpty)
            try await rig.books.forgetCrowd(crowd.digest)
            #expect(try await rig.books.crowd(crowd.digest) == crowd)
            rig.clock.advance(by: day)
            // Whoever is stopped here finds it again.
            for _ in 0..<2 {
                #expect(try await rig.books.retireCrowds(unusedSince: rig.now) == [crowd.digest])
            }
            #expect(try await rig.books.crowd(crowd.digest) == nil)
            await expectStoreError(.conflict) { _ = try await rig.books.putCrowd(crowd) }
            await expectStoreError(.conflict) { try await rig.books.touchCrowd(crowd.digest) }
            await expectStoreError(.notFound) { _ = try await rig.campaign(.manual, crowd) }
            try await rig.books.forgetCrowd(crowd.digest)
            #expect(try await rig.books.retireCrowds(unusedSince: rig.now).isEmpty)
            try await rig.books.touchCrowd(crowd.digest)
            #expect(try await rig.books.putCrowd(crowd) == crowd)
        },
        Clause("bringing a file again and making a campaign of it are uses") { rig in
            let crowd = try await rig.books.putCrowd(PushRig.crowd(shards: 1))
            for use in 0..<3 {
                rig.clock.advance(by: day)
                let cut = rig.now
                switch use {
                case 0: _ = try await rig.books.putCrowd(crowd)
                case 1: try await rig.books.touchCrowd(crowd.digest)
                default:
                    let campaign = try await rig.campaign(.manual, crowd)
                    _ = try await rig.books.setCampaign(campaign.id, .cancelled)
                }
                #expect(try await rig.books.retireCrowds(unusedSince: cut).isEmpty)
            }
            rig.clock.advance(by: day)
            #expect(try await rig.books.retireCrowds(unusedSince: rig.now) == [crowd.digest])
        },
        Clause("files stay for campaigns that may yet begin, however old they are") { rig in
            var campaigns: [Campaign] = []
            let schedules: [CampaignSchedule] = [
                .manual, .once(rig.now), .cron("0 0 9 * * ?", zone: "UTC"), .cron("0 0 9 * * ?", zone: "UTC"),
            ]
            for (number, schedule) in schedules.enumerated() {
                let crowd = try await rig.books.putCrowd(PushRig.crowd(shards: 1, digest: "c\(number)"))
                campaigns.append(try await rig.campaign(schedule, crowd))
            }
            // One that comes again is not over with its first occurrence.
            let run = try await rig.books.openRun(campaigns[3].id, plannedAt: rig.now, templateVersion: 3)
            _ = try await rig.books.admit(rig.stretch(run.id, [], from: 0, to: 10, isLast: true))
            rig.clock.advance(by: day * 100)
            #expect(try await rig.books.retireCrowds(unusedSince: rig.now).isEmpty)
            for campaign in campaigns { _ = try await rig.books.setCampaign(campaign.id, .cancelled) }
            #expect(try await rig.books.retireCrowds(unusedSince: rig.now) == ["c0", "c1", "c2", "c3"])
        },
        Clause("a file stays while an occurrence reads it or stands still, and for its time after that") {
            rig in
            let run = try await rig.run()
            rig.clock.advance(by: day)
            #expect(try await rig.books.retireCrowds(unusedSince: rig.now).isEmpty)
            try await rig.set(run, .paused)
            #expect(try await rig.books.retireCrowds(unusedSince: rig.now).isEmpty)
            try await rig.set(run, .active)
            let end = rig.now
            _ = try await rig.books.admit(rig.stretch(run.id, [], from: 0, to: 10, isLast: true))
            rig.clock.advance(by: day)
            #expect(try await rig.books.retireCrowds(unusedSince: end).isEmpty)
            #expect(try await rig.books.retireCrowds(unusedSince: rig.now) == ["digest"])
        },
    ]
}

extension PushRig {
    /// Gives the first members of a batch of `phones` their receipts; returns the call.
    fileprivate func finish(_ batch: BatchID, _ count: Int, from first: Int = 0) async throws -> Intent {
        let call = try await send(batch, Array(0..<count), .accepted(reference: "", charge: 1))
        let count = try await apply(Self.phones(count, from: first).map { receipt($0, call) })
        #expect(count.stray == 0)
        return call
    }

    /// Removes what was accepted more than a day ago, to the end.
    fileprivate func remove() async throws -> MessageRemoval {
        var all = MessageRemoval()
        var last: BatchID?
        repeat {
            let step = try await books.removeMessages(
                acceptedBefore: now - RetentionConformance.day,
                after: last,
                limit: 5
            )
            all.removed += step.removed
            all.waiting += step.waiting
            last = step.next
        } while last != nil
        return all
    }

    fileprivate func campaign(_ schedule: CampaignSchedule, _ crowd: CrowdFile) async throws -> Campaign {
        let draft = CampaignDraft(
            name: "spring",
            template: TemplateID(rawValue: 1),
            crowd: crowd.digest,
            schedule: schedule,
            createdBy: "ann"
        )
        return try await books.createCampaign(draft)
    }
}
