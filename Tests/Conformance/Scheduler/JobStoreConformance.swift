import Groundwork
import Scheduler
import TestKit
import Testing

/// What every `JobStore` must keep.
package enum JobStoreConformance {
    package static let clauses: [Clause<SchedulerStores>] = editing + listing + planning

    private static let editing: [Clause<SchedulerStores>] = [
        Clause("a job reads back as it was added") { stores in
            var spec = JobSpec.sample(
                schedule: .cron("0 0 8 * * ?", zone: "Asia/Shanghai"),
                misfire: .fireOnce,
                overlap: .coverEarly,
                route: .sharding,
                timeout: .milliseconds(1_500),
                retry: RetryPolicy(limit: 3)
            )
            spec.hashKey = "17"
            var new = NewJob.sample(spec)
            new.definition = "text"
            let added = try await stores.jobs.add(new)
            #expect(added.spec == spec)
            #expect(added.nextTriggerAt == .noon)
            #expect(added.definition == "text")
            #expect(try await stores.jobs.job(added.id) == added)
        },
        Clause("an id is never given twice, not even after its job is gone") { stores in
            let first = try await stores.jobs.add(.sample())
            try await stores.jobs.remove(first.id, at: .noon)
            let second = try await stores.jobs.add(.sample())
            #expect(first.id != second.id)
        },
        Clause("a name is free once in each group") { stores in
            _ = try await stores.jobs.add(.sample(.sample("a", group: "g")))
            await expect(.conflict) { _ = try await stores.jobs.add(.sample(.sample("a", group: "g"))) }
            _ = try await stores.jobs.add(.sample(.sample("a", group: "other")))
        },
        Clause("a replaced job has the next version and its own next trigger") { stores in
            var job = try await stores.jobs.add(.sample())
            job.spec.params = "b=2"
            let kept = try await stores.jobs.replace(job, nextTrigger: .keep, at: .noon)
            #expect(kept.version == job.version + 1)
            #expect(kept.spec.params == "b=2")
            #expect(kept.nextTriggerAt == .noon)
            let set = try await stores.jobs.replace(kept, nextTrigger: .set(nil), at: .noon)
            #expect(set.nextTriggerAt == nil)
        },
        Clause("a job that was changed meanwhile is not replaced") { stores in
            let job = try await stores.jobs.add(.sample())
            let newer = try await stores.jobs.replace(job, nextTrigger: .keep, at: .noon)
            await expect(.conflict) {
                _ = try await stores.jobs.replace(job, nextTrigger: .set(nil), at: .noon)
            }
            #expect(try await stores.jobs.job(job.id) == newer)
        },
        Clause("a job that is not there is neither replaced nor removed") { stores in
            let job = try await stores.jobs.add(.sample())
            try await stores.jobs.remove(job.id, at: .noon)
            await expect(.notFound) { _ = try await stores.jobs.replace(job, nextTrigger: .keep, at: .noon) }
            await expect(.notFound) { try await stores.jobs.remove(job.id, at: .noon) }
            #expect(try await stores.jobs.job(job.id) == nil)
        },
        Clause("a job cannot take the name of another") { stores in
            _ = try await stores.jobs.add(.sample(.sample("a")))
            var job = try await stores.jobs.add(.sample(.sample("b")))
            job.spec.name = "a"
            let renamed = job
            await expect(.conflict) {
                _ = try await stores.jobs.replace(renamed, nextTrigger: .keep, at: .noon)
            }
        },
        Clause("a job is not removed while a run of it is open, and its ended runs outlive it") { stores in
            let job = try await stores.jobs.add(.sample())
            let run = try #require(try await stores.runs.add([.sample(of: job.id)]).first)
            await expect(.conflict) { try await stores.jobs.remove(job.id, at: .noon) }
            let closing = try #require(RunClosing(run, RunEnd(.killed, at: .noon)))
            _ = try await stores.runs.close([closing], token: nil)
            try await stores.jobs.remove(job.id, at: .noon)
            #expect(try await stores.runs.runs([run.id]).count == 1)
        },
    ]

    private static let listing: [Clause<SchedulerStores>] = [
        Clause("a list is read backwards, page by page, without gap or repeat") { stores in
            var ids: [JobID] = []
            for name in ["a", "b", "c", "d", "e"] {
                ids.append(try await stores.jobs.add(.sample(.sample(name))).id)
            }
            var seen: [JobID] = []
            var after: JobID?
            repeat {
                let page = try await stores.jobs.jobs(JobFilter(), after: after, limit: 2)
                seen += page.elements.map(\.id)
                after = page.next
            } while after != nil
            #expect(seen == ids.reversed())
        },
        Clause("a filter shows what passes all its parts") { stores in
            _ = try await stores.jobs.add(.sample(.sample("nightly 100%", group: "a")))
            _ = try await stores.jobs.add(
                .sample(.sample("nightly 1000", group: "a"), isEnabled: false, due: nil)
            )
            _ = try await stores.jobs.add(.sample(.sample("hourly", group: "b")))
            func names(_ filter: JobFilter) async throws -> [String] {
                try await stores.jobs.jobs(filter, after: nil, limit: 10).elements.map(\.spec.name)
            }
            #expect(try await names(JobFilter(group: "a")) == ["nightly 1000", "nightly 100%"])
            #expect(try await names(JobFilter(group: "a", isEnabled: true)) == ["nightly 100%"])
            #expect(try await names(JobFilter(name: "hourly")) == ["hourly"])
            var permitted = JobFilter()
            for (groups, found) in [(["b", "c"], ["hourly"]), (["a'"], []), ([], [])]
                as [(Set<String>, [String])]
            {
                permitted.permitted = groups
                #expect(try await names(permitted) == found)
            }
            permitted.permitted = ["a", "b"]
            #expect(try await names(permitted).count == 3)
            permitted.group = "a"
            #expect(try await names(permitted) == ["nightly 1000", "nightly 100%"])
            #expect(try await names(JobFilter(text: "100%")) == ["nightly 100%"])
            #expect(try await names(JobFilter(text: "NIGHT")) == ["nightly 1000", "nightly 100%"])
        },
        Clause("upcoming jobs are the enabled ones with a next trigger, the soonest first") { stores in
            let later = try await stores.jobs.add(.sample(.sample("later"), due: .noon + .seconds(1)))
            let soon = try await stores.jobs.add(.sample(.sample("soon"), due: .noon))
            _ = try await stores.jobs.add(.sample(.sample("never"), due: nil))
            _ = try await stores.jobs.add(.sample(.sample("off"), isEnabled: false))
            let due = later.nextTriggerAt ?? .noon
            #expect(try await stores.jobs.upcoming(until: due, limit: 10).map(\.id) == [soon.id, later.id])
            #expect(try await stores.jobs.upcoming(until: due, limit: 1).map(\.id) == [soon.id])
            let before = due - .milliseconds(1)
            #expect(try await stores.jobs.upcoming(until: before, limit: 10).map(\.id) == [soon.id])
        },
    ]

    private static let planning: [Clause<SchedulerStores>] = [
        Clause("a fixed delay that nothing makes due is known, and is due again") { stores in
            let token = try await stores.mint()
            let delayed = JobSpec.sample("delayed", schedule: .after(.seconds(5)))
            let job = try await stores.jobs.add(.sample(delayed, due: nil))
            var due = delayed
            due.name = "due"
            _ = try await stores.jobs.add(.sample(due, due: .noon))
            due.name = "off"
            _ = try await stores.jobs.add(.sample(due, isEnabled: false, due: nil))
            _ = try await stores.jobs.add(.sample(.sample("rate"), due: nil))
            let run = try #require(try await stores.runs.add([.sample(of: job.id)]).first)
            #expect(try await stores.jobs.stalled(limit: 10).isEmpty)
            try await stores.jobs.resume(job, at: .noon, token: token)
            #expect(try await stores.jobs.job(job.id)?.nextTriggerAt == nil, "a run of it is open")
            let closing = try #require(RunClosing(run, RunEnd(.completed, at: .noon)))
            _ = try await stores.runs.close([closing], token: nil)
            let stalled = try await stores.jobs.stalled(limit: 10)
            #expect(stalled.map(\.id) == [job.id])
            let newer = try await stores.jobs.replace(job, nextTrigger: .keep, at: .noon)
            try await stores.jobs.resume(job, at: .noon, token: token)
            #expect(try await stores.jobs.job(job.id)?.nextTriggerAt == nil, "it was changed")
            try await stores.jobs.resume(newer, at: .noon + .seconds(5), token: token)
            try await stores.jobs.resume(newer, at: .noon + .seconds(9), token: token)
            #expect(try await stores.jobs.job(job.id)?.nextTriggerAt == .noon + .seconds(5))
            #expect(try await stores.jobs.stalled(limit: 10).isEmpty)
            _ = try await stores.mint()
            await expect(.staleToken) { try await stores.jobs.resume(newer, at: .noon, token: token) }
        },
        Clause("planning adds the runs and moves the job's next trigger") { stores in
            let token = try await stores.mint()
            let job = try await stores.jobs.add(.sample())
            let added = try await stores.jobs.plan([.sample(job)], token: token)
            let run = try #require(added.first)
            #expect(added.count == 1)
            #expect(run.plan.plannedAt == .noon)
            #expect(run.state == .planned(due: .noon))
            #expect(run.token == token)
            #expect(try await stores.runs.runs([run.id]) == [run])
            let moved = try #require(try await stores.jobs.job(job.id))
            #expect(moved.nextTriggerAt == .noon + .seconds(10))
            #expect(moved.lastTriggerAt == .noon)
            #expect(moved.version == job.version)
        },
        Clause("whoever plans a trigger second changes nothing") { stores in
            let token = try await stores.mint()
            let job = try await stores.jobs.add(.sample())
            _ = try await stores.jobs.plan([.sample(job)], token: token)
            let again = try await stores.jobs.plan([.sample(job, next: .noon + .seconds(99))], token: token)
            #expect(again.isEmpty)
            #expect(try await stores.jobs.job(job.id)?.nextTriggerAt == .noon + .seconds(10))
            #expect(try await stores.runs.runs(RunFilter(), after: nil, limit: 10).elements.count == 1)
        },
        Clause("a trigger of a job that was changed or disabled does not count") { stores in
            let token = try await stores.mint()
            var changed = try await stores.jobs.add(.sample(.sample("changed")))
            var disabled = try await stores.jobs.add(.sample(.sample("disabled")))
            let plans = [TriggerPlan.sample(changed), .sample(disabled)]
            changed = try await stores.jobs.replace(changed, nextTrigger: .keep, at: .noon)
            disabled.isEnabled = false
            disabled = try await stores.jobs.replace(disabled, nextTrigger: .keep, at: .noon)
            #expect(try await stores.jobs.plan(plans, token: token).isEmpty)
            #expect(try await stores.jobs.plan([.sample(disabled)], token: token).isEmpty)
            #expect(try await stores.jobs.plan([.sample(changed)], token: token).count == 1)
        },
        Clause("a run that exists already is not added again, and the job moves on") { stores in
            let token = try await stores.mint()
            let job = try await stores.jobs.add(.sample())
            _ = try await stores.jobs.plan([.sample(job)], token: token)
            var back = try #require(try await stores.jobs.job(job.id))
            back = try await stores.jobs.replace(back, nextTrigger: .set(.noon), at: .noon)
            #expect(try await stores.jobs.plan([.sample(back)], token: token).isEmpty)
            #expect(try await stores.jobs.job(job.id)?.nextTriggerAt == .noon + .seconds(10))
        },
        Clause("what was planned ahead is taken back by a change, and the job is due at its instant again") {
            stores in
            let token = try await stores.mint()
            let job = try await stores.jobs.add(.sample())
            _ = try await stores.jobs.plan([.sample(job)], token: token)
            let moved = try #require(try await stores.jobs.job(job.id))
            let changed = try await stores.jobs.replace(
                moved,
                nextTrigger: .keep,
                at: .noon - .milliseconds(1)
            )
            #expect(changed.nextTriggerAt == .noon)
            #expect(changed.lastTriggerAt == nil)
            #expect(try await stores.jobs.job(job.id) == changed)
            #expect(try await stores.runs.runs(RunFilter(), after: nil, limit: 10).elements.isEmpty)
            #expect(try await stores.jobs.plan([.sample(changed)], token: token).count == 1)
        },
        Clause("a job that is switched off or removed takes with it what was planned ahead") { stores in
            let token = try await stores.mint()
            let removed = try await stores.jobs.add(.sample(.sample("removed")))
            let job = try await stores.jobs.add(.sample(.sample("off")))
            _ = try await stores.jobs.plan([.sample(removed), .sample(job)], token: token)
            try await stores.jobs.remove(removed.id, at: .noon - .milliseconds(1))
            var off = try #require(try await stores.jobs.job(job.id))
            off.isEnabled = false
            off = try await stores.jobs.replace(off, nextTrigger: .set(nil), at: .noon - .milliseconds(1))
            #expect(off.nextTriggerAt == nil)
            #expect(try await stores.runs.runs(RunFilter(), after: nil, limit: 10).elements.isEmpty)
        },
        Clause("a change takes back neither what is due, nor what was sent, nor what no schedule asked for") {
            stores in
            let token = try await stores.mint()
            let job = try await stores.jobs.add(.sample())
            let instants: [Moment] = [.noon, .noon + .seconds(1)]
            let runs = instants.map { NewRun.sample(of: job.id, at: $0, trigger: .schedule) }
            let planned = try await stores.jobs.plan([.sample(job, runs: runs)], token: token)
            let manual = try await stores.runs.add([.sample(of: job.id, at: .noon + .seconds(2))])
            let sent = try #require(
                planned.last?.dispatched(to: .sample(), at: .noon, resendAt: .noon + .seconds(9))
            )
            _ = try await stores.runs.advance([sent], token: token)
            let moved = try #require(try await stores.jobs.job(job.id))
            let changed = try await stores.jobs.replace(moved, nextTrigger: .keep, at: .noon)
            #expect(changed.nextTriggerAt == moved.nextTriggerAt)
            let left = try await stores.runs.runs(RunFilter(), after: nil, limit: 10).elements.map(\.id)
            #expect(Set(left) == Set((planned + manual).map(\.id)))
            await expect(.conflict) { try await stores.jobs.remove(job.id, at: .noon) }
        },
        Clause("a trigger of which a part was sent ahead is not taken back, and what comes after it is") {
            stores in
            let token = try await stores.mint()
            let job = try await stores.jobs.add(.sample())
            let runs = [0, 1, 2]
                .flatMap { second in
                    Shard.all(2)
                        .map { shard in
                            NewRun.sample(
                                of: job.id,
                                at: .noon + .seconds(second),
                                shard: shard,
                                trigger: .schedule
                            )
                        }
                }
            let next = Moment.noon + .seconds(3)
            let planned = try await stores.jobs.plan([.sample(job, next: next, runs: runs)], token: token)
            let sent = planned[3].dispatched(to: .sample(), at: .noon, resendAt: .noon + .seconds(9))
            _ = try await stores.runs.advance([try #require(sent)], token: token)
            let moved = try #require(try await stores.jobs.job(job.id))
            let changed = try await stores.jobs.replace(
                moved,
                nextTrigger: .keep,
                at: .noon - .milliseconds(1)
            )
            let left = try await stores.runs.runs(RunFilter(), after: nil, limit: 10).elements.map(\.id)
            #expect(Set(left) == Set(planned.prefix(4).map(\.id)))
            #expect(changed.nextTriggerAt == .noon + .seconds(2))
            #expect(changed.lastTriggerAt == .noon + .seconds(1))
        },
        Clause("a stale token is refused and nothing has changed") { stores in
            let stale = try await stores.mint()
            let job = try await stores.jobs.add(.sample())
            let fresh = try await stores.mint()
            #expect(fresh > stale)
            await expect(.staleToken) { _ = try await stores.jobs.plan([.sample(job)], token: stale) }
            #expect(try await stores.jobs.job(job.id) == job)
            #expect(try await stores.runs.runs(RunFilter(), after: nil, limit: 10).elements.isEmpty)
            #expect(try await stores.jobs.plan([.sample(job)], token: fresh).count == 1)
        },
        Clause("a token that was never minted is refused") { stores in
            let job = try await stores.jobs.add(.sample())
            let token = FencingToken(rawValue: 7)
            await expect(.staleToken) { _ = try await stores.jobs.plan([.sample(job)], token: token) }
        },
    ]
}

/// Fails the running test unless `body` throws a store error with that code.
func expect(_ code: StoreError.Code, _ body: () async throws -> Void) async {
    let error = await #expect(throws: StoreError.self) { try await body() }
    #expect(error?.code == code)
}
