import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct CompletionTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test(
        arguments: [
            (RunOutcome.succeeded("42"), RunReason.completed, "42"),
            (.failed("boom"), .handlerFailed, "boom"),
            (.timedOut("10 s"), .timedOut, "10 s"),
            (.killed("killed by an operator"), .killed, "killed by an operator"),
            (
                .failed("block strategy effect：Cover Early [job running, killed]"), .covered,
                "block strategy effect：Cover Early [job running, killed]"
            ),
        ])
    func `a callback ends the run`(outcome: RunOutcome, reason: RunReason, message: String) async throws {
        try await rig.executor()
        let (run, _) = try await rig.running()
        rig.clock.advance(by: .seconds(3))
        await rig.callBack(run.id, outcome)
        let end = try #require(try await rig.runs.run(run.id).end)
        #expect(end == RunEnd(reason, message: message, at: .noon + .seconds(3)))
    }

    @Test(arguments: [
        ("TimeoutError", 10, RunReason.timedOut), ("TimeoutError", 9, .handlerFailed),
        ("boom", 10, .handlerFailed),
        ("context deadline exceeded", 10, .timedOut),
    ])
    func `an executor without a code for time limits says it in words, once the limit has passed`(
        message: String,
        seconds: Int,
        reason: RunReason
    ) async throws {
        try await rig.executor(at: "one", .python)
        let (run, _) = try await rig.running(.sample(schedule: .manual, timeout: .seconds(10)))
        rig.clock.advance(by: .seconds(seconds))
        await rig.callBack(run.id, .failed(message))
        #expect(try await rig.runs.run(run.id).end?.reason == reason)
    }

    @Test(arguments: [RunOutcome.succeeded("42"), .failed("boom")])
    func `what a run was when it was sent hides nothing of what became of it`(
        outcome: RunOutcome
    ) async throws {
        try await rig.executor()
        let (run, _) = try await rig.running(.sample(schedule: .manual, retry: RetryPolicy(limit: 5)))
        let now = try await rig.runs.run(run.id)
        let asSent = JobRun(id: run.id, plan: run.plan, state: .planned(due: .noon))
        let sent = try #require(asSent.dispatched(to: .sample(), at: .noon, resendAt: .noon + .seconds(6)))
        #expect(sent.version != now.version)
        rig.parts.sent.note(sent, at: rig.now)
        let killed = try #require(now.killRequested(at: rig.now))
        _ = try await rig.parts.runs.advance([killed], token: nil)
        await rig.callBack(run.id, outcome)
        let ended = try await rig.runs.run(run.id)
        #expect(ended.end?.reason == (outcome == .succeeded("42") ? .completed : .killed))
        #expect(ended.startedAt == now.startedAt)
        #expect(try await rig.allRuns().count == 1)
        // Told once more, it is not known any more as it was sent.
        await rig.callBack(run.id, .succeeded("again"))
        #expect(try await rig.runs.run(run.id).end?.message == ended.end?.message)
    }

    @Test func `late and repeated callbacks change nothing`() async throws {
        try await rig.executor()
        let (run, _) = try await rig.running(
            .sample(schedule: .manual, retry: RetryPolicy(limit: 5))
        )
        await rig.callBack(run.id, .failed("first"))
        await rig.callBack(run.id, .succeeded("late"))
        await rig.callBack(run.id, .failed("again"))
        #expect(try await rig.runs.run(run.id).end?.message == "first")
        #expect(try await rig.allRuns().count == 2)
        let reading = rig.parts.gauges.reading
        #expect(reading.callbacks == 3)
        #expect(reading.lateCallbacks == 2)
    }

    @Test func `the first of two results in one batch counts`() async throws {
        try await rig.executor()
        let (run, _) = try await rig.running()
        let items = [RunOutcome.succeeded("first"), .failed("second")]
            .map {
                CallbackItem(run: run.id, plannedAt: nil, outcome: $0)
            }
        #expect(try await Completion(rig.parts).complete(items).ended.count == 1)
        #expect(try await rig.runs.run(run.id).end?.message == "first")
    }

    @Test func `a result of an unknown run fails nobody`() async throws {
        try await rig.executor()
        let (run, _) = try await rig.running()
        let items = [RunID(rawValue: 1), run.id]
            .map {
                CallbackItem(run: $0, plannedAt: nil, outcome: .succeeded(nil))
            }
        #expect(await rig.door.callBack(CallbackBatch(items)).isSuccess)
        #expect(try await rig.runs.run(run.id).end?.reason == .completed)
    }

    @Test func `a fixed delay starts when its run ends`() async throws {
        try await rig.executor()
        let lease = try await rig.lead()
        let job = try await rig.jobs.create(.sample(schedule: .after(.seconds(2))))
        var starts: [Moment] = []
        for _ in 0..<3 {
            rig.clock.advance(by: .seconds(2))
            try await rig.plan(under: lease)
            try await rig.dispatch(under: lease)
            let run = try #require(try await rig.allRuns().last)
            starts.append(run.plan.plannedAt)
            #expect(try await rig.jobs.job(job.id).nextTriggerAt == nil)
            rig.clock.advance(by: .seconds(3))
            await rig.callBack(run.id)
        }
        #expect(starts == [2, 7, 12].map { .noon + .seconds($0) })
    }

    @Test func `a failed run with retries left holds back the next fixed delay`() async throws {
        try await rig.executor()
        let lease = try await rig.lead()
        let backoff = Backoff(first: .seconds(1), ceiling: .seconds(1), jitter: 0)
        let job = try await rig.jobs.create(
            .sample(schedule: .after(.seconds(2)), retry: RetryPolicy(limit: 1, backoff: backoff))
        )
        rig.clock.advance(by: .seconds(2))
        try await rig.plan(under: lease)
        try await rig.dispatch(under: lease)
        await rig.callBack(try #require(try await rig.allRuns().last?.id), .failed("boom"))
        #expect(try await rig.jobs.job(job.id).nextTriggerAt == nil)
        rig.clock.advance(by: .seconds(1))
        try await rig.dispatch(under: lease)
        await rig.callBack(try #require(try await rig.allRuns().last?.id))
        #expect(try await rig.jobs.job(job.id).nextTriggerAt == rig.now + .seconds(2))
    }

    @Test(arguments: [
        ("killed: covered by run 3", RunReason.covered, 1), ("killed by an operator", .killed, 1),
        ("killed before it began", .killed, 1), ("killed by OOM killer, exit 137", .handlerFailed, 2),
    ])
    func `that somebody wanted a run to end is not for its handler to say`(
        message: String,
        reason: RunReason,
        count: Int
    ) async throws {
        try await rig.executor()
        let (run, _) = try await rig.running(.sample(schedule: .manual, retry: RetryPolicy(limit: 1)))
        await rig.callBack(run.id, RunOutcome(code: 500, message: message))
        #expect(try await rig.runs.run(run.id).end?.reason == reason)
        #expect(try await rig.allRuns().count == count)
    }
}
