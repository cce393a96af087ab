import Groundwork
import PushEngine
import TestKit
import Testing

/// What every `CampaignStore` and every `CampaignRunStore` must keep.
package enum CampaignConformance {
    package static let clauses: [Clause<PushRig>] = crowdsAndCampaigns + runs

    private static let crowdsAndCampaigns: [Clause<PushRig>] = [
        Clause("a crowd file with the same digest comes back as it is") { rig in
            let first = try await rig.books.putCrowd(PushRig.crowd(shards: 3))
            #expect(first == PushRig.crowd(shards: 3))
            let again = CrowdFile(
                digest: first.digest,
                name: "other.csv",
                byteCount: 1,
                rowCount: 1,
                columns: [],
                shards: []
            )
            #expect(try await rig.books.putCrowd(again) == first)
            #expect(try await rig.books.crowd(first.digest) == first)
            #expect(try await rig.books.crowd("none") == nil)
        },
        Clause(
            "a campaign comes back as it was made",
            { rig in
                let schedules: [CampaignSchedule] = [
                    .manual, .once(rig.now), .cron("0 0 9 * * ?", zone: "Asia/Shanghai"),
                ]
                _ = try await rig.books.putCrowd(PushRig.crowd(shards: 1))
                for schedule in schedules {
                    let made = try await rig.books.createCampaign(draft(schedule))
                    #expect(made.draft == draft(schedule))
                    #expect(made.createdAt == rig.now)
                    #expect(try await rig.books.campaign(made.id) == made)
                }
                #expect(try await rig.books.campaign(CampaignID(rawValue: 99)) == nil)
                await expectStoreError(.notFound) {
                    var stranger = draft(.manual)
                    stranger.crowd = "none"
                    _ = try await rig.books.createCampaign(stranger)
                }
            }
        ),
        Clause("campaigns come newest first, those before one") { rig in
            _ = try await rig.books.putCrowd(PushRig.crowd(shards: 1))
            var made: [Campaign] = []
            for _ in 0..<4 { made.append(try await rig.books.createCampaign(draft(.manual))) }
            #expect(try await rig.books.campaigns(before: nil, limit: 3) == made[1...].reversed())
            #expect(try await rig.books.campaigns(before: made[1].id, limit: 3) == [made[0]])
        },
        Clause("a campaign remembers its job") { rig in
            _ = try await rig.books.putCrowd(PushRig.crowd(shards: 1))
            let made = try await rig.books.createCampaign(draft(.manual))
            try await rig.books.setCampaign(made.id, job: 12)
            #expect(try await rig.books.campaign(made.id)?.job == 12)
            await expectStoreError(.notFound) {
                try await rig.books.setCampaign(CampaignID(rawValue: 99), job: 1)
            }
        },
    ]

    private static let runs: [Clause<PushRig>] = [
        Clause("an occurrence starts with one cursor per shard, and pins the template's version") { rig in
            let run = try await rig.run(shards: 3)
            #expect(run.templateVersion == 3)
            #expect(run.state == .running)
            #expect(run.startedAt == rig.now)
            #expect(run.readAt == nil)
            #expect(run.rowsRead == 0)
            let shards = PushRig.crowd(shards: 3).shards
            #expect(run.shards.map(\.number) == [0, 1, 2])
            #expect(run.shards.map(\.cursor) == shards.map(\.start))
            #expect(run.shards.map(\.end) == shards.map(\.end))
            #expect(run.shards.allSatisfy { !$0.isDone })
        },
        Clause("whoever asks again for the same instant gets the same one") { rig in
            let run = try await rig.run()
            _ = try await rig.books.admit(rig.stretch(run.id, PushRig.phones(1), from: 0, to: 1))
            let again = try await rig.books.openRun(
                run.campaign,
                plannedAt: run.plannedAt,
                templateVersion: 4
            )
            #expect(try await rig.books.campaignRun(run.id) == again)
            #expect(again.templateVersion == 3)
            #expect(again.rowsRead == 1)
            let next = try await rig.books.openRun(
                run.campaign,
                plannedAt: run.plannedAt + .seconds(60),
                templateVersion: 4
            )
            #expect(next.id != run.id)
            #expect(next.shards == run.shards)
        },
        Clause("there is no occurrence of no campaign") { rig async throws in
            await expectStoreError(.notFound) {
                let stranger = CampaignID(rawValue: 99)
                _ = try await rig.books.openRun(stranger, plannedAt: rig.now, templateVersion: 1)
            }
            #expect(try await rig.books.campaignRun(CampaignRunID(rawValue: 99)) == nil)
        },
        Clause("occurrences come newest first, of one campaign or of all") { rig in
            let first = try await rig.run()
            let second = try await rig.books.openRun(
                first.campaign,
                plannedAt: rig.now + .seconds(60),
                templateVersion: 3
            )
            let other = try await rig.run()
            #expect(
                try await rig.books.campaignRuns(of: first.campaign, before: nil, limit: 9) == [
                    second, first,
                ]
            )
            #expect(try await rig.books.campaignRuns(of: nil, before: nil, limit: 2) == [other, second])
            #expect(
                try await rig.books.campaignRuns(of: first.campaign, before: second.id, limit: 9) == [first]
            )
            #expect(try await rig.books.campaignRuns(of: first.campaign, before: first.id, limit: 9).isEmpty)
            #expect(try await rig.books.campaignRuns(of: nil, before: other.id, limit: 9) == [second, first])
        },
        Clause("occurrences that read or wait stand still and go on with their campaign, and no others") {
            rig in
            let read = try await rig.run()
            let done = try await rig.books.openRun(
                read.campaign,
                plannedAt: rig.now + .seconds(60),
                templateVersion: 3
            )
            let other = try await rig.run()
            let last = rig.stretch(done.id, PushRig.phones(1), from: 0, to: 10, isLast: true)
            let batch = try #require(try await rig.books.admit(last).batch)
            // What is read and waits to be sent stands still as well.
            #expect(try await rig.set(read, .paused).map(\.id) == [read.id, done.id])
            #expect(try await rig.set(read, .paused).map(\.state) == [.paused, .paused])
            #expect(try await rig.books.pausedRuns() == [read.id, done.id])
            #expect(try await rig.books.campaignRun(other.id)?.state == .running)
            #expect(try await rig.books.campaign(read.campaign)?.state == .paused)
            #expect(try await rig.set(read, .active).map(\.state) == [.running, .finished])
            #expect(try await rig.books.pausedRuns().isEmpty)
            _ = try await rig.send(batch, [0], .accepted(reference: "s", charge: 1))
            #expect(try await rig.set(read, .paused).map(\.id) == [read.id])
            #expect(try await rig.books.campaignRun(done.id)?.state == .finished)
        },
        Clause("a new occurrence of a paused campaign is paused, of a cancelled one there is none") { rig in
            let run = try await rig.run()
            func open(after seconds: Int64) async throws -> CampaignRun {
                try await rig.books.openRun(
                    run.campaign,
                    plannedAt: rig.now + .seconds(seconds),
                    templateVersion: 3
                )
            }
            try await rig.set(run, .paused)
            let next = try await open(after: 60)
            #expect(next.state == .paused)
            #expect(try await rig.set(run, .active).map(\.state) == [.running, .running])
            try await rig.set(run, .cancelled)
            #expect(try await open(after: 60).state == .cancelled)
            await expectStoreError(.conflict) { _ = try await open(after: 120) }
        },
        Clause("a cancelled campaign stays so, and tells again what of it still waits") { rig in
            let run = try await rig.run()
            let admitted = try await rig.books.admit(rig.stretch(run.id, PushRig.phones(3), from: 0, to: 3))
            let batch = try #require(admitted.batch)
            let held = Decision(members: Members([2]), state: .held, detail: "night", until: rig.now)
            _ = try await rig.books.decide([held], calls: [], of: batch)
            #expect(try await rig.set(run, .cancelled).map(\.state) == [.cancelled])
            for state in [CampaignState.active, .paused] {
                await expectStoreError(.conflict) { try await rig.set(run, state) }
            }
            // Nobody calls for what waits until it is taken back.
            let call = PlannedCall(account: PushRig.account, members: Members([0]))
            #expect(try await rig.books.decide([], calls: [call], of: batch).intents.isEmpty)
            for left in [2, 1] {
                #expect(try await rig.books.halfCancelledRuns() == [run.id])
                #expect(try await rig.set(run, .cancelled).map(\.id) == [run.id])
                #expect(try await rig.books.recallAll(of: run.id, limit: left) == left)
            }
            #expect(try await rig.books.halfCancelledRuns().isEmpty)
            #expect(try await rig.set(run, .cancelled).isEmpty)
            await expectStoreError(.notFound) {
                _ = try await rig.books.setCampaign(CampaignID(rawValue: 99), .paused)
            }
        },
        Clause("all that waits of an occurrence is taken back, a bounded number at a time") { rig in
            let run = try await rig.run()
            let phones = PushRig.phones(5)
            let admitted = try await rig.books.admit(rig.stretch(run.id, phones, from: 0, to: 5))
            let batch = try #require(admitted.batch)
            let held = Decision(members: Members([0]), state: .held, detail: "", until: rig.now)
            _ = try await rig.books.decide([held], calls: [], of: batch)
            _ = try await rig.call(batch, [1])
            let other = try await rig.admit(PushRig.phones(1))
            #expect(try await rig.books.recallAll(of: run.id, limit: 3) == 3)
            #expect(try await rig.books.recallAll(of: run.id, limit: 3) == 1)
            #expect(try await rig.books.recallAll(of: run.id, limit: 3) == 0)
            #expect(try await rig.books.recount(of: run.id) == [.recalled: 4, .queued: 1])
            #expect(try await rig.states(other, 1) == [.queued])
        },
        Clause("refused rows come in file order, those after a row") { rig in
            let run = try await rig.run(shards: 2)
            let late = [14, 12].map { reject(Int64($0), "LATE") }
            let second = rig.stretch(run.id, shard: 1, [], from: 10, to: 14, rejects: late)
            _ = try await rig.books.admit(second)
            let early = [3, 5].map { reject(Int64($0), "EARLY") }
            _ = try await rig.books.admit(rig.stretch(run.id, [], from: 0, to: 5, rejects: early))
            let all = try await rig.books.rejects(of: run.id, after: 0, limit: 10)
            #expect(all == [early[0], early[1], late[1], late[0]])
            #expect(try await rig.books.rejects(of: run.id, after: 3, limit: 2) == [early[1], late[1]])
            #expect(try await rig.books.campaignRun(run.id)?.refused == ["EARLY": 2, "LATE": 2])
        },
    ]

    private static func draft(_ schedule: CampaignSchedule) -> CampaignDraft {
        CampaignDraft(
            name: "spring",
            template: TemplateID(rawValue: 2),
            crowd: "digest",
            schedule: schedule,
            createdBy: "ann"
        )
    }

    private static func reject(_ row: Int64, _ code: String) -> RowReject {
        RowReject(row: row, line: row + 1, column: "phone", code: code, text: "a,\"b\"")
    }
}
