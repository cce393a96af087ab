import Groundwork
import SQLiteDriver
import TestKit
import Testing

@testable import PushEngine

/// Crowds that are read into the ledger, stopped, killed and read on.
@Suite(.timeLimit(.minutes(5))) struct CampaignRunTests {
    private static var small: BenchPlan {
        var plan = BenchPlan()
        plan.crowd.batchRows = 40
        plan.crowd.queueLimit = 1_000
        return plan
    }

    @Test func `a crowd over several shards is sent to, every row is counted and every good one taken once`()
        async throws
    {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.small)
            let campaign = try await engine.campaign(rows: 2_000, shards: 4)
            let reported = [Count(), Count()]
            let ends = try await withThrowingTaskGroup(of: CampaignRunEnd.self) { group in
                for worker in 0..<2 {
                    group.addTask {
                        try await engine.read(campaign, worker: worker, of: 2) { reading in
                            reported[worker].raise(to: reading.rows)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(reported.reduce(0) { $0 + $1.value } == 2_000)
            let read = ends.reduce(0) { if case .read(let rows) = $1 { $0 + rows } else { $0 } }
            #expect(read == 2_000)
            try await engine.expectAllRowsCounted(campaign)
            try await engine.settle()
            try await eventually("all receipts are applied") {
                try await engine.takeReceipts()
                return try await engine.counts(campaign) == [.delivered: campaign.good]
            }
            try await engine.expectAllRowsCounted(campaign)
            try await engine.expectEachTakenOnce(campaign)
        }
    }

    @Test func `refused rows are named by row and line, repeated ones as well`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.small)
            let campaign = try await engine.campaign(rows: 200, shards: 2)
            try await engine.read(campaign)
            let rejects = try await engine.store.rejects(of: engine.run(campaign).id, after: 0, limit: 1_000)
            #expect(rejects.count == campaign.summary.bad + campaign.summary.duplicates)
            // No field of the generated file holds a line break, and the header is the first line.
            #expect(rejects.allSatisfy { $0.line == $0.row + 1 })
        }
    }

    @Test(arguments: 0..<16)
    func `a killed read throws, and the next one goes on from the cursor`(seed: UInt64) async throws {
        try await PushBench.use { bench in
            let steps = StepCounter(seed: seed, within: 1...12)
            var plan = Self.small
            plan.wire = TestWire(
                onBefore: { _ in steps.step { withUnsafeCurrentTask { $0?.cancel() } } },
                onAfter: { _ in steps.step { withUnsafeCurrentTask { $0?.cancel() } } }
            )
            let engine = try await bench.open(plan)
            let campaign = try await engine.campaign(rows: 400, shards: 3)
            var kills = 0
            var isRead = false
            while !isRead {
                steps.rearm()
                // Each attempt is a task of its own, as a job's runs are.
                let attempt = await withTaskGroup(of: Result<CampaignRunEnd, any Error>.self) { group in
                    group.addTask {
                        do { return .success(try await engine.read(campaign)) } catch {
                            return .failure(error)
                        }
                    }
                    return await group.next()
                }
                switch try #require(attempt) {
                case .success(let end):
                    guard case .read = end else {
                        Issue.record("\(end)")
                        return
                    }
                    isRead = true
                case .failure(let error):
                    #expect(error is CancellationError, "\(error)")
                    kills += 1
                }
            }
            #expect(kills > 0)
            try await engine.expectAllRowsCounted(campaign)
        }
    }

    @Test func `a read whose task is cancelled before it begins throws, and nothing is opened`() async throws
    {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.small)
            let campaign = try await engine.campaign()
            await withTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask {
                    await #expect(throws: CancellationError.self) { try await engine.read(campaign) }
                }
            }
            #expect(try await engine.store.campaignRuns(of: campaign.id, before: nil, limit: 1).isEmpty)
        }
    }

    @Test(arguments: [CampaignRunState.paused, .cancelled])
    func `a run that is paused or cancelled in between stops, and says why`(
        state: CampaignRunState
    ) async throws {
        try await PushBench.use { bench in
            let gate = Gate()
            let admissions = Count()
            var plan = Self.small
            plan.wire = TestWire(onBefore: { operation throws(WireCut) in
                guard operation == .admit,
                    admissions.add(1) == 4
                else { return }
                do { try await gate.pass() } catch { throw WireCut() }
            })
            let engine = try await bench.open(plan)
            let campaign = try await engine.campaign()
            async let end = engine.read(campaign)
            try await eventually("the reader is at its fourth batch") { gate.waiters == 1 }
            try await engine.set(campaign, state == .paused ? .paused : .cancelled)
            gate.open()
            guard case .stopped(let seen, let rows) = try await end else {
                Issue.record("it went on")
                return
            }
            #expect(seen == state)
            #expect(rows == 120)
            #expect(try await engine.run(campaign).rowsRead == 120)
            #expect(try await engine.read(campaign) == .stopped(state, rows: 0))

            guard state == .paused else { return }
            try await engine.set(campaign, .active)
            try await engine.read(campaign)
            try await engine.expectAllRowsCounted(campaign)
        }
    }

    @Test func `of those that read the same shard all but one fail, and nobody is taken on twice`()
        async throws
    {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.small)
            let campaign = try await engine.campaign(rows: 1_000, shards: 1)
            let ends = await withTaskGroup(of: Result<CampaignRunEnd, any Error>.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        do { return .success(try await engine.read(campaign)) } catch {
                            return .failure(error)
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(ends.contains { if case .success(.read) = $0 { true } else { false } })
            for case .failure(let error) in ends {
                #expect(error as? CampaignError == .overtaken(shard: 0), "\(error)")
            }
            try await engine.expectAllRowsCounted(campaign)
        }
    }

    @Test func `a template that is edited in between does not change a run that has begun`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.small)
            let campaign = try await engine.campaign(content: "old {$city}")
            let batches = Count()
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: CancellationError.self) {
                        try await engine.read(campaign) { _ in
                            guard
                                batches.add(1) == 4
                            else { return }
                            withUnsafeCurrentTask { $0?.cancel() }
                        }
                    }
                }
            }
            let old = try #require(await engine.store.template(campaign.template)).latest
            // The new version even goes through another lane.
            var draft = old.draft
            draft.content = "new {$coupon}"
            draft.messageType = .notice
            _ = try await engine.store.editTemplate(campaign.template, base: 1, draft, by: "editor")
            _ = try await engine.store.auditTemplate(
                campaign.template,
                version: 2,
                approved: true,
                note: "",
                by: "auditor"
            )
            try await engine.read(campaign)
            try await engine.expectAllRowsCounted(campaign)
            let run = try await engine.run(campaign)
            #expect(run.templateVersion == 1)
            let records = try await engine.store.records(
                .campaignRun(run.id),
                state: nil,
                before: nil,
                limit: 1_000
            )
            #expect(records.count == campaign.good)
            #expect(records.allSatisfy { $0.templateVersion == 1 && $0.content.hasPrefix("old ") })
            #expect(records.allSatisfy { $0.lane == old.draft.lane })
        }
    }

    @Test func `a finished run that is fired again is done at once, even when its template was stopped`()
        async throws
    {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.small)
            let campaign = try await engine.campaign()
            try await engine.read(campaign)
            _ = try await engine.store.setTemplate(campaign.template, enabled: false)
            #expect(try await engine.read(campaign) == .read(rows: 0))
        }
    }

    @Test func `a crowd file that is gone fails the read and is told`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.small)
            let campaign = try await engine.campaign()
            try await engine.storage.remove(campaign.crowd.digest)
            let error = await #expect(throws: SendFault.self) { try await engine.read(campaign) }
            #expect(error?.field == "crowd")
            #expect(try await engine.run(campaign).rowsRead == 0)
        }
    }

    @Test func `reading waits while the lane has enough to do`() async throws {
        try await PushBench.use { bench in
            var plan = Self.small
            plan.crowd.queueLimit = 3
            let deepest = Count()
            let queue = Box<any SendQueue>()
            plan.wire = TestWire(onAfter: { operation throws(WireCut) in
                guard operation == .append, let queue = queue.value else { return }
                let total = try? await queue.depths().values.reduce(0) { $0 + $1.total }
                deepest.raise(to: total ?? .max)
            })
            let engine = try await bench.open(plan)
            queue.put(engine.queue)
            let campaign = try await engine.campaign(rows: 800)
            try await engine.working {
                try await engine.read(campaign)
                try await eventually("the queue is empty") {
                    try await engine.queue.depths().values.allSatisfy { $0.total == 0 }
                }
            }
            try await engine.expectEachTakenOnce(campaign)
            #expect((1...3).contains(deepest.value))
        }
    }

    @Test func `a paused campaign in the queue does not keep another from being read`() async throws {
        try await PushBench.use { bench in
            var plan = Self.small
            plan.crowd.queueLimit = 3
            let engine = try await bench.open(plan)
            let paused = try await engine.campaign(rows: 160, shards: 1, seed: 1)
            async let stopped = engine.read(paused)
            try await eventually("it fills the queue") {
                try await engine.queue.depths().values.contains { $0.total == 3 }
            }
            let run = try await engine.run(paused)
            try await engine.set(paused, .paused)
            try await engine.queue.setSuspended(true, run.id)
            let end = try await stopped
            guard case .stopped(.paused, _) = end else {
                Issue.record("\(end)")
                return
            }

            let other = try await engine.campaign(rows: 400, shards: 1, seed: 2)
            try await engine.working { try await engine.read(other) }
            try await engine.expectAllRowsCounted(other)
        }
    }
}
