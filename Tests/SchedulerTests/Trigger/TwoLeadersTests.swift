import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Two processes that both believe they lead, one of them stopped again and again at the worst places.
struct TwoLeadersTests {
    @Test(arguments: 0..<8)
    func `no interleaving plans a trigger twice or loses one`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let rig = try SchedulerRig()
        let names = ["a", "b", "c"]
        for name in names {
            _ = try await rig.jobs.create(.sample(name, schedule: .every(.seconds(1))))
        }
        var leaders = [Leader(try await rig.lead()), Leader(try await rig.lead())]
        for _ in 0..<200 {
            let index = Int.random(in: 0..<2, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: leaders[index] = Leader(try await rig.lead())
            case 1: rig.clock.advance(by: .milliseconds(500))
            // A leader is stopped between reading what is due and writing the plan: the plan waits.
            case 2, 3: try await leaders[index].read(rig)
            default: try await leaders[index].write(rig)
            }
        }
        let lease = try await rig.lead()
        try await rig.plan(under: lease)
        let elapsed = (rig.now - .noon).wholeMilliseconds / 1_000
        let runs = try await rig.allRuns()
        let triggers = runs.map { "\($0.plan.job) \($0.plan.plannedAt.millisecondsSinceEpoch)" }
        #expect(Set(triggers).count == triggers.count)
        let accounted = try runs.reduce(0) { try $0 + Self.triggers(in: $1) }
        #expect(accounted == Int(elapsed) * names.count)
    }

    @Test func `without the token the same interleaving would let a stopped leader write`() async throws {
        let rig = try SchedulerRig()
        _ = try await rig.jobs.create(.sample(schedule: .every(.seconds(1))))
        var stopped = Leader(try await rig.lead())
        rig.clock.advance(by: .seconds(1))
        try await stopped.read(rig)
        _ = try await rig.lead()
        // The plan itself is still good: only the token stands between it and the store.
        #expect(stopped.plans.count == 1)
        #expect(try await stopped.write(rig) == .staleToken)
        #expect(try await rig.allRuns().isEmpty)
    }

    /// How many triggers a run stands for: one, or as many as its record of a misfire counts.
    private static func triggers(in run: JobRun) throws -> Int {
        guard run.end?.reason == .misfireSkipped else { return 1 }
        return try #require(run.end.flatMap { Int($0.message.split(separator: " ").last ?? "") })
    }

    /// One believer, whose reading and writing a test drives apart.
    private struct Leader {
        let lease: Lease
        var plans: [TriggerPlan] = []

        init(_ lease: Lease) {
            self.lease = lease
        }

        mutating func read(_ rig: SchedulerRig) async throws {
            plans = try await rig.parts.jobs.upcoming(until: rig.now, limit: 10)
                .compactMap {
                    try TriggerPlanner().plan($0, at: rig.now, living: 1)
                }
        }

        /// Writes what was planned; says which refusal it met.
        @discardableResult
        mutating func write(_ rig: SchedulerRig) async throws -> StoreError.Code? {
            defer { plans = [] }
            do {
                _ = try await rig.parts.jobs.plan(plans, token: lease.token)
                return nil
            } catch  where error.code == .staleToken {
                return error.code
            }
        }
    }
}
