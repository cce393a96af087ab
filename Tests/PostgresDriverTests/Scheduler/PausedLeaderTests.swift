import Conformance
import Groundwork
import LocalServers
import Scheduler
import TestKit
import Testing

@testable import PostgresDriver

/// A leader that stands still somewhere in a write: its successor does not wait for it.
@Suite struct PausedLeaderTests {
    @Test func `a leader that stands still before it hears the answer holds up nobody`() async throws {
        let stage = try await Stage()
        let before = try await stage.begin()
        try await stage.wake()
        // What it says gets there, and what it hears does not: so it is with a process that is stopped.
        stage.relay.dropReplies()
        async let written = stage.plan(under: before)
        try await waited(for: "nothing is planned") { try await stage.planned() == 1 }
        let start = ContinuousClock.now
        let next = try await stage.begin()
        // Nobody was cut off for it.
        #expect(ContinuousClock.now - start < .milliseconds(450))
        #expect(next > before)
        await stage.relay.cut()
        #expect(try await written == nil)
        #expect(try await stage.planned() == 1)
        await stage.relay.stop()
    }

    @Test func `wherever a leader stands still, the next term begins soon and nothing is planned twice`()
        async throws
    {
        let stage = try await Stage()
        var whole = Int.max / 2
        try await stage.wake()
        stage.relay.hold(after: whole)
        #expect(try await stage.plan(under: try await stage.begin()) == 1)
        whole -= try #require(stage.relay.questionsLeft)
        for tenth in 1..<10 {
            let before = try await stage.begin()
            let planned = try await stage.planned()
            // On a new connection it says as much as the first time: the server has nothing compiled.
            await stage.relay.cut()
            try await stage.relay.heal()
            try await stage.wake()
            stage.relay.hold(after: whole * tenth / 10)
            async let written = stage.plan(under: before)
            try await waited(for: "it says nothing") { stage.relay.questionsLeft == 0 }
            let start = ContinuousClock.now
            let next = try await stage.begin()
            #expect(ContinuousClock.now - start < .milliseconds(1_500))
            #expect(next > before)
            // The rest of what it said arrives now, and is no leader's any more.
            try await stage.relay.heal()
            #expect(try await written == nil)
            #expect(try await stage.planned() == planned)
        }
        #expect(try await stage.plan(under: try await stage.begin()) == 1)
        await stage.relay.stop()
    }

    /// A leader that comes to the tables through a relay, and everybody else.
    private struct Stage {
        let relay: TCPRelay
        private let room: SchedulerRoom
        private let register: PostgresTermRegister
        private let leader: PostgresJobStore
        private let job: JobID

        init() async throws {
            room = try await SchedulerRoom()
            let (_, server) = try await TestPostgres.shared.value
            relay = try await TCPRelay(to: server.port)
            var settings = try PostgresSettings(
                address: room.address.replacing(":\(server.port)/", with: ":\(relay.port)/")
            )
            settings.connections = 1
            leader = PostgresJobStore(try await PostgresSchedulerDatabase(PostgresPool(settings)))
            register = PostgresTermRegister(try await PostgresSchedulerDatabase(room.pool))
            _ = try await register.read(SchedulerService.leaseName)
            job = try await room.stores.jobs.add(.sample()).id
        }

        /// Begins a term, whoever leads.
        func begin() async throws -> FencingToken {
            let token = try await register.begin(SchedulerService.leaseName, holder: "next", after: nil)
            return try #require(token)
        }

        /// Has the leader look at the tables.
        func wake() async throws {
            _ = try await leader.upcoming(until: .noon + .seconds(3_600), limit: 1)
        }

        /// Has the leader plan what is due; tells how many runs that made, or nil when it is told that it did not.
        func plan(under token: FencingToken) async throws -> Int? {
            let job = try #require(try await room.stores.jobs.job(job))
            let next = try #require(job.nextTriggerAt) + .seconds(10)
            do throws(StoreError) {
                return try await leader.plan([.sample(job, next: next)], token: token).count
            } catch {
                guard [.staleToken, .unavailable].contains(error.code) else { throw error }
                return nil
            }
        }

        /// How many runs there are.
        func planned() async throws -> Int {
            try await room.stores.runs.runs(RunFilter(), after: nil, limit: 100).elements.count
        }
    }
}
