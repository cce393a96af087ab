import Groundwork
import Scheduler
import Synchronization
import TestKit
import Testing

/// What every `RunStore` must keep.
package enum RunStoreConformance {
    package static let clauses: [Clause<SchedulerStores>] =
        adding + triggering + advancing + outbox + closing + sequels + alarms + listing + receivers
        + reporting + clearing + backfilling

    private static let adding: [Clause<SchedulerStores>] = [
        Clause("a run reads back as it was added") { stores in
            let job = try await stores.jobs.add(.sample())
            let terms = RunTerms(
                group: "g",
                handler: "h",
                params: "p",
                overlap: .coverEarly,
                route: .sharding,
                timeout: .milliseconds(1_500),
                retry: RetryPolicy(limit: 2),
                followUp: .seconds(3),
                hasSequel: true,
                hashKey: "k"
            )
            let new = NewRun.sample(
                of: job.id,
                due: .noon + .seconds(1),
                shard: Shard(index: 1, total: 3),
                attempt: 2,
                parent: RunID(rawValue: 9),
                trigger: .api,
                terms: terms
            )
            let added = try #require(try await stores.runs.add([new]).first)
            #expect(added.plan == new.plan)
            #expect(added.state == new.state)
            #expect(try await stores.runs.runs([added.id]) == [added])
        },
        Clause("runs are added all or none") { stores in
            let job = try await stores.jobs.add(.sample())
            _ = try await stores.runs.add([.sample(of: job.id)])
            let fresh = NewRun.sample(of: job.id, at: .noon + .seconds(1))
            await expect(.conflict) { _ = try await stores.runs.add([fresh, .sample(of: job.id)]) }
            #expect(try await all(stores).count == 1)
        },
        Clause("an added run is noted as its job's latest trigger") { stores in
            let job = try await stores.jobs.add(.sample())
            _ = try await stores.runs.add([.sample(of: job.id)])
            let noted = try #require(try await stores.jobs.job(job.id))
            #expect(noted.lastTriggerAt == .noon)
            #expect(noted.nextTriggerAt == job.nextTriggerAt)
        },
    ]

    private static let advancing: [Clause<SchedulerStores>] = [
        Clause("a changed run reads back as it was written, with the next version") { stores in
            let (run, token) = try await planned(stores)
            let sent = try #require(
                run.dispatched(to: .sample(), at: .noon, resendAt: .noon + .seconds(6))
            )
            let written = try #require(try await stores.runs.advance([sent], token: token).first)
            #expect(written.state == .dispatching(sends: 1, resendAt: .noon + .seconds(6)))
            #expect(written.executor == .sample())
            #expect(written.dispatchedAt == .noon)
            #expect(written.version == run.version + 1)
            #expect(written.token == token)
            let accepted = try #require(written.accepted(at: .noon + .seconds(1)))
            let running = try #require(try await stores.runs.advance([accepted], token: token).first)
            #expect(running.state == .running)
            #expect(running.startedAt == .noon + .seconds(1))
            #expect(try await stores.runs.runs([run.id]) == [running])
        },
        Clause("a run that changed meanwhile is not written") { stores in
            let (run, token) = try await planned(stores)
            let first = try #require(run.postponed(until: .noon + .seconds(1), at: .noon))
            let second = try #require(run.postponed(until: .noon + .seconds(2), at: .noon))
            #expect(try await stores.runs.advance([first], token: token).count == 1)
            #expect(try await stores.runs.advance([second], token: token).isEmpty)
        },
        Clause("an ended run is not written") { stores in
            let (run, token) = try await planned(stores)
            let postponed = try #require(run.postponed(until: .noon, at: .noon))
            try await end(run, .killed, in: stores)
            #expect(try await stores.runs.advance([postponed], token: token).isEmpty)
        },
        Clause("a stale token writes nothing") { stores in
            let (run, stale) = try await planned(stores)
            _ = try await stores.mint()
            let postponed = try #require(run.postponed(until: .noon, at: .noon))
            await expect(.staleToken) { _ = try await stores.runs.advance([postponed], token: stale) }
            #expect(try await stores.runs.runs([run.id]) == [run])
        },
        Clause("what an operator asked for needs no token and leaves the leader's") { stores in
            let (run, token) = try await planned(stores)
            let marked = try #require(run.killRequested(at: .noon))
            let written = try #require(try await stores.runs.advance([marked], token: nil).first)
            #expect(written.killRequestedAt == .noon)
            #expect(written.token == token)
        },
    ]

    private static let closing: [Clause<SchedulerStores>] = [
        Clause("an end is written once, with the retry that follows") { stores in
            let (run, _) = try await planned(stores, retry: RetryPolicy(limit: 1))
            let end = RunEnd(.handlerFailed, message: "why", at: .noon + .seconds(1))
            let closing = try #require(RunClosing(run, end))
            let ended = try #require(try await stores.runs.close([closing], token: nil).runs.first)
            #expect(ended.end == end)
            let runs = try await all(stores)
            #expect(runs.count == 2)
            let retry = try #require(runs.first)
            #expect(retry.plan.attempt == 2)
            #expect(retry.plan.parent == run.id)
            #expect(retry.plan.plannedAt == run.plan.plannedAt)
            #expect(retry.plan.trigger == .retry)
            let late = try #require(RunClosing(run, RunEnd(.completed, at: .noon + .seconds(9))))
            #expect(try await stores.runs.close([late], token: nil).runs.isEmpty)
            #expect(try await stores.runs.runs([run.id]) == [ended])
            #expect(try await all(stores).count == 2)
        },
        Clause("of some runs those are found that ended for one of some reasons") { stores in
            let (open, _) = try await planned(stores)
            let other = NewRun.sample(of: open.plan.job, at: .noon + .seconds(60))
            let killed = try #require(try await stores.runs.add([other]).first)
            try await end(killed, .killed, in: stores)
            let ids = [open.id, killed.id]
            #expect(try await stores.runs.runs(ids, endedFor: [.killed, .covered]).map(\.id) == [killed.id])
            #expect(try await stores.runs.runs(ids, endedFor: [.completed]).isEmpty)
            #expect(try await stores.runs.runs([open.id], endedFor: [.killed]).isEmpty)
            #expect(try await stores.runs.runs([], endedFor: [.killed]).isEmpty)
        },
        Clause("an end asks for no version") { stores in
            let (run, token) = try await planned(stores)
            let sent = try #require(run.dispatched(to: .sample(), at: .noon, resendAt: .noon))
            _ = try await stores.runs.advance([sent], token: token)
            let closing = try #require(RunClosing(run, RunEnd(.completed, at: .noon)))
            let ended = try #require(try await stores.runs.close([closing], token: nil).runs.first)
            #expect(ended.executor == .sample())
        },
        Clause("a result that overtook the acceptance still tells of a start") { stores in
            let (run, token) = try await planned(stores)
            let sent = try #require(run.dispatched(to: .sample(), at: .noon, resendAt: .noon))
            let written = try #require(try await stores.runs.advance([sent], token: token).first)
            try await end(written, .completed, in: stores)
            #expect(try await stores.runs.runs([run.id]).first?.startedAt == .noon)
        },
        Clause("a run that was asked to end is not retried") { stores in
            let (run, _) = try await planned(stores, retry: RetryPolicy(limit: 1))
            let closing = try #require(RunClosing(run, RunEnd(.handlerFailed, at: .noon)))
            #expect(closing.retry != nil)
            let marked = try #require(run.killRequested(at: .noon))
            _ = try await stores.runs.advance([marked], token: nil)
            #expect(try await stores.runs.close([closing], token: nil).runs.count == 1)
            #expect(try await all(stores).count == 1)
        },
        Clause("an end says whether a run that is due stands in line behind it") { stores in
            for overlap in [BlockStrategy.serial, .coverEarly, .discardLater] {
                let spec = JobSpec.sample("\(overlap)", overlap: overlap)
                let job = try await stores.jobs.add(.sample(spec)).id
                let (terms, end) = (RunTerms(spec), Moment.noon + .seconds(5))
                let instants = [.noon, end, end + ClosedRuns.margin, end + .seconds(1)]
                let runs = try await stores.runs
                    .add(instants.map { .sample(of: job, at: $0, terms: terms) })
                    .sorted { $0.id < $1.id }
                var answers: [Bool] = []
                for run in runs {
                    let closing = try #require(RunClosing(run, RunEnd(.completed, at: end)))
                    answers.append(try await stores.runs.close([closing], token: nil).isWaitedFor)
                }
                let isLining = overlap != .discardLater
                #expect(answers == [isLining, isLining, false, false], "\(overlap)")
            }
        },
        Clause("a stale token ends nothing") { stores in
            let (run, stale) = try await planned(stores)
            _ = try await stores.mint()
            let closing = try #require(RunClosing(run, RunEnd(.executorLost, at: .noon)))
            await expect(.staleToken) { _ = try await stores.runs.close([closing], token: stale) }
            #expect(try await stores.runs.runs([run.id]).first?.isOpen == true)
        },
        Clause("a fixed delay is due again once no run of its job is open") { stores in
            let spec = JobSpec.sample(schedule: .after(.seconds(2)))
            let job = try await stores.jobs.add(.sample(spec, due: nil))
            let shards = Shard.all(2)
                .map { shard in
                    NewRun.sample(of: job.id, shard: shard, terms: RunTerms(spec))
                }
            let runs = try await stores.runs.add(shards)
            try await end(runs[0], .completed, in: stores)
            #expect(try await stores.jobs.job(job.id)?.nextTriggerAt == nil)
            try await end(runs[1], .completed, in: stores)
            #expect(try await stores.jobs.job(job.id)?.nextTriggerAt == .noon + .seconds(2))
        },
        Clause("a job that is disabled, or due already, is not made due by an end") { stores in
            let spec = JobSpec.sample(schedule: .after(.seconds(2)))
            let off = try await stores.jobs.add(.sample(spec, isEnabled: false, due: nil))
            var other = spec
            other.name = "other"
            let due = try await stores.jobs.add(.sample(other, due: .noon + .seconds(99)))
            for job in [off, due] {
                let run = NewRun.sample(of: job.id, terms: RunTerms(spec))
                try await end(try #require(try await stores.runs.add([run]).first), .completed, in: stores)
            }
            #expect(try await stores.jobs.job(off.id)?.nextTriggerAt == nil)
            #expect(try await stores.jobs.job(due.id)?.nextTriggerAt == .noon + .seconds(99))
        },
    ]
}

extension RunStoreConformance {
    /// A run of a job of its own, planned under a new term.
    static func planned(
        _ stores: SchedulerStores,
        retry: RetryPolicy = .never
    ) async throws -> (JobRun, FencingToken) {
        let token = try await stores.mint()
        let job = try await stores.jobs.add(.sample(.sample(retry: retry)))
        let run = try #require(try await stores.jobs.plan([.sample(job)], token: token).first)
        return (run, token)
    }

    static func end(_ run: JobRun, _ reason: RunReason, in stores: SchedulerStores) async throws {
        let closing = try #require(RunClosing(run, RunEnd(reason, at: .noon)))
        _ = try await stores.runs.close([closing], token: nil)
    }

    static func all(_ stores: SchedulerStores) async throws -> [JobRun] {
        try await stores.runs.runs(RunFilter(), after: nil, limit: 100).elements
    }
}
