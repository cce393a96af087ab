import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct RouterTests {
    private let living = ["a", "b", "c"]
        .map { host in
            ExecutorInstance(
                group: "app",
                address: .sample(host),
                instance: nil,
                dialect: .run,
                since: .noon,
                lastSeenAt: .noon
            )
        }

    @Test(arguments: RouteStrategy.allCases)
    func `an empty group has no candidates`(strategy: RouteStrategy) {
        var router = Router()
        #expect(choose(&router, strategy, among: []).isEmpty)
    }

    @Test(arguments: RouteStrategy.allCases)
    func `every living executor is a candidate once`(strategy: RouteStrategy) {
        var router = Router()
        for _ in 0..<10 {
            #expect(choose(&router, strategy, among: living).sorted() == ["a", "b", "c"])
        }
    }

    @Test func `first and failover keep the order of addresses`() {
        var router = Router()
        for _ in 0..<3 {
            #expect(choose(&router, .first, among: living) == ["a", "b", "c"])
            #expect(choose(&router, .failover, among: living) == ["a", "b", "c"])
        }
    }

    @Test func `round takes turns, each job its own`() {
        var router = Router()
        let turns = (0..<6).map { _ in choose(&router, .round, among: living)[0] }
        #expect(turns == ["a", "b", "c", "a", "b", "c"])
        #expect(choose(&router, .round, among: living, job: 2)[0] == "a")
    }

    @Test func `round goes on when the group shrinks`() {
        var router = Router()
        for _ in 0..<5 { _ = choose(&router, .round, among: living) }
        #expect(["a", "b"].contains(choose(&router, .round, among: Array(living.prefix(2)))[0]))
    }

    @Test func `random begins where it is told`() {
        var router = Router()
        #expect(choose(&router, .random, among: living, random: 2) == ["c", "a", "b"])
    }

    @Test func `each shard has an executor of its own while there are enough`() {
        var router = Router()
        let chosen = Shard.all(4)
            .map { shard in
                choose(&router, .sharding, among: living, shard: shard)[0]
            }
        #expect(chosen == ["a", "b", "c", "a"])
    }

    private func choose(
        _ router: inout Router,
        _ strategy: RouteStrategy,
        among living: [ExecutorInstance],
        job: Int64 = 1,
        shard: Shard = .whole,
        random: Int = 0
    ) -> [String] {
        router.candidates(
            among: living,
            for: JobID(rawValue: job),
            by: strategy,
            shard: shard,
            random: { _ in random }
        )
        .map { String($0.address.url.dropFirst("http://".count).prefix(1)) }
    }
}
