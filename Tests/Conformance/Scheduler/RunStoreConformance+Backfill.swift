import Groundwork
import Scheduler
import TestKit
import Testing

extension RunStoreConformance {
    static let backfilling: [Clause<SchedulerStores>] = [
        Clause("of a span each planned instant is told once, with its last attempt and whether it ran") {
            stores in
            let job = try await stores.jobs.add(.sample()).id
            let other = try await stores.jobs.add(.sample(.sample("other"))).id
            let skipped = NewRun(
                RunPlan(job: job, plannedAt: .noon, trigger: .misfire, terms: RunTerms(.sample())),
                .ended(RunEnd(.misfireSkipped, message: "missed triggers: 1", at: .noon))
            )
            let minute = Moment.noon + .seconds(60)
            let added = try await stores.runs.addMissing([
                skipped, .sample(of: job, at: minute), .sample(of: job, at: minute, attempt: 2),
                .sample(of: job, at: .noon + .seconds(120)), .sample(of: job, at: .noon - .seconds(1)),
                .sample(of: other, at: .noon),
            ])
            #expect(added.count == 6)
            let kept = try await stores.runs.instants(of: job, from: .noon, before: .noon + .seconds(120))
            #expect(
                Set(kept) == [
                    KeptInstant(.noon, attempt: 1, hasRun: false),
                    KeptInstant(minute, attempt: 2, hasRun: true),
                ]
            )
            #expect(kept.count == 2)
            // Its record and the run that makes up for it.
            _ = try await stores.runs.addMissing([.sample(of: job, attempt: 2)])
            let filled = try await stores.runs.instants(of: job, from: .noon, before: minute)
            #expect(filled == [KeptInstant(.noon, attempt: 2, hasRun: true)])
        },
        Clause("runs that are missing are added, and those that exist are passed over") { stores in
            let job = try await stores.jobs.add(.sample()).id
            let first = try #require(try await stores.runs.add([.sample(of: job)]).first)
            let later = [1, 2].map { NewRun.sample(of: job, at: .noon + .seconds($0), trigger: .backfill) }
            let added = try await stores.runs.addMissing([.sample(of: job, trigger: .backfill)] + later)
            #expect(Set(added.map(\.plan)) == Set(later.map(\.plan)))
            #expect(try await stores.runs.addMissing(later).isEmpty)
            #expect(try await stores.runs.addMissing([]).isEmpty)
            #expect(try await stores.runs.runs(added.map(\.id)).count == 2)
            #expect(try await stores.runs.runs([first.id]) == [first])
        },
        Clause("of two who add the same runs at once each run comes of one") { stores in
            let job = try await stores.jobs.add(.sample()).id
            let runs = (0..<50).map { NewRun.sample(of: job, at: .noon + .seconds($0), trigger: .backfill) }
            async let one = stores.runs.addMissing(runs)
            async let other = stores.runs.addMissing(Array(runs.reversed()))
            let (first, second) = try await (one, other)
            #expect(first.count + second.count == 50)
            #expect(Set((first + second).map(\.plan.plannedAt)).count == 50)
        },
    ]
}
