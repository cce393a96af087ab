import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// What an executor that fetches its runs is told, and what becomes of what it says.
@Suite(.timeLimit(.minutes(1))) struct PullDoorTests {
    private let rig: SchedulerRig
    private let address = ExecutorAddress(stored: "kpush-pull://one")

    init() throws {
        rig = try SchedulerRig()
    }

    @Test func `a run is given until it is confirmed, and runs then`() async throws {
        let lease = try await rig.lead()
        _ = try await pull()
        let run = try await handed(under: lease)
        #expect(run.state.name == .dispatching)
        // The first answer is lost.
        for _ in 0..<2 { #expect(try await pull().runs.map(\.run) == [run.id]) }
        #expect(try await pull { $0.accepted = [run.id] }.isEmpty)
        let running = try await rig.runs.run(run.id)
        #expect(running.state == .running)
        #expect(running.executor == ExecutorReference(address: address, instance: "first"))
        // Said again, because that answer was lost as well.
        #expect(try await pull { $0.accepted = [run.id] }.isEmpty)
        #expect(try await rig.runs.run(run.id) == running)
        await rig.callBack(run.id, .succeeded("done"))
        #expect(try await rig.runs.run(run.id).end?.reason == .completed)
    }

    @Test func `a run of which the executor heard is not given again while it says no more`() async throws {
        let lease = try await rig.lead()
        _ = try await pull()
        let run = try await handed(under: lease)
        let lost = try #require(try await pull().name)
        let heard = try #require(try await pull().name)
        #expect(lost != heard)
        #expect(try await pull { $0.heard = heard }.isEmpty)
        #expect(try await pull { $0.heard = heard }.isEmpty)
        // Another leader marks it anew, and nobody knows what came of that mark.
        try await rig.dispatch(under: try await rig.lead())
        let again = try await pull { $0.heard = heard }
        #expect(again.runs.map(\.run) == [run.id])
        #expect(try await pull { $0.heard = again.name }.isEmpty)
        rig.clock.advance(by: RecentRuns.memory)
        #expect(try await pull { $0.heard = again.name }.isEmpty)
        rig.clock.advance(by: RecentRuns.memory)
        #expect(try await pull { $0.heard = again.name }.runs.map(\.run) == [run.id])
        let last = try #require(try await pull().name)
        #expect(try await pull { $0.heard = last }.isEmpty)
        // What was here before has nothing of what the process before had.
        let other = try await pull { ($0.heard, $0.instance) = (last, "second") }
        #expect(other.runs.map(\.run) == [run.id])
        await rig.callBack(run.id, .succeeded("done"))
        let ended = try await rig.runs.run(run.id)
        #expect(ended.end?.reason == .completed)
        #expect(ended.startedAt == ended.dispatchedAt)
    }

    @Test
    func `a run that its executor tells of late began when it came there, and not before it was handed over`()
        async throws
    {
        let lease = try await rig.lead()
        _ = try await pull()
        for (age, lateness) in [(400, 600), (5_000, 0)] as [(Int64, Int64)] {
            let run = try await handed("job-\(age)", under: lease)
            _ = try await pull()
            rig.clock.advance(by: .seconds(1))
            _ = try await pull { ($0.accepted, $0.acceptedFor) = ([run.id], [age]) }
            let running = try await rig.runs.run(run.id)
            let (start, sent) = (try #require(running.startedAt), try #require(running.dispatchedAt))
            #expect(start - sent == .milliseconds(lateness))
            await rig.callBack(run.id)
        }
    }

    @Test func `what was just left to an executor is told without a look at the store, for a second at most`()
        async throws
    {
        let lease = try await rig.lead()
        _ = try await pull()
        let run = try await handed(under: lease)
        let heard = try await pull().name
        // The store knows nothing of these.
        let offers = (1...2)
            .map { number in
                JobRun(
                    id: RunID(rawValue: run.id.rawValue + number),
                    plan: run.plan,
                    state: run.state,
                    executor: run.executor,
                    dispatchedAt: run.dispatchedAt
                )
            }
        rig.parts.pulls.offer([offers[0]], to: address)
        let told = try await pull { $0.heard = heard }
        #expect(told.runs.map(\.run) == [offers[0].id])
        rig.parts.pulls.offer([offers[1]], to: address)
        rig.clock.advance(by: Offers.pace)
        #expect(try await pull { $0.heard = told.name }.runs.isEmpty)
    }

    @Test func `what is refused and comes again is given again`() async throws {
        let lease = try await rig.lead()
        _ = try await pull()
        let run = try await handed(under: lease)
        let name = try await pull().name
        _ = try await pull {
            $0.heard = name
            $0.refused = [PullRequest.Refusal(run: run.id, message: WireText.notNow + "full")]
        }
        rig.clock.advance(by: .seconds(1))
        try await rig.dispatch(under: lease)
        #expect(try await pull { $0.heard = name }.runs.map(\.run) == [run.id])
    }

    @Test func `no more runs are given than there are seats, and none is handed over to the full`()
        async throws
    {
        let lease = try await rig.lead()
        _ = try await pull { $0.capacity = 3 }
        for number in 0..<3 { _ = try await handed("job-\(number)", under: lease) }
        #expect(try await pull { ($0.capacity, $0.seats) = (3, 2) }.runs.count == 2)
        #expect(try await pull { ($0.capacity, $0.seats) = (3, 0) }.runs.isEmpty)
        let full = Seating(
            try await rig.runs.executors(),
            loads: try await rig.parts.runs.loads(),
            underWay: [:]
        )
        let executor = try #require(try await rig.runs.executors().first)
        #expect(!full.hasRoom(at: executor))
        #expect(full.full(among: [executor], at: rig.now) == ["app"])
        var free = Seating([executor], loads: [address: 1], underWay: [address: 1])
        #expect(free.hasRoom(at: executor))
        free.take(at: executor)
        #expect(!free.hasRoom(at: executor))
    }

    @Test func `another leader between the mark and the answer doubles nothing`() async throws {
        _ = try await pull()
        let run = try await handed(under: try await rig.lead())
        try await rig.dispatch(under: try await rig.lead())
        let marked = try await rig.runs.run(run.id)
        #expect(marked.token != run.token)
        #expect(marked.state.name == .dispatching)
        #expect(try await pull().runs.map(\.run) == [run.id])
        _ = try await pull { $0.accepted = [run.id] }
        try await rig.dispatch(under: try await rig.lead())
        #expect(try await rig.runs.run(run.id).state == .running)
        #expect(try await pull().isEmpty)
    }

    @Test func `a run that is refused for now goes to another, one that is refused for good ends`()
        async throws
    {
        let lease = try await rig.lead()
        _ = try await pull()
        let (first, second) = (
            try await handed("one", under: lease), try await handed("two", under: lease)
        )
        _ = try await pull {
            $0.capacity = 0
            $0.isLeaving = false
            $0.refused = [
                PullRequest.Refusal(run: first.id, message: WireText.notNow + "the executor shuts down"),
                PullRequest.Refusal(run: second.id, message: "no such handler"),
            ]
        }
        #expect(try await rig.runs.run(second.id).end?.reason == .dispatchFailed)
        #expect(try await rig.runs.run(second.id).end?.message == "no such handler")
        #expect(try await rig.runs.run(first.id).state.name == .planned)
        let other = try await rig.executor(at: "other")
        try await rig.parts.registry.signOff(group: "app", address: address, at: rig.now)
        rig.clock.advance(by: .seconds(1))
        try await rig.dispatch(under: lease)
        #expect(other.started == [first.id])
        // What it says of a run that another has changes nothing.
        _ = try await pull { $0.refused = [PullRequest.Refusal(run: first.id, message: "no such handler")] }
        #expect(try await rig.runs.run(first.id).state == .running)
    }

    @Test func `a kill is told once in a while until the executor says how the run ended`() async throws {
        let lease = try await rig.lead()
        _ = try await pull()
        let run = try await handed(under: lease)
        _ = try await pull { $0.accepted = [run.id] }
        guard case .requested = try await rig.runs.kill(run.id) else {
            Issue.record("the executor cannot have confirmed")
            return
        }
        let kill = PullAnswer.Kill(run: run.id, plannedAt: run.plan.plannedAt)
        #expect(try await pull().kills == [kill])
        #expect(try await pull().kills.isEmpty)
        rig.clock.advance(by: .seconds(5))
        #expect(try await pull().kills == [kill])
        await rig.callBack(run.id, .killed("killed by an operator"))
        #expect(try await rig.runs.run(run.id).end?.reason == .killed)
        rig.clock.advance(by: .seconds(5))
        #expect(try await pull().isEmpty)
    }

    @Test func `a run whose end was asked for before it was fetched is not given`() async throws {
        let lease = try await rig.lead()
        _ = try await pull()
        let run = try await handed(under: lease)
        _ = try await rig.runs.kill(run.id)
        let answer = try await pull()
        #expect(answer.runs.isEmpty)
        #expect(answer.kills.map(\.run) == [run.id])
    }

    @Test func `what ended here without its executor is to end there`() async throws {
        let lease = try await rig.lead()
        _ = try await pull()
        let (late, open) = (try await handed("late", under: lease), try await handed("open", under: lease))
        _ = try await pull { $0.accepted = [late.id, open.id] }
        let end = RunEnd(.timedOut, at: rig.now)
        _ = try await RunCloser(rig.parts).close(try await rig.runs.run(late.id), end, token: lease.token)
        #expect(try await pull { $0.holds = [late.id, open.id] }.kills.map(\.run) == [late.id])
        #expect(try await pull { $0.holds = [late.id, open.id] }.isEmpty)
    }

    @Test func `who leaves gives back what it never got, and keeps what it has`() async throws {
        let lease = try await rig.lead()
        _ = try await pull()
        let (got, lost) = (try await handed("got", under: lease), try await handed("lost", under: lease))
        _ = try await pull {
            $0.isLeaving = true
            $0.holds = [got.id]
        }
        #expect(try await rig.runs.run(got.id).state.name == .dispatching)
        #expect(try await rig.runs.run(lost.id).state.name == .planned)
        let executor = try #require(try await rig.runs.executors().first)
        #expect(executor.hasLeft)
        let other = try await rig.executor(at: "other")
        rig.clock.advance(by: .seconds(1))
        try await rig.dispatch(under: lease)
        #expect(other.started == [lost.id])
    }

    @Test func `a waiting call is answered as soon as there is a run, and a second call ends the first`()
        async throws
    {
        let lease = try await rig.lead()
        _ = try await pull()
        async let first = pull { $0.waitMilliseconds = 25_000 }
        await rig.clock.sleepers(1)
        async let second = pull { $0.waitMilliseconds = 25_000 }
        let replaced = try await first
        #expect(replaced.isEmpty)
        await rig.clock.sleepers(1)
        let run = try await handed(under: lease)
        let told = try await second
        #expect(told.runs.map(\.run) == [run.id])
    }

    @Test func `a call is answered when its time is over, and counts as a beat every ten seconds`()
        async throws
    {
        _ = try await pull()
        let heard = try #require(try await rig.runs.executors().first?.lastSeenAt)
        for second in 1...12 {
            rig.clock.advance(by: .seconds(1))
            _ = try await pull()
            let seen = try #require(try await rig.runs.executors().first?.lastSeenAt)
            #expect(seen - heard == .seconds(second < 10 ? 0 : 10))
        }
        async let waiting = pull { $0.waitMilliseconds = 1_000 }
        await rig.clock.sleepers(1)
        rig.clock.advance(by: .seconds(1))
        let answer = try await waiting
        #expect(answer.isEmpty)
    }

    @Test func `a page of a log goes up with the call after the one that asked for it`() async throws {
        let lease = try await rig.lead()
        _ = try await pull()
        let run = try await handed(under: lease)
        _ = try await pull { $0.accepted = [run.id] }
        async let page = RunLogReader(rig.parts).page(run.id, from: 1)
        await rig.clock.sleepers(1)
        let question = try #require(try await pull().questions.first)
        #expect(question.request.run == run.id)
        let content = LogPage(fromLine: 1, toLine: 1, content: "working\n", isEnd: false)
        _ = try await pull { $0.pages = [PulledPage(id: question.id, page: content)] }
        let shown = try await page
        #expect(shown.text == "working\n")
        #expect(try await pull().questions.isEmpty)
    }

    @Test func `a page that nobody brings is given up`() async throws {
        let lease = try await rig.lead()
        _ = try await pull()
        let run = try await handed(under: lease)
        _ = try await pull { $0.accepted = [run.id] }
        async let page = RunLogReader(rig.parts).page(run.id, from: 1)
        await rig.clock.sleepers(1)
        rig.clock.advance(by: .seconds(5))
        do {
            let shown = try await page
            Issue.record("nobody can have brought \(shown)")
        } catch {
            guard case .executor = error as? SchedulerError else { throw error }
        }
    }

    @Test(arguments: ["http://one:9999", "kpush-pull://", "kpush-pull://a/b", "kpush-pull://\u{e9}"])
    func `an address of another form is refused with its field`(address: String) async {
        let request = PullRequest(appName: "app", address: address, instance: "i", capacity: 1, seats: 1)
        let envelope = await rig.door.pull(request)
        #expect(!envelope.isSuccess)
        #expect(envelope.message?.contains("address must be kpush-pull://NAME") == true)
    }

    @Test func `a run that waits for an idle executor is not given to one that has a run of its job`()
        async throws
    {
        let lease = try await rig.lead()
        _ = try await pull()
        let spec = JobSpec.sample(schedule: .manual, overlap: .coverEarly, route: .busyover)
        let job = try await rig.jobs.create(spec)
        let first = try #require(try await rig.jobs.trigger(job.id).first)
        try await rig.dispatch(under: lease)
        #expect(try await pull().runs.map(\.run) == [first.id])
        _ = try await pull { $0.accepted = [first.id] }
        rig.clock.advance(by: .seconds(1))
        let second = try #require(try await rig.jobs.trigger(job.id).first)
        try await rig.dispatch(under: lease)
        #expect(try await rig.runs.run(second.id).end?.reason == .dispatchFailed)
        #expect(try await rig.runs.run(first.id).state == .running)
    }

    /// Calls the door as the executor does.
    private func pull(_ change: @Sendable (inout PullRequest) -> Void = { _ in }) async throws -> PullAnswer {
        var request = PullRequest(
            appName: "app",
            address: address.url,
            instance: "first",
            capacity: 256,
            seats: 256
        )
        change(&request)
        let envelope = await rig.door.answer("pull", request.json, from: rig.caller)
        try #require(envelope.isSuccess, "\(envelope.message ?? "")")
        return try PullAnswer(wire: envelope.payload)
    }

    /// A run of a new job, handed over.
    private func handed(_ name: String = "sample", under lease: Lease) async throws -> JobRun {
        let job = try await rig.jobs.create(.sample(name, schedule: .manual))
        let run = try #require(try await rig.jobs.trigger(job.id).first)
        try await rig.dispatch(under: lease)
        return try await rig.runs.run(run.id)
    }
}
