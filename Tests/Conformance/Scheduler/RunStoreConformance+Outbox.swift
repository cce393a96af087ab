import Groundwork
import Scheduler
import TestKit
import Testing

extension RunStoreConformance {
    static let outbox: [Clause<SchedulerStores>] = [
        Clause("planned runs are in the outbox once they are due, oldest first") { stores in
            let token = try await stores.mint()
            let runs = try await add(
                stores,
                [.noon + .seconds(2), .noon, .noon + .seconds(9)],
                overlap: .discardLater
            )
            let outbox = try await stores.runs.outbox(
                at: .noon + .seconds(2),
                limit: 10,
                without: [],
                token: token
            )
            #expect(outbox.runs.map(\.id) == [runs[1].id, runs[0].id])
            #expect(outbox.next == .noon + .seconds(9))
            let one = try await stores.runs.outbox(
                at: .noon + .seconds(2),
                limit: 1,
                without: [],
                token: token
            )
            #expect(one.runs.map(\.id) == [runs[1].id])
        },
        Clause("a run that was sent is in the outbox again when its time to be resent has come") { stores in
            let token = try await stores.mint()
            let run = try await add(stores, [.noon])[0]
            let sent = try #require(run.dispatched(to: .sample(), at: .noon, resendAt: .noon + .seconds(6)))
            let written = try await stores.runs.advance([sent], token: token)
            let early = try await stores.runs.outbox(
                at: .noon + .seconds(5),
                limit: 10,
                without: [],
                token: token
            )
            #expect(early.runs.isEmpty)
            #expect(early.next == .noon + .seconds(6))
            let late = try await stores.runs.outbox(
                at: .noon + .seconds(6),
                limit: 10,
                without: [],
                token: token
            )
            #expect(late.runs == written)
        },
        Clause("what another term left unconfirmed is in the outbox at once") { stores in
            let earlier = try await stores.mint()
            let run = try await add(stores, [.noon])[0]
            let sent = try #require(run.dispatched(to: .sample(), at: .noon, resendAt: .noon + .seconds(6)))
            _ = try await stores.runs.advance([sent], token: earlier)
            let later = try await stores.mint()
            #expect(
                try await stores.runs.outbox(at: .noon, limit: 10, without: [], token: later).runs.count == 1
            )
            let others = try await stores.runs.outbox(at: .noon, limit: 10, without: ["app"], token: later)
            #expect(others.runs.isEmpty)
            let after = try await stores.runs.outbox(at: .noon, limit: 10, without: [], token: nil)
            #expect(after.runs.isEmpty)
            #expect(after.next == .noon + .seconds(6))
            let due = Moment.noon + .seconds(6)
            #expect(
                try await stores.runs.outbox(at: due, limit: 10, without: [], token: nil).runs.count == 1
            )
        },
        Clause("running and ended runs are not in the outbox") { stores in
            let token = try await stores.mint()
            let runs = try await add(stores, [.noon, .noon + .seconds(1)], overlap: .coverEarly)
            let sent = try #require(runs[0].dispatched(to: .sample(), at: .noon, resendAt: .noon))
            let written = try #require(try await stores.runs.advance([sent], token: token).first)
            let accepted = try #require(written.accepted(at: .noon))
            _ = try await stores.runs.advance([accepted], token: token)
            try await end(runs[1], .killed, in: stores)
            let outbox = try await stores.runs.outbox(
                at: .noon + .seconds(99),
                limit: 10,
                without: [],
                token: token
            )
            #expect(outbox.runs.isEmpty)
            #expect(outbox.next == nil)
        },
        Clause("a run of a serial job is held back while an earlier one is open") { stores in
            let token = try await stores.mint()
            let runs = try await add(stores, [.noon, .noon + .seconds(1)])
            let now = Moment.noon + .seconds(2)
            #expect(
                try await stores.runs.outbox(at: now, limit: 10, without: [], token: token).runs == [runs[0]]
            )
            let sent = try #require(
                runs[0].dispatched(to: .sample(), at: now, resendAt: now + .seconds(6))
            )
            let written = try #require(try await stores.runs.advance([sent], token: token).first)
            #expect(try await stores.runs.outbox(at: now, limit: 10, without: [], token: token).runs.isEmpty)
            let accepted = try #require(written.accepted(at: now))
            _ = try await stores.runs.advance([accepted], token: token)
            #expect(try await stores.runs.outbox(at: now, limit: 10, without: [], token: token).runs.isEmpty)
            try await end(runs[0], .completed, in: stores)
            #expect(
                try await stores.runs.outbox(at: now, limit: 10, without: [], token: token).runs == [runs[1]]
            )
        },
        Clause("the runs of groups that are left out are not in the outbox") { stores in
            let token = try await stores.mint()
            let runs = try await add(stores, [.noon])
            let other = try await stores.jobs.add(.sample(.sample(group: "other")))
            let terms = RunTerms(.sample(group: "other"))
            let others = try await stores.runs.add([.sample(of: other.id, terms: terms)])
            let outbox = try await stores.runs.outbox(at: .noon, limit: 1, without: ["app"], token: token)
            #expect(outbox.runs == others)
            let all = try await stores.runs.outbox(at: .noon, limit: 10, without: ["a", "b"], token: token)
            #expect(all.runs == runs + others)
        },
        Clause("the outbox is in the order in which runs are due, of whatever group, up to the limit") {
            stores in
            let token = try await stores.mint()
            var added: [JobRun] = []
            for (group, second) in [("c", 3), ("a", 5), ("b", 1), ("a", 2), ("c", 4), ("d", 0)] {
                let spec = JobSpec.sample("job \(second)", group: group)
                let job = try await stores.jobs.add(.sample(spec))
                let instant = Moment.noon + .seconds(second)
                added += try await stores.runs.add([.sample(of: job.id, at: instant, terms: RunTerms(spec))])
            }
            func seconds(_ until: Int, _ limit: Int, _ without: Set<String>) async throws -> [Duration] {
                let instant = Moment.noon + .seconds(until)
                return try await stores.runs.outbox(at: instant, limit: limit, without: without, token: token)
                    .runs.map { $0.plan.plannedAt - .noon }
            }
            #expect(try await seconds(9, 10, []) == (0...5).map { .seconds($0) })
            #expect(try await seconds(9, 3, []) == (0...2).map { .seconds($0) })
            #expect(try await seconds(9, 3, ["d", "b"]) == (2...4).map { .seconds($0) })
            #expect(try await seconds(4, 10, ["a"]) == [0, 1, 3, 4].map { .seconds($0) })
            let next = try await stores.runs.outbox(at: .noon, limit: 1, without: ["d"], token: nil)
            #expect(next.runs.isEmpty)
            #expect(next.next == .noon + .seconds(1))
        },
        Clause("other shards and other jobs are held back by nobody") { stores in
            let token = try await stores.mint()
            let one = try await stores.jobs.add(.sample(.sample("one")))
            let other = try await stores.jobs.add(.sample(.sample("other")))
            let shards = Shard.all(2).map { NewRun.sample(of: one.id, shard: $0) }
            _ = try await stores.runs.add(shards + [.sample(of: other.id)])
            #expect(
                try await stores.runs.outbox(at: .noon, limit: 10, without: [], token: token).runs.count == 3
            )
        },
        Clause("a long line hides nobody who waits in none") { stores in
            let token = try await stores.mint()
            let line = try await add(stores, (0..<9).map { .noon + .seconds($0) })
            let free = JobSpec.sample("free", overlap: .discardLater)
            let job = try await stores.jobs.add(.sample(free))
            let others = try await stores.runs.add([
                .sample(of: job.id, at: .noon + .seconds(20), terms: RunTerms(free))
            ])
            let other = JobSpec.sample("other", group: "other")
            let otherJob = try await stores.jobs.add(.sample(other))
            let last = try await stores.runs.add([
                .sample(of: otherJob.id, at: .noon + .seconds(30), terms: RunTerms(other))
            ])
            let now = Moment.noon + .seconds(60)
            let sent = try #require(
                line[0].dispatched(to: .sample(), at: .noon, resendAt: .noon + .seconds(40))
            )
            let written = try await stores.runs.advance([sent], token: token)
            let outbox = try await stores.runs.outbox(at: now, limit: 4, without: [], token: token)
            #expect(outbox.runs == others + last + written)
        },
        Clause("an attempt that waits for its back-off holds back nobody") { stores in
            let token = try await stores.mint()
            let runs = try await add(stores, [.noon + .seconds(60), .noon])
            #expect(
                try await stores.runs.outbox(at: .noon, limit: 10, without: [], token: token).runs == [
                    runs[1]
                ]
            )
        },
        Clause("a run that waits for an executor keeps its place") { stores in
            let token = try await stores.mint()
            let runs = try await add(stores, [.noon, .noon + .seconds(1)])
            let waiting = try #require(runs[0].postponed(until: .noon + .seconds(9), at: .noon))
            _ = try await stores.runs.advance([waiting], token: token)
            let outbox = try await stores.runs.outbox(
                at: .noon + .seconds(2),
                limit: 10,
                without: [],
                token: token
            )
            #expect(outbox.runs.isEmpty)
        },
    ]

    static let listing: [Clause<SchedulerStores>] = [
        Clause("a list is read backwards, page by page, without gap or repeat") { stores in
            let runs = try await add(stores, (0..<5).map { .noon + .seconds($0) })
            var seen: [RunID] = []
            var after: RunID?
            repeat {
                let page = try await stores.runs.runs(RunFilter(), after: after, limit: 2)
                seen += page.elements.map(\.id)
                after = page.next
            } while after != nil
            #expect(seen == runs.map(\.id).reversed())
        },
        Clause("a filter shows what passes all its parts") { stores in
            let token = try await stores.mint()
            let runs = try await add(stores, (0..<4).map { .noon + .seconds($0) }, overlap: .discardLater)
            let sent = try #require(runs[0].dispatched(to: .sample(), at: .noon, resendAt: .noon))
            _ = try await stores.runs.advance([sent], token: token)
            try await end(runs[1], .completed, in: stores)
            try await end(runs[2], .discarded, in: stores)
            func found(_ filter: RunFilter) async throws -> [Int] {
                let ids = try await stores.runs.runs(filter, after: nil, limit: 10).elements.map(\.id)
                return runs.indices.filter { ids.contains(runs[$0].id) }
            }
            #expect(try await found(RunFilter(states: .open)) == [0, 3])
            #expect(try await found(RunFilter(states: [.dispatching])) == [0])
            #expect(try await found(RunFilter(states: [.dispatching, .ended])) == [0, 1, 2])
            #expect(try await found(RunFilter(reasons: [.completed, .discarded])) == [1, 2])
            #expect(try await found(RunFilter(address: .sample())) == [0])
            #expect(try await found(RunFilter(address: .sample("two"))).isEmpty)
            let from = Moment.noon + .seconds(1)
            let before = Moment.noon + .seconds(3)
            #expect(try await found(RunFilter(plannedFrom: from, plannedBefore: before)) == [1, 2])
            #expect(try await found(RunFilter(job: runs[0].plan.job, group: "app")).count == 4)
            #expect(try await found(RunFilter(group: "none")).isEmpty)
            var permitted = RunFilter(job: runs[0].plan.job)
            for (groups, count) in [(["app", "b"], 4), (["b"], 0), ([], 0)] as [(Set<String>, Int)] {
                permitted.permitted = groups
                #expect(try await found(permitted).count == count)
            }
        },
        Clause("runs that are not there are left out") { stores in
            let run = try await add(stores, [.noon])[0]
            #expect(try await stores.runs.runs([RunID(rawValue: 1), run.id]) == [run])
        },
        Clause("pruning forgets the oldest ended runs and no open one") { stores in
            let runs = try await add(stores, (0..<3).map { .noon + .seconds($0) })
            try await end(runs[0], .completed, in: stores)
            try await end(runs[1], .completed, in: stores)
            #expect(try await clear(stores, endedBefore: .noon, limit: 10) == 0)
            let later = Moment.noon + .seconds(1)
            #expect(try await clear(stores, endedBefore: later, limit: 1) == 1)
            #expect(try await clear(stores, endedBefore: later, limit: 10) == 1)
            #expect(try await all(stores).map(\.id) == [runs[2].id])
        },
    ]

    /// Runs of one job, due and planned at `instants`.
    static func add(
        _ stores: SchedulerStores,
        _ instants: [Moment],
        overlap: BlockStrategy = .serial
    ) async throws -> [JobRun] {
        let spec = JobSpec.sample(overlap: overlap)
        let job = try await stores.jobs.add(.sample(spec))
        return try await stores.runs.add(
            instants.map { .sample(of: job.id, at: $0, terms: RunTerms(spec)) }
        )
    }
}
