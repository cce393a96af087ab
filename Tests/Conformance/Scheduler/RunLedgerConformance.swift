import Groundwork
import Scheduler
import TestKit
import Testing

/// What every `RunLedger` must tell of what its `RunStore` writes.
package enum RunLedgerConformance {
    package static let clauses: [Clause<SchedulerStores>] = [
        Clause("runs are read by instant, shard and attempt, page by page, without gap or repeat") { stores in
            let job = try await stores.jobs.add(.sample())
            let other = try await stores.jobs.add(.sample(.sample("other")))
            let instants = [30, 10, 20].map { Moment.noon + .seconds($0) }
            for instant in instants {
                for shard in Shard.all(2) {
                    _ = try await stores.runs.add([.sample(of: job.id, at: instant, shard: shard)])
                }
            }
            let again = NewRun.sample(of: job.id, at: instants[1], shard: Shard.all(2)[0], attempt: 2)
            _ = try await stores.runs.add([again, .sample(of: other.id, at: instants[1])])
            var seen: [LedgerEntry.Place] = []
            var after: LedgerEntry.Place?
            repeat {
                let entries = try await stores.ledger.entries(
                    of: job.id,
                    in: .noon..<instants[0],
                    after: after,
                    limit: 2
                )
                seen += entries.map(\.place)
                after = entries.last?.place
            } while after != nil
            let places = [(10, 0, 1), (10, 0, 2), (10, 1, 1), (20, 0, 1), (20, 1, 1)]
            #expect(
                seen
                    == places.map { second, shard, attempt in
                        LedgerEntry.Place(
                            plannedAt: .noon + .seconds(second),
                            shard: shard,
                            attempt: attempt
                        )
                    }
            )
        },
        Clause("an entry says when its run was handed over, when it ended and why") { stores in
            let token = try await stores.mint()
            let job = try await stores.jobs.add(.sample())
            let run = try #require(try await stores.jobs.plan([.sample(job)], token: token).first)
            let handed = try #require(
                run.dispatched(to: .sample(), at: .noon + .seconds(1), resendAt: .noon + .seconds(9))
            )
            let advanced = try #require(try await stores.runs.advance([handed], token: token).first)
            let end = RunEnd(.handlerFailed, at: .noon + .seconds(2))
            _ = try await stores.runs.close([#require(RunClosing(advanced, end))], token: token)
            let entries = try await stores.ledger.entries(
                of: job.id,
                in: .noon..<Moment.noon + .seconds(1),
                after: nil,
                limit: 10
            )
            let entry = LedgerEntry(
                run: run.id,
                plannedAt: .noon,
                trigger: .schedule,
                dispatchedAt: .noon + .seconds(1),
                endedAt: .noon + .seconds(2),
                reason: .handlerFailed
            )
            #expect(entries == [entry])
        },
        Clause("the last trigger is the latest that a schedule made, whoever asked for more") { stores in
            let token = try await stores.mint()
            let job = try await stores.jobs.add(.sample())
            #expect(try await stores.ledger.lastTrigger(of: job.id, before: .noon + .seconds(9)) == nil)
            let run = try #require(try await stores.jobs.plan([.sample(job)], token: token).first)
            _ = try await stores.runs.add([.sample(of: job.id, at: .noon + .seconds(1))])
            let last = try await stores.ledger.lastTrigger(of: job.id, before: .noon + .seconds(9))
            #expect(last?.run == run.id)
            #expect(try await stores.ledger.lastTrigger(of: job.id, before: .noon) == nil)
        },
        Clause("it tells of each job since when all runs are kept, whoever removed some") { stores in
            let job = try await stores.jobs.add(.sample())
            let other = try await stores.jobs.add(.sample(.sample("other")))
            let runs = try await stores.runs.add([
                .sample(of: job.id), .sample(of: job.id, at: .noon + .seconds(1)),
                .sample(of: other.id, at: .noon + .seconds(2)),
            ])
            let closings = runs.compactMap {
                RunClosing($0, RunEnd(.killed, at: $0.plan.plannedAt + .milliseconds(100)))
            }
            _ = try await stores.runs.close(closings, token: nil)
            func clear(_ scope: RunScope, before moment: Moment) async throws -> Int {
                let selection = RunSelection(scope, .endedBefore(moment))
                return try await stores.runs.clear(selection, limit: 10, by: RunCalendar())
            }
            #expect(try await clear(.all(), before: .noon) == 0)
            #expect(try await stores.ledger.keptSince(of: job.id) == nil)
            #expect(try await clear(.job(job.id), before: .noon + .seconds(1)) == 1)
            #expect(try await stores.ledger.keptSince(of: job.id) == .noon + .milliseconds(101))
            #expect(try await stores.ledger.keptSince(of: other.id) == nil)
            #expect(try await clear(.all(), before: .noon + .seconds(9)) == 2)
            #expect(try await stores.ledger.keptSince(of: job.id) == .noon + .milliseconds(1_101))
            #expect(try await stores.ledger.keptSince(of: other.id) == .noon + .milliseconds(2_101))
        },
    ]
}
