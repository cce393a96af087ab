import Groundwork
import Scheduler
import TestKit
import Testing

extension RunStoreConformance {
    static let sequels: [Clause<SchedulerStores>] = [
        Clause("a run whose plan says so is listed once it has ended, and no other") { stores in
            let (watched, other) = (
                try await planned(stores, "watched"), try await planned(stores, "other", [])
            )
            #expect(try await stores.runs.sequels(limit: 10).isEmpty)
            try await end(watched, .completed, in: stores)
            try await end(other, .completed, in: stores)
            let listed = try await stores.runs.sequels(limit: 10)
            #expect(listed.map(\.id) == [watched.id])
            #expect(listed.first?.end?.reason == .completed)
        },
        Clause("a run that is tried again is not listed, unless somebody asked for its end meanwhile") {
            stores in
            let retry = RetryPolicy(limit: 1)
            let tried = try await planned(stores, "tried", retry: retry)
            try await end(tried, .handlerFailed, in: stores)
            #expect(try await stores.runs.sequels(limit: 10).isEmpty)
            let stopped = try await planned(stores, "stopped", retry: retry)
            // The one who ends it does not know yet that its end was asked for.
            let closing = try #require(RunClosing(stopped, RunEnd(.handlerFailed, at: .noon)))
            _ = try await stores.runs.advance([try #require(stopped.killRequested(at: .noon))], token: nil)
            _ = try await stores.runs.close([closing], token: nil)
            #expect(try await stores.runs.sequels(limit: 10).map(\.id) == [stopped.id])
        },
        Clause("the oldest are listed first, at most as many as asked for") { stores in
            let first = try await planned(stores, "first")
            let second = try await planned(stores, "second")
            try await end(second, .killed, in: stores)
            try await end(first, .killed, in: stores)
            #expect(try await stores.runs.sequels(limit: 10).map(\.id) == [first.id, second.id])
            #expect(try await stores.runs.sequels(limit: 1).map(\.id) == [first.id])
        },
        Clause("what an end leads to is added as the end is taken off the list, once") { stores in
            let token = try await stores.mint()
            let parent = try await planned(stores, "parent")
            let child = try await stores.jobs.add(.sample(.sample("child"), due: nil))
            try await end(parent, .completed, in: stores)
            let step = SequelStep(
                parent.id,
                leadsTo: [.sample(of: child.id, parent: parent.id, trigger: .parent)]
            )
            let added = try await stores.runs.follow([step], token: token)
            #expect(added.map(\.plan.job) == [child.id])
            #expect(added.map(\.plan.parent) == [parent.id])
            #expect(added.map(\.token) == [token])
            #expect(try await stores.runs.sequels(limit: 10).isEmpty)
            #expect(try await stores.jobs.job(child.id)?.lastTriggerAt == .noon)
            let again = SequelStep(
                parent.id,
                leadsTo: [.sample(of: child.id, at: .noon + .seconds(1), parent: parent.id)]
            )
            #expect(try await stores.runs.follow([again], token: token).isEmpty)
            #expect(try await all(stores).count == 2)
        },
        Clause("an end that leads to nothing is taken off the list") { stores in
            let token = try await stores.mint()
            let run = try await planned(stores, "parent")
            try await end(run, .completed, in: stores)
            #expect(try await stores.runs.follow([SequelStep(run.id, leadsTo: [])], token: token).isEmpty)
            #expect(try await stores.runs.sequels(limit: 10).isEmpty)
        },
        Clause("a run that exists is refused, and a stale token, and then nothing changes") { stores in
            let stale = try await stores.mint()
            let token = try await stores.mint()
            let (one, two) = (try await planned(stores, "one"), try await planned(stores, "two"))
            let child = try await stores.jobs.add(.sample(.sample("child")))
            _ = try await stores.runs.add([.sample(of: child.id)])
            try await end(one, .completed, in: stores)
            try await end(two, .completed, in: stores)
            let steps = [
                SequelStep(one.id, leadsTo: [.sample(of: child.id, at: .noon + .seconds(1), parent: one.id)]),
                SequelStep(two.id, leadsTo: [.sample(of: child.id, parent: two.id)]),
            ]
            await expect(.conflict) { _ = try await stores.runs.follow(steps, token: token) }
            await expect(.staleToken) { _ = try await stores.runs.follow([steps[0]], token: stale) }
            #expect(try await stores.runs.sequels(limit: 10).map(\.id) == [one.id, two.id])
            #expect(try await all(stores).count == 3)
        },
        Clause("a trigger is all attempts of all its shards, and which of them are listed") { stores in
            let job = try await stores.jobs.add(.sample())
            let shards = Shard.all(2).map { NewRun.sample(of: job.id, shard: $0) }
            let again = NewRun.sample(of: job.id, shard: Shard(index: 1, total: 2), attempt: 2)
            let added = try await stores.runs.add(shards + [again])
            _ = try await stores.runs.add([.sample(of: job.id, at: .noon + .seconds(1))])
            let other = try await stores.jobs.add(.sample(.sample("other")))
            _ = try await stores.runs.add([.sample(of: other.id)])
            let trigger = try await stores.runs.trigger(of: shards[0].plan)
            #expect(Set(trigger.runs) == Set(added))
            #expect(trigger.listed.isEmpty)
            let watched = try await planned(stores, "watched")
            #expect(try await stores.runs.trigger(of: watched.plan).listed.isEmpty)
            try await end(watched, .completed, in: stores)
            #expect(try await stores.runs.trigger(of: watched.plan).listed == [watched.id])
        },
        Clause("what is listed is not pruned") { stores in
            let token = try await stores.mint()
            let run = try await planned(stores, "parent")
            try await end(run, .completed, in: stores)
            let later = Moment.noon + .seconds(9)
            #expect(try await clear(stores, endedBefore: later, limit: 10) == 0)
            _ = try await stores.runs.follow([SequelStep(run.id, leadsTo: [])], token: token)
            #expect(try await clear(stores, endedBefore: later, limit: 10) == 1)
        },
    ]

    /// A planned run of a job of that name, whose end somebody looks at when it has children.
    private static func planned(
        _ stores: SchedulerStores,
        _ name: String,
        _ children: [ChildJob] = [ChildJob(JobName("app/child"))],
        retry: RetryPolicy = .never
    ) async throws -> JobRun {
        let job = try await stores.jobs.add(.sample(.sample(name, retry: retry, children: children)))
        let new = NewRun.sample(of: job.id, terms: RunTerms(job.spec))
        return try #require(try await stores.runs.add([new]).first)
    }
}
