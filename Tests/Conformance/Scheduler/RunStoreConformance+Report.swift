import Groundwork
import Scheduler
import TestKit
import Testing

extension RunStoreConformance {
    static let reporting: [Clause<SchedulerStores>] = [
        Clause("runs of a day are counted by group and by where they stand, and no others") { stores in
            let token = try await stores.mint()
            let runs = try await add(stores, [.noon, .noon + .seconds(1), .noon + .seconds(2), nextDay])
            try await end(runs[0], .completed, in: stores)
            try await end(runs[1], .timedOut, in: stores)
            try await count(stores, today, token)
            let expected: Set = [
                day(today, .ended(.completed)), day(today, .ended(.timedOut)), day(today, .open),
            ]
            #expect(try await counts(stores) == expected)
            try await count(stores, today.adding(1), token)
            #expect(try await counts(stores) == expected.union([day(today.adding(1), .open)]))
        },
        Clause("a day that is counted again has what it has now") { stores in
            let token = try await stores.mint()
            let runs = try await add(stores, [.noon, .noon + .seconds(1)])
            try await count(stores, today, token)
            #expect(try await counts(stores) == [day(today, .open, 2)])
            try await end(runs[0], .completed, in: stores)
            try await count(stores, today, token)
            try await end(runs[1], .completed, in: stores)
            try await count(stores, today, token)
            #expect(try await counts(stores) == [day(today, .ended(.completed), 2)])
            try await count(stores, today, token)
            #expect(try await counts(stores) == [day(today, .ended(.completed), 2)])
        },
        Clause("counts are found by job and by group, and added up over jobs") { stores in
            let token = try await stores.mint()
            for (name, group) in [("one", "app"), ("two", "app"), ("three", "other")] {
                let job = try await stores.jobs.add(.sample(.sample(name, group: group)))
                _ = try await stores.runs.add([.sample(of: job.id, terms: RunTerms(job.spec))])
            }
            let one = try await jobs(stores, "one")[0]
            try await count(stores, today, token)
            #expect(try await counts(stores) == [day(today, .open, 2), day(today, .open, group: "other")])
            #expect(try await counts(stores, group: "other") == [day(today, .open, group: "other")])
            #expect(try await counts(stores, job: one.id) == [day(today, .open)])
            #expect(try await counts(stores, group: "none").isEmpty)
        },
        Clause("days to count are those of open runs, and of ends since what is settled") { stores in
            let token = try await stores.mint()
            let early = Moment.noon - .seconds(3 * 86_400)
            let runs = try await add(stores, [early, .noon, .noon + .seconds(900)])
            let end = Moment.noon + .seconds(86_400)
            func unsettled() async throws -> Set<Moment> { try await stores.runs.unsettled(before: end) }
            #expect(try await unsettled() == Set(runs.map { quarter($0.plan.plannedAt) }))
            try await stores.runs.settle(until: .noon - .seconds(1), token: token)
            for run in runs.prefix(2) { try await Self.end(run, .completed, in: stores) }
            #expect(try await unsettled().count == 3)
            try await stores.runs.settle(until: .noon + .milliseconds(1), token: token)
            #expect(try await unsettled() == [quarter(runs[2].plan.plannedAt)])
            #expect(try await stores.runs.unsettled(before: .noon).isEmpty)
            // What was settled stays so.
            try await stores.runs.settle(until: early, token: token)
            #expect(try await unsettled() == [quarter(runs[2].plan.plannedAt)])
        },
        Clause("the report tells until when ends are counted") { stores in
            let token = try await stores.mint()
            let filter = RunDayFilter(today...today)
            #expect(try await stores.runs.report(filter).countedUntil == nil)
            try await stores.runs.settle(until: .noon, token: token)
            #expect(try await stores.runs.report(filter).countedUntil == .noon)
        },
        Clause("a job fails whose newest end is a failure of the day") { stores in
            let token = try await stores.mint()
            let first = try await add(stores, [.noon, .noon + .seconds(1)])
            try await end(first[0], .handlerFailed, in: stores)
            try await count(stores, today, token)
            #expect(
                try await stores.runs.census(failingOn: today, permitted: nil)
                    == JobCensus(jobs: 1, enabled: 1, failing: 1)
            )
            #expect(try await stores.runs.census(failingOn: today.adding(1), permitted: nil).failing == 0)
            try await end(first[1], .completed, in: stores)
            try await count(stores, today, token)
            _ = try await stores.jobs.add(.sample(.sample("off"), isEnabled: false))
            #expect(
                try await stores.runs.census(failingOn: today, permitted: nil)
                    == JobCensus(jobs: 2, enabled: 1, failing: 0)
            )
        },
        Clause("what is counted is of the groups that may be seen") { stores in
            let token = try await stores.mint()
            let runs = try await add(stores, [.noon])
            try await end(runs[0], .handlerFailed, in: stores)
            try await count(stores, today, token)
            var filter = RunDayFilter(today...today, permitted: ["app", "other"])
            #expect(try await stores.runs.report(filter).sums.total == 1)
            #expect(
                try await stores.runs.census(failingOn: today, permitted: ["app"])
                    == JobCensus(jobs: 1, enabled: 1, failing: 1)
            )
            for groups in [["other"], []] as [Set<String>] {
                filter.permitted = groups
                #expect(try await stores.runs.report(filter).counts.isEmpty)
                #expect(
                    try await stores.runs.census(failingOn: today, permitted: groups)
                        == JobCensus(jobs: 0, enabled: 0, failing: 0)
                )
            }
        },
        Clause("counts of days before another are forgotten") { stores in
            let token = try await stores.mint()
            _ = try await add(stores, [.noon, nextDay])
            for day in [today, today.adding(1)] { try await count(stores, day, token) }
            try await stores.runs.forgetCounts(before: today.adding(1), token: token)
            #expect(try await counts(stores) == [day(today.adding(1), .open)])
        },
        Clause("a stale token counts, settles and forgets nothing") { stores in
            let stale = try await stores.mint()
            let token = try await stores.mint()
            _ = try await add(stores, [.noon])
            await expect(.staleToken) { try await count(stores, today, stale) }
            #expect(try await counts(stores).isEmpty)
            await expect(.staleToken) { try await stores.runs.settle(until: .noon, token: stale) }
            #expect(try await stores.runs.report(RunDayFilter(today...today)).countedUntil == nil)
            try await count(stores, today, token)
            await expect(.staleToken) {
                try await stores.runs.forgetCounts(before: today.adding(1), token: stale)
            }
            #expect(try await counts(stores).count == 1)
        },
    ]

    static let calendar = RunCalendar()
    static let today = calendar.day(of: .noon)
    private static let nextDay = calendar.span(of: today).upperBound

    static func count(_ stores: SchedulerStores, _ day: RunDay, _ token: FencingToken) async throws {
        try await stores.runs.count(day, within: calendar.span(of: day), token: token)
    }

    static func counts(
        _ stores: SchedulerStores,
        group: String? = nil,
        job: JobID? = nil
    ) async throws -> Set<RunDayCount> {
        let days = today.adding(-5)...today.adding(5)
        return Set(try await stores.runs.report(RunDayFilter(days, group: group, job: job)).counts)
    }

    static func day(
        _ day: RunDay,
        _ standing: RunStanding,
        _ count: Int = 1,
        group: String = "app"
    ) -> RunDayCount {
        RunDayCount(day: day, group: group, standing: standing, count: count)
    }

    private static func jobs(_ stores: SchedulerStores, _ name: String) async throws -> [Job] {
        try await stores.jobs.jobs(JobFilter(name: name), after: nil, limit: 1).elements
    }

    private static func quarter(_ moment: Moment) -> Moment {
        Moment(millisecondsSinceEpoch: moment.millisecondsSinceEpoch / 900_000 * 900_000)
    }
}
