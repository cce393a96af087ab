import Groundwork
import SQLiteDriver
import Synchronization
import TestKit
import Testing

@testable import PushEngine

/// Pausing, resuming and cancelling, which write several stores one after the other.
@Suite(.timeLimit(.minutes(5))) struct CampaignServiceTests {
    /// Remembers what it was told, and fails when it is told to.
    private final class Timer: CampaignTimer {
        private let state = Mutex<(armed: Bool, fired: [CampaignOrder], isBroken: Bool)>((true, [], false))

        var isArmed: Bool { state.withLock { $0.armed } }
        var fired: [CampaignOrder] { state.withLock { $0.fired } }

        func setBroken(_ isBroken: Bool) { state.withLock { $0.isBroken = isBroken } }

        func check(_ schedule: CampaignSchedule) throws(CampaignFault) {}

        func arm(_ campaign: Campaign) async throws(CampaignFault) -> Int64 { 1 }

        func setArmed(_ armed: Bool, job: Int64) async throws(CampaignFault) {
            state.withLock { $0.armed = armed }
        }

        func fire(_ job: Int64, _ order: CampaignOrder) async throws(CampaignFault) {
            let isBroken = state.withLock { state in
                if !state.isBroken { state.fired.append(order) }
                return state.isBroken
            }
            if isBroken { throw .unavailable("the scheduler does not answer") }
        }

        func nextInstant(of job: Int64) async throws(CampaignFault) -> Moment? { nil }
    }

    private static var small: BenchPlan {
        var plan = BenchPlan()
        plan.crowd.batchRows = 30
        return plan
    }

    private static func service(_ engine: BenchEngine, _ timer: Timer) -> CampaignService {
        CampaignService(
            campaigns: engine.store,
            runs: engine.store,
            templates: engine.store,
            records: engine.store,
            links: engine.store,
            queue: engine.queue,
            timer: timer
        )
    }

    @Test func `a campaign that was paused sends nothing, though the queue was lost, until it is resumed`()
        async throws
    {
        try await PushBench.use { bench in
            var engine = try await bench.open(Self.small)
            let campaign = try await engine.campaign(rows: 120, shards: 1)
            try await engine.read(campaign)
            try await Self.service(engine, Timer()).pause(campaign.id)
            let notice = try await engine.send(["13900139000"], engine.template())

            try bench.lose("queue.db")
            engine = try await bench.open(Self.small)
            bench.clock.advance(by: .milliseconds(1))
            try await engine.working {
                try await eventually("what is not paused goes out") {
                    try await engine.states(notice).allSatisfy { $0.isSent }
                }
                try await eventually("what is paused is kept") {
                    try await engine.queue.depths().values
                        .contains { $0.suspended > 0 && $0.total == $0.suspended }
                }
            }
            #expect(try await engine.counts(campaign) == [.queued: campaign.good])
            try await Self.service(engine, Timer()).resume(campaign.id)
            try await engine.settle()
            try await engine.expectEachTakenOnce(campaign, and: ["+8613900139000"])
        }
    }

    @Test func `a firing that was planned before the pause begins paused, and is sent when it is resumed`()
        async throws
    {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.small)
            let campaign = try await engine.campaign(rows: 120, shards: 1)
            let timer = Timer()
            let service = Self.service(engine, timer)
            try await service.pause(campaign.id)
            #expect(!timer.isArmed)
            #expect(try await engine.read(campaign) == .stopped(.paused, rows: 0))
            try await service.resume(campaign.id)
            #expect(timer.isArmed)
            let order = CampaignOrder(campaign: campaign.id, plannedAt: campaign.plannedAt)
            #expect(timer.fired == [order])
            try await engine.read(campaign)
            try await engine.settle()
            try await engine.expectEachTakenOnce(campaign)
        }
    }

    @Test func `a resume that was cut off is made up for by the next`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.small)
            let campaign = try await engine.campaign(rows: 120, shards: 1)
            let timer = Timer()
            let service = Self.service(engine, timer)
            try await service.pause(campaign.id)
            try await engine.read(campaign)
            timer.setBroken(true)
            await #expect(throws: CampaignFault.self) { try await service.resume(campaign.id) }
            timer.setBroken(false)
            try await service.resume(campaign.id)
            #expect(timer.fired.count == 1)
            #expect(timer.isArmed)
        }
    }

    @Test func `nothing of a cancelled campaign begins, is resumed or started`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.small)
            let campaign = try await engine.campaign(rows: 120, shards: 1)
            let timer = Timer()
            let service = Self.service(engine, timer)
            #expect(try await service.cancel(campaign.id) == 0)
            #expect(!timer.isArmed)
            #expect(try await engine.read(campaign) == .stopped(.cancelled, rows: 0))
            for act in [service.start, service.resume, service.pause] {
                let fault = await #expect(throws: CampaignFault.self) { try await act(campaign.id) }
                guard case .conflict = fault else {
                    Issue.record("must be a conflict")
                    return
                }
            }
            #expect(timer.fired.isEmpty)
            #expect(try await bench.town.stats().accepted == 0)
        }
    }

    @Test
    func `a cancellation that was cut off takes back the rest after a restart, and sends nothing of it`()
        async throws
    {
        try await PushBench.use { bench in
            var engine = try await bench.open(Self.small)
            let campaign = try await engine.campaign(rows: 120, shards: 1)
            try await engine.read(campaign)
            let service = Self.service(engine, Timer())
            try await service.pause(campaign.id)
            // The first of its steps, and no other.
            try await engine.set(campaign, .cancelled)

            engine = try await bench.open(Self.small)
            bench.clock.advance(by: .milliseconds(1))
            try await engine.settle()
            #expect(try await engine.counts(campaign) == [.recalled: campaign.good])
            #expect(try await bench.town.stats().accepted == 0)
            #expect(try await engine.queue.suspendedRuns().isEmpty)
        }
    }
}
