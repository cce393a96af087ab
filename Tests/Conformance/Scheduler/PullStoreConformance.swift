import Groundwork
import Scheduler
import TestKit
import Testing

/// What every `PullStore` must keep.
package enum PullStoreConformance {
    private static let here = ExecutorAddress(stored: "kpush-pull://here")
    private static let there = ExecutorAddress(stored: "kpush-pull://there")

    package static let clauses: [Clause<SchedulerStores>] = [
        Clause("an executor is told of the runs that were handed to it, oldest first, and of no other's") {
            stores in
            let (runs, token) = try await runs(5, in: stores)
            let handed = try await hand(Array(runs[0...2]), to: here, token, in: stores)
            _ = try await hand([runs[3]], to: there, token, in: stores)
            _ = try await hand([runs[4]], to: .sample(), token, in: stores)
            #expect(try await stores.runs.untold(at: here, limit: 10) == handed)
            #expect(try await stores.runs.untold(at: here, limit: 2) == Array(handed[0...1]))
            #expect(try await stores.runs.untold(at: there, limit: 10).map(\.id) == [runs[3].id])
        },
        Clause("a run is told that changed since the executor heard of it, and no other that it knows") {
            stores in
            let (runs, token) = try await runs(4, in: stores)
            let handed = try await hand(runs, to: here, token, in: stores)
            var known = [handed[0].id: handed[0].version, handed[2].id: handed[2].version]
            let rest = try await stores.runs.untold(at: here, limit: 10, besides: known)
            #expect(rest == [handed[1], handed[3]])
            #expect(try await stores.runs.untold(at: here, limit: 1, besides: known) == [handed[1]])
            let marked = try #require(handed[2].killRequested(at: .noon))
            let killed = try await stores.runs.advance([marked], token: nil)
            let news = try await stores.runs.untold(at: here, limit: 10, besides: known)
            #expect(news == [handed[1]] + killed + [handed[3]])
            known = Dictionary(uniqueKeysWithValues: news.map { ($0.id, $0.version) })
            #expect(try await stores.runs.untold(at: here, limit: 10, besides: known) == [handed[0]])
        },
        Clause("a run that is confirmed is told no more, until its end is asked for") { stores in
            let (runs, token) = try await runs(1, in: stores)
            let handed = try await hand(runs, to: here, token, in: stores)
            let accepted = try #require(handed[0].accepted(at: .noon))
            let running = try #require(try await stores.runs.advance([accepted], token: nil).first)
            #expect(try await stores.runs.untold(at: here, limit: 10).isEmpty)
            let marked = try #require(running.killRequested(at: .noon))
            let killed = try await stores.runs.advance([marked], token: nil)
            #expect(try await stores.runs.untold(at: here, limit: 10) == killed)
        },
        Clause("a run that ended, or went back, is told no more") { stores in
            let (runs, token) = try await runs(2, in: stores)
            let handed = try await hand(runs, to: here, token, in: stores)
            let end = RunEnd(.completed, at: .noon)
            let closing = try #require(RunClosing(handed[0], end))
            _ = try await stores.runs.close([closing], token: nil)
            let back = try #require(handed[1].postponed(until: .noon, at: .noon))
            _ = try await stores.runs.advance([back], token: token)
            #expect(try await stores.runs.untold(at: here, limit: 10).isEmpty)
            #expect(try await stores.runs.loads().isEmpty)
        },
        Clause("the open runs of executors that fetch theirs are counted, of others none") { stores in
            let (runs, token) = try await runs(5, in: stores)
            let handed = try await hand(Array(runs[0...1]), to: here, token, in: stores)
            let accepted = try #require(handed[0].accepted(at: .noon))
            _ = try await stores.runs.advance([accepted], token: nil)
            _ = try await hand([runs[2]], to: there, token, in: stores)
            _ = try await hand([runs[3]], to: .sample(), token, in: stores)
            #expect(try await stores.runs.loads() == [here: 2, there: 1])
        },
        Clause("the process that says it has a run is the one that the run is with") { stores in
            let (runs, token) = try await runs(1, in: stores)
            let handed = try await hand(runs, to: here, token, in: stores)
            let other = ExecutorReference(address: here, instance: "other")
            let accepted = try #require(handed[0].accepted(at: .noon, by: other))
            #expect(try await stores.runs.advance([accepted], token: nil).first?.executor == other)
        },
        Clause("how many runs an executor holds is what its last beat says") { stores in
            var beat = ExecutorBeat(group: "app", address: here, instance: "a", capacity: 64)
            let first = try await stores.registry.beat(beat, at: .noon)
            #expect(first.capacity == 64)
            beat.capacity = 0
            #expect(try await stores.registry.beat(beat, at: .noon).capacity == 0)
            #expect(try await stores.registry.instances().map(\.capacity) == [0])
        },
    ]

    /// New runs of one job, oldest first, and the token of a term.
    private static func runs(
        _ count: Int,
        in stores: SchedulerStores
    ) async throws -> ([JobRun], FencingToken) {
        let token = try await stores.mint()
        let job = try await stores.jobs.add(.sample()).id
        let runs = try await stores.runs.add((0..<count).map { .sample(of: job, at: .noon + .seconds($0)) })
        return (runs.sorted { $0.id < $1.id }, token)
    }

    private static func hand(
        _ runs: [JobRun],
        to address: ExecutorAddress,
        _ token: FencingToken,
        in stores: SchedulerStores
    ) async throws -> [JobRun] {
        let reference = ExecutorReference(address: address, instance: "first")
        let sent = runs.compactMap { $0.dispatched(to: reference, at: .noon, resendAt: .noon + .seconds(90)) }
        return try await stores.runs.advance(sent, token: token).sorted { $0.id < $1.id }
    }
}
