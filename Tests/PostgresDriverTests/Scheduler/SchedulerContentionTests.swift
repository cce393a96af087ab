import Conformance
import Groundwork
import LocalServers
import Scheduler
import TestKit
import Testing

@testable import PostgresDriver

/// Many processes at the same tables at the same moment, as a file with one writer never sees them.
struct SchedulerContentionTests {
    @Test(arguments: Way.allCases)
    func `a fixed delay goes on however its last runs end together`(way: Way) async throws {
        let stores = try await SchedulerRoom(way).stores
        let spec = JobSpec.sample(schedule: .after(.seconds(2)))
        var runs: [JobRun] = []
        for number in 0..<20 {
            var spec = spec
            spec.name = "\(number)"
            let job = try await stores.jobs.add(.sample(spec, due: nil))
            let shards = Shard.all(3).map { NewRun.sample(of: job.id, shard: $0, terms: RunTerms(spec)) }
            runs += try await stores.runs.add(shards)
        }
        try await together(runs.shuffled()) { run in
            let closing = try #require(RunClosing(run, RunEnd(.completed, at: .noon)))
            _ = try await stores.runs.close([closing], token: nil)
        }
        #expect(try await stores.jobs.upcoming(until: .noon + .seconds(3_600), limit: 100).count == 20)
    }

    @Test(arguments: Way.allCases)
    func `a run ends once, with one retry, whoever tells of it first`(way: Way) async throws {
        let stores = try await SchedulerRoom(way).stores
        let spec = JobSpec.sample(retry: RetryPolicy(limit: 1))
        let job = try await stores.jobs.add(.sample(spec))
        let runs = try await stores.runs.add(
            (0..<30).map { .sample(of: job.id, at: .noon + .seconds($0), terms: RunTerms(spec)) }
        )
        let ended = try await together(0..<6) { _ in
            let closings = runs.shuffled().compactMap { RunClosing($0, RunEnd(.handlerFailed, at: .noon)) }
            return try await stores.runs.close(closings, token: nil).runs.map(\.id)
        }
        #expect(ended.flatMap { $0 }.sorted { $0 < $1 } == runs.map(\.id))
        let all = try await stores.runs.runs(RunFilter(), after: nil, limit: 500).elements
        #expect(all.count == 60)
    }

    @Test(arguments: Way.allCases)
    func `no two terms plan a trigger twice, and the older one plans none`(way: Way) async throws {
        let room = try await SchedulerRoom(way)
        let stores = room.stores
        for number in 0..<60 { _ = try await stores.jobs.add(.sample(.sample("\(number)"))) }
        let due = try await stores.jobs.upcoming(until: .noon + .seconds(3_600), limit: 100)
        var terms = [try await stores.mint()]
        let added = try await withThrowingTaskGroup(of: [JobRun].self) { group in
            for round in 0..<12 {
                if round == 6 { terms.append(try await stores.mint()) }
                let token = try #require(terms.last)
                let plans = due.shuffled().map { TriggerPlan.sample($0) }
                group.addTask {
                    do { return try await stores.jobs.plan(plans, token: token) } catch let error
                        as StoreError where error.code == .staleToken
                    { return [] }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(added.count == 60)
        #expect(Set(added.map(\.plan.job)).count == 60)
        await #expect(throws: StoreError.self) { try await stores.jobs.plan([], token: terms[0]) }
    }

    @Test func `what everybody does at once locks nobody for good`() async throws {
        let room = try await SchedulerRoom()
        let stores = room.stores
        let token = try await stores.mint()
        let spec = JobSpec.sample(schedule: .after(.seconds(1)), retry: RetryPolicy(limit: 1))
        var jobs: [Job] = []
        for number in 0..<8 {
            var spec = spec
            spec.name = "\(number)"
            jobs.append(try await stores.jobs.add(.sample(spec)))
        }
        let all = jobs
        try await together(0..<6) { worker in
            for round in 0..<12 {
                let planned = Moment.noon + .seconds(worker * 100 + round)
                switch (worker + round) % 3 {
                case 0:
                    _ = try await stores.jobs.plan(all.shuffled().map { .sample($0) }, token: token)
                case 1:
                    _ = try await stores.runs.add(
                        all.shuffled().map { .sample(of: $0.id, at: planned, terms: RunTerms(spec)) }
                    )
                default: break
                }
                let open = try await stores.runs.runs(RunFilter(states: .open), after: nil, limit: 20)
                let runs = open.elements.shuffled()
                let sent = runs.compactMap { $0.dispatched(to: .sample(), at: .noon, resendAt: .noon) }
                _ = try await stores.runs.advance(sent, token: token)
                let closings = runs.compactMap { RunClosing($0, RunEnd(.handlerFailed, at: .noon)) }
                _ = try await stores.runs.close(closings, token: nil)
            }
        }
        #expect(try await deadlocks(in: room) == 0)
    }

    @Test func `runs that are sent for the first time and ended at once lock nobody for good`() async throws {
        let room = try await SchedulerRoom()
        let stores = room.stores
        let token = try await stores.mint()
        let job = try await stores.jobs.add(.sample())
        for round in 0..<20 {
            let runs = try await stores.runs.add(
                (0..<64).map { .sample(of: job.id, at: .noon + .seconds(round * 100 + $0)) }
            )
            try await together(0..<6) { worker in
                let runs = runs.shuffled()
                let sent = runs.compactMap { $0.dispatched(to: .sample(), at: .noon, resendAt: .noon) }
                let closings = runs.compactMap { RunClosing($0, RunEnd(.killed, at: .noon)) }
                if worker.isMultiple(of: 2) {
                    _ = try await stores.runs.advance(sent, token: token)
                } else {
                    _ = try await stores.runs.close(closings, token: nil)
                }
            }
        }
        #expect(try await deadlocks(in: room) == 0)
    }

    @Test func `hundreds of triggers are planned in a handful of round trips`() async throws {
        let room = try await SchedulerRoom()
        let token = try await room.stores.mint()
        for number in 0..<500 { _ = try await room.stores.jobs.add(.sample(.sample("\(number)"))) }
        let due = try await room.stores.jobs.upcoming(until: .noon + .seconds(3_600), limit: 500)
        let clock = ContinuousClock()
        let alone = try await clock.measure {
            for job in due.prefix(25) { _ = try await room.stores.jobs.plan([.sample(job)], token: token) }
        }
        let together = try await clock.measure {
            let added = try await room.stores.jobs.plan(due.dropFirst(25).map { .sample($0) }, token: token)
            #expect(added.count == 475)
        }
        // Nineteen times as many, in far less than nineteen times as long.
        #expect(together * 2 < alone * 19, "\(together), \(alone)")
    }

    /// How many the server had to break, as each session tells when it ends.
    private func deadlocks(in room: SchedulerRoom) async throws -> Int? {
        await room.pool.close()
        let pool = PostgresPool(try PostgresSettings(address: room.address))
        try await waited(for: "sessions that stay") {
            try await pool.single("count") { link in
                try link.run("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
                    .first?
                    .int(0)
            } == 1
        }
        return try await pool.single("count deadlocks") { link in
            try link.run("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").first?
                .int(0)
        }
    }

    @discardableResult
    private func together<Element: Sendable, Result: Sendable>(
        _ elements: some Sequence<Element>,
        _ body: @escaping @Sendable (Element) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: Result.self) { group in
            for element in elements { group.addTask { try await body(element) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
