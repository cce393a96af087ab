import Groundwork
import Logging
import Synchronization
import TestKit
import Testing

@testable import Scheduler

@Suite(.timeLimit(.minutes(1)))
struct LeaderTermTests {
    private let clock = ManualClock(.noon)
    private let keeper = ScriptedKeeper()
    private let duties = Duties()
    private let recorder = LogRecorder()
    private let gauges = SchedulerGauges()

    @Test func `a leader renews at a third of its lease and keeps leading`() async throws {
        try await withTerm {
            try await eventually("it leads") { duties.isOn }
            for count in 1...12 {
                await clock.sleepers(2)
                clock.advance(by: .seconds(2))
                try await eventually("it renews") { keeper.renewals == count }
            }
            #expect(duties.isOn)
            #expect(duties.begun == 1)
        }
    }

    @Test func `a lease that is somebody else's ends the duties at once`() async throws {
        try await withTerm {
            try await eventually("it leads") { duties.isOn }
            keeper.set(.lost)
            await clock.sleepers(2)
            clock.advance(by: .seconds(2))
            try await eventually("it steps down") { !duties.isOn }
        }
    }

    @Test func `a keeper that cannot be asked is survived until the lease could have run out`() async throws {
        try await withTerm {
            try await eventually("it leads") { duties.isOn }
            keeper.set(.unavailable)
            await clock.sleepers(2)
            clock.advance(by: .seconds(4))
            try await eventually("it tried to renew") { keeper.renewals >= 1 }
            #expect(duties.isOn)
            keeper.refuseElections()
            await clock.sleepers(1)
            // Five of six seconds are trusted: the last one belongs to clocks that differ.
            clock.advance(by: .seconds(1))
            try await eventually("it steps down") { !duties.isOn }
        }
    }

    @Test func `a renewal that hangs does not prolong the trust`() async throws {
        try await withTerm {
            try await eventually("it leads") { duties.isOn }
            keeper.set(.hang)
            await clock.sleepers(2)
            clock.advance(by: .seconds(2))
            try await eventually("it tries to renew") { keeper.renewals == 1 }
            keeper.refuseElections()
            clock.advance(by: .seconds(3))
            try await eventually("it steps down") { !duties.isOn }
        }
    }

    @Test func `a leader that is told to stop gives the lease back`() async throws {
        try await withTerm {
            try await eventually("it leads") { duties.isOn }
        }
        #expect(!duties.isOn)
        #expect(keeper.releases == 1)
        #expect(deposed.isEmpty)
    }

    @Test func `who is not elected stands again at once when the lease comes free`() async throws {
        keeper.refuseElections()
        try await withTerm {
            await clock.sleepers()
            keeper.allowElections()
            keeper.vacancy.ring()
            try await eventually("it leads") { duties.isOn }
        }
    }

    @Test func `a deposed leader says so once`() async throws {
        try await withTerm {
            try await eventually("it leads") { duties.isOn }
            keeper.set(.lost)
            keeper.refuseElections()
            await clock.sleepers(2)
            clock.advance(by: .seconds(2))
            try await eventually("it says so") { !deposed.isEmpty }
            // As long as it stands for election in vain, it says nothing more.
            for _ in 0..<5 {
                await clock.sleepers(1)
                clock.advance(by: .milliseconds(500))
            }
        }
        #expect(deposed == ["leader deposed fencing_token=1 reason=somebody else leads, or nobody"])
    }

    @Test func `a leader that was stopped for an hour is deposed before it does anything`() async throws {
        try await withTerm {
            try await eventually("it leads") { duties.isOn }
            keeper.set(.hang)
            keeper.refuseElections()
            await clock.sleepers(2)
            clock.advance(by: .seconds(3_600))
            try await eventually("it says so") { !deposed.isEmpty }
            #expect(!duties.isOn)
        }
        #expect(deposed.count == 1)
    }

    @Test func `a leader whose write is refused for its token is deposed`() async throws {
        try await withTerm {
            try await eventually("it leads") { duties.isOn }
            keeper.refuseElections()
            duties.fail(StoreError(.staleToken, during: "plan triggers"))
            try await eventually("it says so") { !deposed.isEmpty }
        }
        #expect(deposed.count == 1)
        #expect(keeper.releases == 1)
    }

    @Test func `gauges show the token and how long the lease is trusted yet`() async throws {
        #expect(gauges.reading.leading == nil)
        try await withTerm {
            try await eventually("it leads") { duties.isOn }
            #expect(gauges.reading.leading == FencingToken(rawValue: 1))
            #expect(gauges.reading.trustLeft == .seconds(5))
            await clock.sleepers(2)
            clock.advance(by: .seconds(1))
            #expect(gauges.reading.trustLeft == .seconds(4))
            clock.advance(by: .seconds(1))
            try await eventually("it renews") { gauges.reading.trustLeft == .seconds(5) }
        }
        #expect(gauges.reading.leading == nil)
        #expect(gauges.reading.trustLeft == nil)
    }

    @Test func `an election that stays impossible is told of once`() async throws {
        keeper.breakElections()
        try await withTerm {
            for _ in 0..<5 {
                await clock.sleepers()
                clock.advance(by: .milliseconds(500))
            }
        }
        #expect(recorder.lines == ["election not possible error=unavailable(\"down\")"])
    }

    @Test func `who is not elected stands again`() async throws {
        keeper.refuseElections()
        try await withTerm {
            await clock.sleepers()
            #expect(!duties.isOn)
            keeper.allowElections()
            clock.advance(by: .milliseconds(500))
            try await eventually("it leads") { duties.isOn }
        }
    }

    private var deposed: [String] { recorder.lines.filter { $0.hasPrefix("leader deposed") } }

    private func withTerm(_ body: @Sendable () async throws -> Void) async throws {
        let term = LeaderTerm(
            "l",
            holder: "me",
            keeper: keeper,
            clock: clock,
            logger: Logger(label: "test") { [recorder] _ in recorder },
            gauges: gauges
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await term.run { _ in try await duties.perform() } }
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// What a leader does; here nothing but to be seen doing it.
    private final class Duties: Sendable {
        private struct State {
            var isOn = false
            var begun = 0
            var failure: AsyncThrowingStream<Void, any Error>.Continuation?
        }

        private let state = Mutex(State())

        var isOn: Bool { state.withLock { $0.isOn } }
        var begun: Int { state.withLock { $0.begun } }

        func perform() async throws {
            let (failures, failure) = AsyncThrowingStream<Void, any Error>.makeStream()
            state.withLock { ($0.isOn, $0.begun, $0.failure) = (true, $0.begun + 1, failure) }
            defer { state.withLock { $0.isOn = false } }
            for try await _ in failures {}
        }

        func fail(_ error: any Error) { state.withLock { $0.failure }?.finish(throwing: error) }
    }

    /// A keeper that does what it is told.
    private final class ScriptedKeeper: LeaseKeeper {
        enum Renewal { case granted, lost, unavailable, hang }

        private struct State {
            var renewal = Renewal.granted
            var elects = true
            var isBroken = false
            var renewals = 0
            var releases = 0
            var token: Int64 = 0
        }

        private let state = Mutex(State())
        let vacancy = Bell()

        var renewals: Int { state.withLock { $0.renewals } }
        var releases: Int { state.withLock { $0.releases } }

        func set(_ renewal: Renewal) { state.withLock { $0.renewal = renewal } }
        func refuseElections() { state.withLock { $0.elects = false } }
        func breakElections() { state.withLock { $0.isBroken = true } }
        func allowElections() { state.withLock { $0.elects = true } }

        func acquire(
            _ name: String,
            holder: String,
            for duration: Duration
        ) async throws(LeaseError) -> Lease? {
            if state.withLock({ $0.isBroken }) { throw .unavailable("down") }
            return state.withLock { state in
                guard state.elects else { return nil }
                state.token += 1
                return Lease(
                    holder: holder,
                    token: FencingToken(rawValue: state.token),
                    duration: duration
                )
            }
        }

        func renew(_ name: String, _ lease: Lease) async throws(LeaseError) {
            let renewal = state.withLock { state in
                state.renewals += 1
                return state.renewal
            }
            switch renewal {
            case .granted: return
            case .lost: throw .lost
            case .unavailable: throw .unavailable("down")
            case .hang: for await _ in AsyncStream<Void>.makeStream().stream {}
            }
        }

        func release(_ name: String, _ lease: Lease) async {
            state.withLock { $0.releases += 1 }
        }

        func waitForVacancy(
            _ name: String,
            atMost limit: Duration,
            on clock: any Clock<Duration>
        ) async {
            await vacancy.wait(atMost: limit, on: clock)
        }
    }
}
