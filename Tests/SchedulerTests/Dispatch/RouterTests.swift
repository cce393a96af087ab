import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct RouterTests {
    private let living = Self.executors("abc")

    /// Executors whose hosts are single letters.
    private static func executors(_ hosts: String) -> [ExecutorInstance] {
        hosts.map { host in
            ExecutorInstance(
                group: "app",
                address: .sample("\(host)"),
                instance: nil,
                dialect: .run,
                since: .noon,
                lastSeenAt: .noon
            )
        }
    }

    @Test(arguments: RouteStrategy.allCases)
    func `an empty group has no candidates`(strategy: RouteStrategy) {
        var router = Router()
        #expect(choose(&router, strategy, among: []).isEmpty)
    }

    @Test(arguments: RouteStrategy.allCases)
    func `every living executor is a candidate once, whoever comes and goes`(strategy: RouteStrategy) {
        var router = Router()
        var random = SeededGenerator(seed: 7)
        for step in 0..<300 {
            let hosts = "abcdefgh".filter { _ in Bool.random(using: &random) }
            let shard = Shard(index: step % 9, total: 9)
            let chosen = choose(
                &router,
                strategy,
                among: Self.executors(hosts),
                shard: shard,
                random: { Int.random(in: 0..<$0, using: &random) }
            )
            #expect(String(chosen.sorted()) == hosts)
        }
    }

    @Test func `first, failover and busyover keep the order of addresses, last turns it round`() {
        var router = Router()
        for _ in 0..<3 {
            #expect(choose(&router, .first, among: living) == "abc")
            #expect(choose(&router, .failover, among: living) == "abc")
            #expect(choose(&router, .busyover, among: living) == "abc")
            #expect(choose(&router, .last, among: living) == "cba")
        }
    }

    @Test func `round takes turns, each job its own`() {
        var router = Router()
        let turns = (0..<6).map { _ in choose(&router, .round, among: living).prefix(1) }
        #expect(turns.joined() == "abcabc")
        #expect(choose(&router, .round, among: living, job: 2).first == "a")
    }

    @Test func `round goes on behind the last one when others live than before`() {
        var router = Router()
        for _ in 0..<2 { _ = choose(&router, .round, among: living) }
        #expect(choose(&router, .round, among: Self.executors("acd")) == "cda")
        #expect(choose(&router, .round, among: Self.executors("ab")) == "ab")
        #expect(choose(&router, .round, among: Self.executors("abc")) == "bca")
    }

    @Test func `random begins where it is told`() {
        var router = Router()
        #expect(choose(&router, .random, among: living, random: { _ in 2 }) == "cab")
    }

    @Test func `each shard has an executor of its own while there are enough, else the first`() {
        var router = Router()
        let chosen = Shard.all(5).map { choose(&router, .sharding, among: living, shard: $0).prefix(1) }
        #expect(chosen.joined() == "abcaa")
    }

    @Test func `a job with a hash key has the executor that xxl-job gives the job of that number`() {
        var router = Router()
        let ring = HashRing(living.map(\.spelling))
        for key in ["1", "17", "40", "a customer"] {
            let expected = ring.order(for: key).map { living[$0].address }
            for job in [1, 2, 17] as [Int64] {
                let run = Self.run(of: job, by: .consistentHash, shard: .whole, hashKey: key)
                #expect(router.candidates(among: living, for: run).map(\.address) == expected)
            }
        }
        // Only that route goes by it.
        #expect(Self.run(of: 1, by: .round, shard: .whole, hashKey: "17").plan.terms.hashKey == nil)
    }

    @Test func `a job always has the same executor by its hash, that of the spelled addresses`() {
        var router = Router()
        let spelled = living.map { executor in
            ExecutorInstance(
                group: "app",
                address: executor.address,
                spelling: "\(executor.address)/",
                instance: nil,
                dialect: .run,
                since: .noon,
                lastSeenAt: .noon
            )
        }
        let ring = HashRing(spelled.map(\.spelling))
        var plain: [String] = []
        for job in 1...40 {
            let order = ring.order(for: "\(job)").map { "abc".map(String.init)[$0] }.joined()
            for _ in 0..<2 {
                #expect(choose(&router, .consistentHash, among: spelled, job: Int64(job)) == order)
            }
            plain.append(choose(&router, .consistentHash, among: living, job: Int64(job)))
            if plain.last == order { plain.removeLast() }
        }
        // The slash matters.
        #expect(!plain.isEmpty)
    }

    @Test func `the least frequently used is who got the fewest of the latest runs`() {
        var router = Router()
        for _ in 0..<4 { _ = choose(&router, .leastFrequentlyUsed, among: Self.executors("ab")) }
        let turns = (0..<5).map { _ in choose(&router, .leastFrequentlyUsed, among: living).prefix(1) }
        #expect(turns.joined() == "ccabc")
    }

    @Test func `the least recently used is who has waited longest`() {
        var router = Router()
        let turns = (0..<3)
            .map { _ in choose(&router, .leastRecentlyUsed, among: living, random: { _ in 1 }).prefix(1) }
        #expect(turns.joined() == "bac")
        #expect(choose(&router, .leastRecentlyUsed, among: living) == "bac")
        #expect(choose(&router, .leastRecentlyUsed, among: Self.executors("abcd")) == "dacb")
    }

    @Test func `jobs that begin together begin with different executors`() {
        for strategy in [RouteStrategy.round, .leastFrequentlyUsed, .leastRecentlyUsed] {
            var router = Router()
            let firsts = (0..<3)
                .map { number in
                    choose(&router, strategy, among: living, job: Int64(number), random: { _ in number })
                        .first
                }
            #expect(Set(firsts).count == 3)
        }
    }

    @Test(arguments: [RouteStrategy.round, .leastFrequentlyUsed, .leastRecentlyUsed])
    func `executors get equally many runs, also over changes of the leader`(
        strategy: RouteStrategy
    )
        async throws
    {
        let rig = try SchedulerRig()
        var executors: [FakeExecutor] = []
        for host in ["a", "b", "c"] { executors.append(try await rig.executor(at: host)) }
        let job = try await rig.jobs.create(.sample(schedule: .manual, route: strategy))
        for term in 1...4 {
            let lease = try await rig.lead()
            var router = Router()
            for _ in 0..<term {
                rig.clock.advance(by: .seconds(1))
                let run = try #require(try await rig.jobs.trigger(job.id).first)
                try await rig.dispatch(under: lease, by: &router)
                for executor in executors { executor.finish(job.id) }
                await rig.callBack(run.id)
            }
        }
        // Ten runs over three executors.
        #expect(executors.map(\.started.count).sorted() == [3, 3, 4])
    }

    @Test func `what the only executor got counts once there is another`() async throws {
        let rig = try SchedulerRig()
        let first = try await rig.executor(at: "a")
        let job = try await rig.jobs.create(.sample(schedule: .manual, route: .leastFrequentlyUsed))
        let lease = try await rig.lead()
        var router = Router()
        for turn in 0..<4 {
            if turn == 2 { _ = try await rig.executor(at: "b") }
            rig.clock.advance(by: .seconds(1))
            let run = try #require(try await rig.jobs.trigger(job.id).first)
            try await rig.dispatch(under: lease, by: &router)
            if turn < 2 { first.finish(job.id) }
            await rig.callBack(run.id)
        }
        #expect(first.started.count == 2)
    }

    @Test func `the ring of a hundred executors is built once, not at each choice`() {
        var router = Router()
        let many = (0..<100)
            .map { number in
                ExecutorInstance(
                    group: "app",
                    address: .sample("host\(number)"),
                    instance: nil,
                    dialect: .run,
                    since: .noon,
                    lastSeenAt: .noon
                )
            }
        let run = Self.run(of: 1, by: .consistentHash, shard: .whole)
        _ = router.candidates(among: many, for: run)
        let clock = ContinuousClock()
        // The best of several, as others work on this host: some 20 µs beside as many milliseconds.
        func best(_ work: () -> Void) -> Duration {
            (0..<20).map { _ in clock.measure(work) }.min() ?? .zero
        }
        let choice = best { _ = router.candidates(among: many, for: run) }
        let building = best { _ = HashRing(many.map(\.address.url)) }
        #expect(choice * 5 < building, "\(choice), \(building)")
    }

    private static func run(
        of job: Int64,
        by strategy: RouteStrategy,
        shard: Shard,
        hashKey: String? = nil
    ) -> JobRun {
        var spec = JobSpec.sample(route: strategy)
        spec.hashKey = hashKey
        let new = NewRun.sample(of: JobID(rawValue: job), shard: shard, terms: RunTerms(spec))
        return JobRun(id: RunID(rawValue: 1), plan: new.plan, state: new.state)
    }

    /// The letters of the candidates, best first.
    private func choose(
        _ router: inout Router,
        _ strategy: RouteStrategy,
        among living: [ExecutorInstance],
        job: Int64 = 1,
        shard: Shard = .whole,
        random: (Int) -> Int = { _ in 0 }
    ) -> String {
        let run = Self.run(of: job, by: strategy, shard: shard)
        return router.candidates(among: living, for: run, random: random)
            .map { String($0.address.url.dropFirst("http://".count).prefix(1)) }
            .joined()
    }
}
