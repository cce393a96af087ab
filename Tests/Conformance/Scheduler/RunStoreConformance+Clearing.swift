import Groundwork
import Scheduler
import TestKit
import Testing

extension RunStoreConformance {
    static let clearing: [Clause<SchedulerStores>] = [
        Clause("ended runs of a job, of a group, or of all but some jobs are removed, oldest first") {
            stores in
            var jobs: [JobID] = []
            for (name, group) in [("one", "app"), ("two", "app"), ("three", "other")] {
                jobs.append(try await ended(stores, name, group: group, count: 2)[0].plan.job)
            }
            #expect(try await clear(stores, .job(jobs[0]), limit: 1) == 1)
            let left = try await stores.runs.runs(RunFilter(job: jobs[0]), after: nil, limit: 9).elements
            #expect(left.map(\.plan.plannedAt) == [.noon + .seconds(1)])
            #expect(try await clear(stores, .group("other")) == 2)
            #expect(try await clear(stores, .all(except: [jobs[1]])) == 1)
            #expect(try await clear(stores, .all(except: [jobs[1]])) == 0)
            #expect(try await all(stores).map(\.plan.job) == [jobs[1], jobs[1]])
            #expect(try await clear(stores, .all()) == 2)
        },
        Clause("all but the newest are found by the newest of the others") { stores in
            let runs = try await ended(stores, "one", count: 5)
            let job = runs[0].plan.job
            _ = try await ended(stores, "two", group: "other", count: 1)
            for scope in [RunScope.job(job), .group("app")] {
                #expect(try await stores.runs.newest(beyond: 2, of: scope) == runs[2].id)
                #expect(try await stores.runs.newest(beyond: 5, of: scope) == nil)
            }
            #expect(try await stores.runs.newest(beyond: 2, of: .all()) == runs[3].id)
            let selection = RunSelection(.job(job), .through(runs[2].id))
            #expect(try await stores.runs.clear(selection, limit: 2, by: calendar) == 2)
            #expect(try await stores.runs.clear(selection, limit: 2, by: calendar) == 1)
            let left = try await stores.runs.runs(RunFilter(job: job), after: nil, limit: 9).elements
            #expect(left.map(\.id) == [runs[4].id, runs[3].id])
        },
        Clause("how many would be removed is counted up to a limit") { stores in
            let runs = try await ended(stores, "one", count: 3)
            let old = RunSelection(.all(), .endedBefore(.noon + .seconds(1)))
            #expect(try await stores.runs.clearable(old, limit: 9) == 3)
            #expect(try await stores.runs.clearable(old, limit: 2) == 2)
            let first = RunSelection(.job(runs[0].plan.job), .through(runs[0].id))
            #expect(try await stores.runs.clearable(first, limit: 9) == 1)
            let young = RunSelection(.group("app"), .endedBefore(.noon))
            #expect(try await stores.runs.clearable(young, limit: 9) == 0)
            #expect(try await all(stores).count == 3)
        },
        Clause("nothing is removed of a trigger of which a run is open or to be followed up") { stores in
            let token = try await stores.mint()
            let spec = JobSpec.sample("split", alarm: .sample)
            let job = try await stores.jobs.add(.sample(spec))
            let shards = Shard.all(2).map { NewRun.sample(of: job.id, shard: $0, terms: RunTerms(spec)) }
            let runs = try await stores.runs.add(shards)
            try await end(runs[0], .completed, in: stores)
            _ = try await stores.runs.follow([SequelStep(runs[0].id, leadsTo: [])], token: token)
            #expect(try await clear(stores, .all()) == 0)
            try await end(runs[1], .completed, in: stores)
            #expect(try await clear(stores, .job(job.id)) == 0)
            _ = try await stores.runs.follow([SequelStep(runs[1].id, leadsTo: [])], token: token)
            #expect(try await clear(stores, .group("app")) == 2)
        },
        Clause("an end that is not counted yet keeps its run, once ends are counted") { stores in
            let token = try await stores.mint()
            _ = try await ended(stores, "one", count: 1)
            try await stores.runs.settle(until: .noon, token: token)
            #expect(try await clear(stores, .all()) == 0)
            try await stores.runs.settle(until: .noon + .milliseconds(1), token: token)
            #expect(try await clear(stores, .all()) == 1)
        },
        Clause("what was removed stays in the report, also when its day is counted again") { stores in
            let token = try await stores.mint()
            let runs = try await ended(stores, "one", count: 3)
            let open = try await stores.runs.add([
                .sample(of: runs[0].plan.job, at: .noon + .seconds(9))
            ])
            try await count(stores, today, token)
            let expected: Set = [day(today, .ended(.completed), 3), day(today, .open)]
            #expect(try await counts(stores) == expected)
            #expect(try await clear(stores, .all(), limit: 2) == 2)
            #expect(try await counts(stores) == expected)
            try await count(stores, today, token)
            #expect(try await counts(stores) == expected)
            try await end(open[0], .completed, in: stores)
            #expect(try await clear(stores, .job(runs[0].plan.job), limit: 1) == 1)
            try await count(stores, today, token)
            #expect(try await counts(stores) == [day(today, .ended(.completed), 4)])
        },
        Clause("jobs that keep their runs for a time of their own are known with it") { stores in
            var spec = JobSpec.sample("long")
            spec.keep = .seconds(90 * 86_400)
            spec.params = #"{"keep_ms":1}"# + "\0"
            let long = try await stores.jobs.add(.sample(spec))
            var other = JobSpec.sample("usual")
            other.params = #"{"keep_ms":1}"# + "\0"
            _ = try await stores.jobs.add(.sample(other))
            #expect(try await stores.runs.keeps() == [long.id: .seconds(90 * 86_400)])
            #expect(try await stores.jobs.job(long.id)?.spec == spec)
        },
    ]

    /// Removes runs that ended by the noon of these tests, or before another instant.
    static func clear(
        _ stores: SchedulerStores,
        _ scope: RunScope = .all(),
        endedBefore moment: Moment = .noon + .seconds(1),
        limit: Int = 100
    ) async throws -> Int {
        try await stores.runs.clear(RunSelection(scope, .endedBefore(moment)), limit: limit, by: calendar)
    }

    /// Runs of one job that are completed, oldest first.
    private static func ended(
        _ stores: SchedulerStores,
        _ name: String,
        group: String = "app",
        count: Int
    ) async throws -> [JobRun] {
        let spec = JobSpec.sample(name, group: group)
        let job = try await stores.jobs.add(.sample(spec))
        let new = (0..<count)
            .map { number in
                NewRun.sample(of: job.id, at: .noon + .seconds(number), terms: RunTerms(spec))
            }
        let runs = try await stores.runs.add(new).sorted { $0.id < $1.id }
        for run in runs { try await end(run, .completed, in: stores) }
        return runs
    }
}
