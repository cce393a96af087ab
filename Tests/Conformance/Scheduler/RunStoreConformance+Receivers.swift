import Groundwork
import Scheduler
import TestKit
import Testing

extension RunStoreConformance {
    static let receivers: [Clause<SchedulerStores>] = [
        Clause("who got a job's runs is told in the order of the hand-overs, each job's apart") { stores in
            let token = try await stores.mint()
            let jobs = [
                try await stores.jobs.add(.sample()).id,
                try await stores.jobs.add(.sample(.sample("other"))).id,
            ]
            let runs = try await RunStoreConformance.runs(6, of: jobs[0], in: stores)
            // The second got its executor last, the fifth waits, the last one was dropped by its executor.
            for (run, host, second) in [(0, "a", 0), (1, "b", 9), (2, "c", 2), (3, "a", 3), (5, "b", 5)] {
                try await hand(runs[run], to: host, after: .seconds(second), token, in: stores)
            }
            try await drop(runs[5], token, in: stores)
            let foreign = try await RunStoreConformance.runs(1, of: jobs[1], in: stores)
            try await hand(foreign[0], to: "d", after: .zero, token, in: stores)
            let found = try await stores.runs.receivers(of: Set(jobs), since: .noon, among: 10)
            #expect(found[jobs[0]] == ["a", "c", "a", "b"].map { .sample($0) })
            #expect(found[jobs[1]] == [.sample("d")])
            #expect(try await stores.runs.receivers(of: [], since: .noon, among: 10).isEmpty)
        },
        Clause("of receivers only those of the newest runs count, and none of before") { stores in
            let token = try await stores.mint()
            let job = try await stores.jobs.add(.sample()).id
            let runs = try await RunStoreConformance.runs(4, of: job, in: stores)
            for (number, host) in ["a", "b", "c"].enumerated() {
                try await hand(runs[number], to: host, after: .seconds(number), token, in: stores)
            }
            try await end(runs[1], .completed, in: stores)
            let newest = try await stores.runs.receivers(of: [job], since: .noon, among: 3)
            #expect(newest == [job: [.sample("b"), .sample("c")]])
            let late = try await stores.runs.receivers(of: [job], since: .noon + .seconds(2), among: 9)
            #expect(late == [job: [.sample("c")]])
            #expect(
                try await stores.runs.receivers(of: [job], since: .noon + .seconds(3), among: 9).isEmpty
            )
        },
    ]

    private static func runs(
        _ count: Int,
        of job: JobID,
        in stores: SchedulerStores
    ) async throws -> [JobRun] {
        try await stores.runs.add((0..<count).map { .sample(of: job, at: .noon + .seconds($0)) })
            .sorted { $0.id < $1.id }
    }

    private static func hand(
        _ run: JobRun,
        to host: String,
        after wait: Duration,
        _ token: FencingToken,
        in stores: SchedulerStores
    ) async throws {
        let sent = run.dispatched(to: .sample(host), at: .noon + wait, resendAt: .noon + .seconds(60))
        #expect(try await stores.runs.advance([try #require(sent)], token: token).count == 1)
    }

    private static func drop(
        _ run: JobRun,
        _ token: FencingToken,
        in stores: SchedulerStores
    ) async throws {
        let sent = try #require(try await stores.runs.runs([run.id]).first)
        let dropped = try #require(sent.postponed(until: .noon, at: .noon))
        #expect(try await stores.runs.advance([dropped], token: token).count == 1)
    }
}
