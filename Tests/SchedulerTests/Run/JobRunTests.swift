import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct JobRunTests {
    @Test func `a run goes from planned over dispatching and running to its end`() throws {
        let planned = run(.planned(due: .noon))
        let sent = try #require(planned.dispatched(to: .sample(), at: .noon, resendAt: later))
        #expect(sent.state == .dispatching(sends: 1, resendAt: later))
        let running = try #require(sent.accepted(at: later))
        #expect(running.state == .running)
        let end = RunEnd(.completed, message: "done", at: later)
        let ended = try #require(running.ended(end))
        #expect(ended.end == end)
        #expect(!ended.isOpen)
        #expect(ended.executor == .sample())
    }

    @Test func `what a state does not allow gives no run`() {
        let end = RunState.ended(RunEnd(.killed, at: .noon))
        #expect(run(.planned(due: .noon)).accepted(at: .noon) == nil)
        #expect(run(.running).dispatched(to: .sample(), at: .noon, resendAt: later) == nil)
        #expect(run(.running).postponed(until: later, at: .noon) == nil)
        #expect(run(.running).accepted(at: .noon) == nil)
        for change in [
            run(end).dispatched(to: .sample(), at: .noon, resendAt: later),
            run(end).postponed(until: later, at: .noon),
            run(end).accepted(at: .noon),
            run(end).ended(RunEnd(.completed, at: later)),
            run(end).killRequested(at: .noon),
        ] {
            #expect(change == nil)
        }
    }

    @Test func `a run that is sent again counts its requests and keeps its first instant`() throws {
        let sent = try #require(
            run(.planned(due: .noon)).dispatched(to: .sample(), at: .noon, resendAt: later)
        )
        let again = try #require(sent.dispatched(to: .sample(), at: later, resendAt: later))
        #expect(again.state == .dispatching(sends: 2, resendAt: later))
        #expect(again.dispatchedAt == .noon)
    }

    @Test func `a run that reached nobody is with nobody, and remembers since when`() throws {
        let sent = try #require(
            run(.planned(due: .noon)).dispatched(to: .sample(), at: .noon, resendAt: later)
        )
        let waiting = try #require(sent.postponed(until: later, at: .noon))
        #expect(waiting.executor == nil)
        #expect(waiting.dispatchedAt == nil)
        #expect(waiting.unreachedSince == .noon)
        let still = try #require(waiting.postponed(until: later, at: later))
        #expect(still.unreachedSince == .noon)
    }

    @Test func `only a running run with a limit has a deadline`() throws {
        let terms = RunTerms(.sample(timeout: .seconds(10)))
        let sent = try #require(
            run(.planned(due: .noon), terms).dispatched(to: .sample(), at: .noon, resendAt: later)
        )
        #expect(sent.deadline(grace: .seconds(30)) == nil)
        let running = try #require(sent.accepted(at: .noon))
        #expect(running.deadline(grace: .seconds(30)) == .noon + .seconds(40))
        #expect(run(.running).deadline(grace: .seconds(30)) == nil)
    }

    @Test(arguments: RunReason.allCases)
    func `only failures that nobody decided on are retried`(reason: RunReason) throws {
        let terms = RunTerms(.sample(retry: RetryPolicy(limit: 1)))
        let closing = try #require(RunClosing(run(.running, terms), RunEnd(reason, at: .noon)))
        let retried: Set<RunReason> = [
            .handlerFailed, .timedOut, .executorLost, .dispatchFailed, .noExecutor,
        ]
        #expect((closing.retry != nil) == retried.contains(reason))
    }

    @Test func `retries come at growing distances, keep the planned instant and end at the limit`() throws {
        let backoff = Backoff(first: .seconds(2), ceiling: .seconds(60), factor: 2, jitter: 0)
        let terms = RunTerms(.sample(retry: RetryPolicy(limit: 3, backoff: backoff)))
        var current = run(.running, terms)
        var waits: [Duration] = []
        while let retry = RunClosing(current, RunEnd(.handlerFailed, at: later))?.retry {
            guard case .planned(let due) = retry.state else { break }
            waits.append(due - later)
            #expect(retry.plan.plannedAt == .noon)
            #expect(retry.plan.parent == current.id)
            current = JobRun(id: RunID(rawValue: Int64(waits.count) + 1), plan: retry.plan, state: .running)
        }
        #expect(waits == [.seconds(2), .seconds(4), .seconds(8)])
        #expect(current.plan.attempt == 4)
    }

    private let later = Moment.noon + .seconds(6)

    private func run(_ state: RunState, _ terms: RunTerms = RunTerms(.sample())) -> JobRun {
        let new = NewRun.sample(of: JobID(rawValue: 1), terms: terms)
        return JobRun(id: RunID(rawValue: 1), plan: new.plan, state: state)
    }
}
