import Groundwork
import Scheduler
import TestKit
import Testing

extension RunStoreConformance {
    static let alarms: [Clause<SchedulerStores>] = [
        Clause("what an end changes of alarms is written as it is followed up") { stores in
            let token = try await stores.mint()
            let run = try await failed(stores)
            let step = AlarmStep(job: run.plan.job, state: .sample, notices: [.sample(run, due: .noon)])
            _ = try await stores.runs.follow([SequelStep(run.id, leadsTo: [], alarm: step)], token: token)
            let states = try await stores.alarms.alarms(of: [run.plan.job, JobID(rawValue: 99)])
            #expect(states == [run.plan.job: .sample])
            let notices = try await stores.alarms.notices(due: .noon, limit: 10)
            #expect(notices.map(\.notice) == step.notices.map(\.notice))
        },
        Clause(
            "what is found out without the end of a run is written, and of a job that is gone it is not kept"
        ) {
            stores in
            let stale = try await stores.mint()
            let token = try await stores.mint()
            let run = try await failed(stores)
            let gone = JobID(rawValue: 99)
            let steps = [run.plan.job, gone]
                .map { AlarmStep(job: $0, state: .sample, notices: [.sample(run, due: .noon)]) }
            await expect(.staleToken) { try await stores.alarms.raise(steps, token: stale) }
            #expect(try await stores.alarms.notices(due: .noon, limit: 10).isEmpty)
            try await stores.alarms.raise(steps, token: token)
            let states = try await stores.alarms.alarms(of: [run.plan.job, gone])
            #expect(states == [run.plan.job: .sample])
            #expect(try await stores.alarms.notices(due: .noon, limit: 10).count == 2)
        },
        Clause("notices come when they are due, what was due first first, and are forgotten once") { stores in
            let token = try await stores.mint()
            let run = try await failed(stores)
            let dues = [Moment.noon + .seconds(2), .noon, .noon + .seconds(1)]
            let notices = dues.map { DueNotice.sample(run, due: $0) }
            let step = AlarmStep(job: run.plan.job, state: .sample, notices: notices)
            _ = try await stores.runs.follow([SequelStep(run.id, leadsTo: [], alarm: step)], token: token)
            let due = try await stores.alarms.notices(due: .noon + .seconds(1), limit: 10)
            #expect(due.map(\.notice) == [notices[1].notice, notices[2].notice])
            #expect(try await stores.alarms.notices(due: .noon + .seconds(9), limit: 1).count == 1)
            try await stores.alarms.remove(due.map(\.id), token: token)
            try await stores.alarms.remove(due.map(\.id), token: token)
            let rest = try await stores.alarms.notices(due: .noon + .seconds(9), limit: 10)
            #expect(rest.map(\.notice) == [notices[0].notice])
        },
        Clause("a recovery takes back what waits, and nothing that was due or is another job's") { stores in
            let token = try await stores.mint()
            let (one, other) = (try await failed(stores, "one"), try await failed(stores, "other"))
            let steps = [one, other]
                .map { run in
                    let notices = [DueNotice.sample(run, due: .noon), .sample(run, due: .noon + .seconds(9))]
                    let step = AlarmStep(job: run.plan.job, state: .sample, notices: notices)
                    return SequelStep(run.id, leadsTo: [], alarm: step)
                }
            _ = try await stores.runs.follow(steps, token: token)
            let again = try await failed(stores, "one", at: .noon + .seconds(5))
            let recovery = AlarmStep(job: one.plan.job, state: .sample, cancelsAfter: .noon + .seconds(1))
            let step = SequelStep(again.id, leadsTo: [], alarm: recovery)
            _ = try await stores.runs.follow([step], token: token)
            let left = try await stores.alarms.notices(due: .noon + .seconds(9), limit: 10)
            #expect(left.map(\.notice.run) == [one.id, other.id, other.id])
        },
        Clause("a stale token writes and forgets nothing") { stores in
            let stale = try await stores.mint()
            let token = try await stores.mint()
            let run = try await failed(stores)
            let step = AlarmStep(job: run.plan.job, state: .sample, notices: [.sample(run, due: .noon)])
            let sequel = SequelStep(run.id, leadsTo: [], alarm: step)
            await expect(.staleToken) { _ = try await stores.runs.follow([sequel], token: stale) }
            #expect(try await stores.alarms.alarms(of: [run.plan.job]).isEmpty)
            _ = try await stores.runs.follow([sequel], token: token)
            let notice = try #require(try await stores.alarms.notices(due: .noon, limit: 1).first)
            await expect(.staleToken) { try await stores.alarms.remove([notice.id], token: stale) }
            #expect(try await stores.alarms.notices(due: .noon, limit: 1) == [notice])
        },
        Clause("the record of a skipped trigger is listed where somebody wants to know") { stores in
            let token = try await stores.mint()
            for (name, alarm) in [("told", AlarmPolicy.sample), ("untold", nil)] {
                let job = try await stores.jobs.add(.sample(.sample(name, alarm: alarm)))
                let plan = NewRun.sample(of: job.id, terms: RunTerms(job.spec)).plan
                let record = NewRun(plan, .ended(RunEnd(.misfireSkipped, at: .noon)))
                _ = try await stores.jobs.plan([.sample(job, runs: [record])], token: token)
            }
            let listed = try await stores.runs.sequels(limit: 10)
            #expect(listed.count == 1)
            #expect(listed.first?.end?.reason == .misfireSkipped)
        },
        Clause("what is known of a removed job's alarms goes with it") { stores in
            let token = try await stores.mint()
            let run = try await failed(stores)
            let step = AlarmStep(job: run.plan.job, state: .sample)
            _ = try await stores.runs.follow([SequelStep(run.id, leadsTo: [], alarm: step)], token: token)
            try await stores.jobs.remove(run.plan.job, at: .noon)
            #expect(try await stores.alarms.alarms(of: [run.plan.job]).isEmpty)
        },
    ]

    /// A failed run of a job with an alarm.
    private static func failed(
        _ stores: SchedulerStores,
        _ name: String = "job",
        at planned: Moment = .noon
    ) async throws -> JobRun {
        let filter = JobFilter(group: "app", name: name)
        let known = try await stores.jobs.jobs(filter, after: nil, limit: 1).elements.first
        var job = known
        if job == nil { job = try await stores.jobs.add(.sample(.sample(name, alarm: .sample))) }
        let found = try #require(job)
        let new = NewRun.sample(of: found.id, at: planned, terms: RunTerms(found.spec))
        let run = try #require(try await stores.runs.add([new]).first)
        try await end(run, .handlerFailed, in: stores)
        return run
    }
}

extension AlarmPolicy {
    /// One receiver, by template 7.
    static let sample = AlarmPolicy([AlarmTarget(template: 7, receivers: ["ops@example.com"])])
}

extension AlarmState {
    fileprivate static let sample = AlarmState(since: .noon, failures: 2, toldAt: .noon)
}

extension DueNotice {
    fileprivate static func sample(_ run: JobRun, due: Moment) -> DueNotice {
        let notice = AlarmNotice(
            job: JobName(group: "app", name: "job"),
            event: .failed,
            run: run.id,
            reason: .handlerFailed,
            message: "at \(due)",
            at: .noon,
            failures: 1,
            since: .noon,
            target: AlarmPolicy.sample.targets[0]
        )
        return DueNotice(notice, due: due)
    }
}
