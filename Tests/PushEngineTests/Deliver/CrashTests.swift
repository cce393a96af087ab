import Groundwork
import SQLiteDriver
import TestKit
import Testing

@testable import PushEngine

/// Engines that die at any operation of a campaign, and those that take over from the files they leave.
@Suite(.timeLimit(.minutes(5))) struct CrashTests {
    private static func plan(_ wire: any BenchWire) -> BenchPlan {
        var plan = BenchPlan()
        plan.crowd.batchRows = 25
        plan.crowd.queueLimit = 4
        plan.wire = wire
        return plan
    }

    @Test(arguments: 0..<12)
    func `whenever the process dies, nobody is sent to twice, nobody is lost, and the books agree`(
        seed: UInt64
    ) async throws {
        try await PushBench.use { bench in
            var random = SeededGenerator(seed: seed)
            var engine = try await bench.open()
            // Every second crowd has numbers among it whose calls end in every other way.
            let hasScripts = seed % 2 == 1
            let guarantee: DeliveryGuarantee = seed % 4 == 2 ? .atLeastOnce : .atMostOnce
            let campaign = try await engine.campaign(
                rows: 240,
                content: "您好",
                scripted: hasScripts ? 0.1 : 0,
                guarantee: guarantee,
                seed: seed
            )
            var deaths = 0
            for life in 0... {
                let steps = life < 6 ? Int.random(in: 1...100, using: &random) : Int.max
                let power = PowerSwitch(after: steps)
                engine = try await bench.open(Self.plan(power))
                try await engine.live(power, campaign, workers: 2)
                if try await !engine.store.campaignRuns(of: campaign.id, before: nil, limit: 1).isEmpty {
                    _ = try await engine.counts(campaign)
                }
                guard power.isOff else { break }
                deaths += 1
                // Whoever takes over takes a while to start.
                bench.clock.advance(by: .milliseconds(1))
            }
            #expect(deaths > 0)

            engine = try await bench.open()
            try await engine.expectAllRowsCounted(campaign)
            if guarantee == .atLeastOnce { try await sendAgain(engine, campaign) }
            try await reconcile(engine, campaign)
            try await expectTruth(engine, campaign, hasScripts: hasScripts)
            if guarantee == .atLeastOnce { try await engine.expectEachTakenOnce(campaign) }
        }
    }

    /// Takes receipts and asks until nothing more comes to light.
    private func reconcile(_ engine: BenchEngine, _ campaign: BenchCampaign) async throws {
        let bench = engine.bench
        try await eventually("all that was taken is known") {
            try await bench.advance(by: .seconds(61))
            try await engine.takeReceipts()
            let taken = try await bench.town.counts()
            let open = try await records(engine, campaign).filter { !$0.state.isFinal }
            return open.allSatisfy { $0.state == .unknown && taken[$0.recipient] == nil }
        }
        try await bench.advance(by: .seconds(73 * 3_600))
        try await engine.takeReceipts()
    }

    /// Lets time pass until nothing is in doubt any more.
    private func sendAgain(_ engine: BenchEngine, _ campaign: BenchCampaign) async throws {
        try await eventually("everybody has it") {
            try await engine.bench.advance(by: .seconds(61))
            try await engine.takeReceipts()
            try await engine.settle()
            return try await engine.counts(campaign)[.unknown] == nil
        }
    }

    private func expectTruth(
        _ engine: BenchEngine,
        _ campaign: BenchCampaign,
        hasScripts: Bool
    ) async throws {
        let taken = try await engine.bench.town.counts()
        let records = try await records(engine, campaign)
        #expect(taken.values.allSatisfy { $0 == 1 })
        #expect(Set(records.map(\.recipient)) == campaign.recipients)
        for record in records {
            let isTaken = taken[record.recipient] != nil
            switch record.state {
            case .delivered, .undelivered: #expect(isTaken)
            case .unresolved: #expect(!isTaken)
            case .failed: #expect(hasScripts && !isTaken)
            default: Issue.record("\(record.recipient) is \(record.state)")
            }
        }
        _ = try await engine.counts(campaign)
        try await engine.expectSoundStories(records.map(\.id))
    }

    private func records(_ engine: BenchEngine, _ campaign: BenchCampaign) async throws -> [MessageRecord] {
        let run = try await engine.run(campaign).id
        return try await engine.store.records(.campaignRun(run), state: nil, before: nil, limit: 10_000)
    }
}
