import Groundwork
import Scheduler
import TestKit
import Testing

@testable import Console

@Suite struct LatenessTests {
    @Test func `a job without runs has none of it, and what makes no sense is refused`() async throws {
        try await ConsoleBench.use { bench in
            let job = try await bench.parts.jobs.create(JobSpec(name: "j", group: "app", handler: "h"))
            let path = "/api/v1/jobs/\(job.id)/lateness"
            let report = try await bench.get(path)
            #expect(report["runs"] == 0)
            #expect(report["from"] == .null)
            #expect(report["start"] == .null)
            #expect(report["stages.sent"] == .null)
            #expect(try await bench.get(path + "?runs=0")["field"] == "runs")
            #expect(try await bench.get("/api/v1/jobs/99/lateness").status == 404)
        }
    }

    @Test func `runs of a schedule are told in seconds, over the API and on the page of their job`()
        async throws
    {
        try await ConsoleBench.use { bench async throws in
            try await bench.executor()
            let start = bench.clock.calendar.now
            let job = try await bench.parts.jobs.create(
                JobSpec(name: "j", group: "app", schedule: .every(.seconds(10)), handler: "h")
            )
            // What a leader does: planned when due, sent half a second later, accepted a second after that.
            let due = start + .seconds(10)
            let plan = RunPlan(job: job.id, plannedAt: due, trigger: .schedule, terms: RunTerms(job.spec))
            let run = try #require(
                try await bench.scheduler.runs.add([NewRun(plan, .planned(due: due))]).first
            )
            let executor = ExecutorReference(
                address: ExecutorAddress(stored: "http://one:9999"),
                instance: nil
            )
            let sentAt = due + .milliseconds(500)
            let sent = try #require(run.dispatched(to: executor, at: sentAt, resendAt: due + .seconds(60)))
            let stored = try #require(try await bench.scheduler.runs.advance([sent], token: nil).first)
            let accepted = try #require(stored.accepted(at: due + .milliseconds(1_500)))
            _ = try await bench.scheduler.runs.advance([accepted], token: nil)
            let report = try await bench.get("/api/v1/jobs/\(job.id)/lateness")
            #expect(report["runs"] == 1)
            #expect(report["from"] == "2030-01-15T04:00:10.000Z")
            #expect(report["stages.sent.p50"] == .number(0.5))
            #expect(report["stages.accepted.p99"].wholeNumber == 1)
            #expect(report["start.longest"] == .number(1.5))
            #expect(report["stages.ended"] == .null)
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.get("/jobs/\(job.id)")
            for fact in ["How late its last runs were", "due to accepted", "500 ms"] {
                #expect(page.words.contains(fact), "\(fact)")
            }
        }
    }
}
