import Groundwork
import Scheduler
import TestKit
import Testing

extension RunStoreConformance {
    /// Runs that were added just now are written as sent without having been looked at.
    static let claiming: [Clause<SchedulerStores>] = [
        Clause("a claimed run that nothing is in the way of comes back as the store holds it") { stores in
            let token = try await stores.mint()
            let run = try await add(stores, [.noon])[0]
            // Whoever claims may have been told of other terms.
            var told = run.plan
            told.terms.params = "other"
            told.terms.handler = "other"
            let claim = try sent(JobRun(id: run.id, plan: told, state: run.state))
            let claimed = try #require(try await stores.runs.claim([claim], at: .noon, token: token).first)
            #expect(claimed.plan == run.plan)
            #expect(claimed.state == claim.state)
            #expect(claimed.executor == .sample())
            #expect(claimed.dispatchedAt == .noon)
            #expect(claimed.version == run.version + 1)
            #expect(claimed.token == token)
            #expect(try await stores.runs.runs([run.id]) == [claimed])
        },
        Clause("a run is claimed once, and of no other job, group, version or number than its own") {
            stores in
            let token = try await stores.mint()
            let run = try await add(stores, [.noon])[0]
            let other = try await stores.jobs.add(.sample(.sample("other")))
            var ofJob = run.plan
            ofJob.job = other.id
            var ofGroup = run.plan
            ofGroup.terms.group = "b"
            let wrong = [
                JobRun(id: run.id, plan: ofJob, state: run.state),
                JobRun(id: run.id, plan: ofGroup, state: run.state),
                JobRun(id: run.id, plan: run.plan, state: run.state, version: 2),
                JobRun(id: RunID(rawValue: run.id.rawValue + 1), plan: run.plan, state: run.state),
            ]
            for one in wrong {
                #expect(try await stores.runs.claim([try sent(one)], at: .noon, token: token).isEmpty)
            }
            #expect(try await stores.runs.runs([run.id]) == [run])
            #expect(try await stores.runs.claim([try sent(run)], at: .noon, token: token).count == 1)
            #expect(try await stores.runs.claim([try sent(run)], at: .noon, token: token).isEmpty)
        },
        Clause("a run that is not due, or whose overlap is decided elsewhere, is not claimed") { stores in
            let token = try await stores.mint()
            let run = try await add(stores, [.noon + .milliseconds(1)])[0]
            #expect(try await stores.runs.claim([try sent(run)], at: .noon, token: token).isEmpty)
            let now = Moment.noon + .milliseconds(1)
            #expect(try await stores.runs.claim([try sent(run)], at: now, token: token).count == 1)
            for overlap in BlockStrategy.allCases where overlap != .serial {
                let spec = JobSpec.sample("\(overlap)", overlap: overlap)
                let job = try await stores.jobs.add(.sample(spec))
                let new = NewRun.sample(of: job.id, terms: RunTerms(spec))
                let other = try #require(try await stores.runs.add([new]).first)
                #expect(try await stores.runs.claim([try sent(other)], at: now, token: token).isEmpty)
            }
        },
        Clause("a run is not claimed while an earlier one of its line waits or is open") { stores in
            let token = try await stores.mint()
            let runs = try await add(stores, [.noon, .noon + .milliseconds(1)])
            let now = Moment.noon + .seconds(1)
            func isClaimed() async throws -> Bool {
                try await !stores.runs.claim([try sent(runs[1])], at: now, token: token).isEmpty
            }
            #expect(try await !isClaimed())
            let first = try #require(
                try await stores.runs.claim([try sent(runs[0])], at: now, token: token).first
            )
            #expect(try await !isClaimed())
            let accepted = try #require(first.accepted(at: now))
            _ = try await stores.runs.advance([accepted], token: token)
            #expect(try await !isClaimed())
            try await end(runs[0], .completed, in: stores)
            #expect(try await isClaimed())
        },
        Clause("nothing is claimed for an executor that has signed off, until it is back") { stores in
            let token = try await stores.mint()
            let run = try await add(stores, [.noon])[0]
            let beat = ExecutorBeat(group: "app", address: .sample(), instance: "first", dialect: .run)
            _ = try await stores.registry.beat(beat, at: .noon)
            try await stores.registry.signOff(group: "app", address: .sample(), at: .noon)
            #expect(try await stores.runs.claim([try sent(run)], at: .noon, token: token).isEmpty)
            _ = try await stores.registry.beat(beat, at: .noon + .seconds(1))
            #expect(try await stores.runs.claim([try sent(run)], at: .noon, token: token).count == 1)
        },
        Clause("many are claimed at once, each by its own line") { stores in
            let token = try await stores.mint()
            var first: [JobRun] = []
            var second: [JobRun] = []
            for number in 0..<20 {
                let spec = JobSpec.sample("job-\(number)")
                let job = try await stores.jobs.add(.sample(spec))
                let runs = try await stores.runs.add([
                    .sample(of: job.id, terms: RunTerms(spec)),
                    .sample(of: job.id, at: .noon + .milliseconds(1), terms: RunTerms(spec)),
                ])
                first.append(runs[0])
                second.append(runs[1])
            }
            let now = Moment.noon + .seconds(1)
            let even = try first.indices.map { try sent($0 % 2 == 0 ? first[$0] : second[$0]) }
            let claimed = try await stores.runs.claim(even, at: now, token: token).map(\.id)
            let expected = first.indices.filter { $0 % 2 == 0 }.map { first[$0].id }
            #expect(Set(claimed) == Set(expected))
        },
        Clause("a stale token claims nothing") { stores in
            let stale = try await stores.mint()
            _ = try await stores.mint()
            let run = try await add(stores, [.noon])[0]
            await expect(.staleToken) {
                _ = try await stores.runs.claim([try sent(run)], at: .noon, token: stale)
            }
            #expect(try await stores.runs.runs([run.id]) == [run])
        },
    ]

    private static func sent(_ run: JobRun) throws -> JobRun {
        try #require(run.dispatched(to: .sample(), at: .noon, resendAt: .noon + .seconds(6)))
    }
}
