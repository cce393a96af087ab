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

    private func withTerm(_ body: @Sendable () async throws -> Void) async throws {
        let term = LeaderTerm(
            "l",
            holder: "me",
            keeper: keeper,
            clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
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
        private let state = Mutex((isOn: false, begun: 0))

        var isOn: Bool { state.withLock { $0.isOn } }
        var begun: Int { state.withLock { $0.begun } }

        func perform() async throws {
            state.withLock { ($0.isOn, $0.begun) = (true, $0.begun + 1) }
            defer { state.withLock { $0.isOn = false } }
            for await _ in AsyncStream<Void>.makeStream().stream {}
        }
    }

    /// A keeper that does what it is told.
    private final class ScriptedKeeper: LeaseKeeper {
        enum Renewal { case granted, lost, unavailable, hang }

        private struct State {
            var renewal = Renewal.granted
            var elects = true
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
        func allowElections() { state.withLock { $0.elects = true } }

        func acquire(
            _ name: String,
            holder: String,
            for duration: Duration
        ) async throws(LeaseError) -> Lease? {
            state.withLock { state in
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
