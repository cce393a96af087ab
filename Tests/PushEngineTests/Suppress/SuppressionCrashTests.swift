import Groundwork
import SQLiteDriver
import TestKit
import Testing

@testable import PushEngine

/// Engines that die at any operation of a campaign to some who must not get it.
@Suite(.timeLimit(.minutes(5))) struct SuppressionCrashTests {
    private static func plan(_ wire: any BenchWire) -> BenchPlan {
        var plan = BenchPlan()
        plan.crowd.batchRows = 25
        plan.crowd.queueLimit = 4
        plan.rules = [.marketing: QuotaRules(perDay: 5, span: QuotaSpan(.marketing, limit: 1, days: 7))]
        plan.wire = wire
        return plan
    }

    @Test(arguments: 0..<8)
    func
        `whenever the process dies, the listed get nothing, the others no more than once, and all are counted`(
            seed: UInt64
        ) async throws
    {
        try await PushBench.use { bench in
            var random = SeededGenerator(seed: seed)
            var engine = try await bench.open()
            let campaign = try await engine.campaign(rows: 160, content: "您好", seed: seed)
            let people = campaign.recipients.sorted()
            let listed = Set(people.filter { _ in Int.random(in: 0..<3, using: &random) == 0 })
            let scopes = [SuppressionScope.everything, .signature("快推"), .type(.marketing)]
            _ = try await engine.store.suppress(
                listed.sorted().enumerated()
                    .map { place, address in
                        SuppressionDraft(
                            Addressee(space: .phone, address: address),
                            scopes[place % scopes.count],
                            source: .operator,
                            by: "ann",
                            at: bench.now
                        )
                    }
            )
            for life in 0... {
                let steps = life < 5 ? Int.random(in: 1...80, using: &random) : Int.max
                let power = PowerSwitch(after: steps)
                engine = try await bench.open(Self.plan(power))
                try await engine.live(power, campaign, workers: 1)
                guard power.isOff else { break }
                bench.clock.advance(by: .milliseconds(1))
            }
            let runs = try await engine.store.campaignRuns(of: campaign.id, before: nil, limit: 1)
            let run = try #require(runs.first)
            let counts = try await engine.store.recount(of: run.id)
            #expect(counts.values.reduce(0, +) == campaign.good)
            #expect(counts[.suppressed] == listed.count)
            let tallies = try await engine.store.tallies(of: run.id)
                .reduce(into: [:]) { $0[$1.state, default: 0] += $1.count }
            #expect(tallies.filter { $0.value != 0 } == counts)
            let taken = try await bench.town.counts()
            #expect(listed.isDisjoint(with: taken.keys))
            #expect(taken.values.allSatisfy { $0 == 1 })

            // Nobody who was listed holds a place; everybody who was sent to, or may have been, does.
            let others = people.filter { !listed.contains($0) }
            let owners = PushBench.probe(people, day: 20_260_302)
            let rules = try #require(Self.plan(OpenWire()).rules[.marketing])
            let verdicts = try await engine.quotas.reserve(
                owners,
                channel: .sms,
                rules: rules,
                day: 20_260_302
            )
            let free = zip(people, verdicts).filter { $0.1 == .granted }.map(\.0)
            #expect(Set(free).isSuperset(of: listed))
            #expect(Set(others).isSuperset(of: Set(free).subtracting(listed)))
            #expect(taken.keys.allSatisfy { !free.contains($0) })
        }
    }
}

extension PushBench {
    /// Claims of messages that nobody sends, to see whose places are taken.
    fileprivate static func probe(_ people: [String], day: Int) -> [QuotaClaim] {
        people.enumerated()
            .map { place, address in
                QuotaClaim(
                    recipient: RecipientKey(address: address),
                    content: UInt64(place),
                    owner: MessageID(rawValue: 1 << 60 | Int64(place))
                )
            }
    }
}
