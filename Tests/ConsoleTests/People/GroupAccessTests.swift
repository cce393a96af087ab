import Groundwork
import People
import Scheduler
import TestKit
import Testing

@testable import Console

/// Nobody sees or changes what belongs to an executor group of others, in lists or by its number.
@Suite struct GroupAccessTests {
    /// A job and a run of the group `app`, and a job of the group `mine`.
    static func stock(_ bench: ConsoleBench) async throws -> (foreign: JobRun, own: Job) {
        try await bench.executor()
        let run = try await bench.running()
        var spec = JobSpec.sample(schedule: .manual)
        spec.group = "mine"
        return (run, try await bench.parts.jobs.create(spec))
    }

    static func signedIn(_ bench: ConsoleBench, _ role: Role = .operator) async throws -> Browser {
        try await Browser.signedIn(bench, as: role, groups: .only(["mine"]))
    }

    @Test func `lists show the jobs, runs and executors of one's own groups alone`() async throws {
        try await ConsoleBench.use { bench async throws in
            let (foreign, own) = try await Self.stock(bench)
            let run = try #require(try await bench.parts.jobs.trigger(own.id).first)
            var browser = try await Self.signedIn(bench)
            let jobs = try await browser.get("/api/v1/jobs")
            #expect(jobs["items.0.id"] == .integer(own.id.rawValue))
            #expect(jobs["items.1"].isNull)
            let runs = try await browser.get("/api/v1/runs")
            #expect(runs["items.0.id"] == .integer(run.id.rawValue))
            #expect(runs["items.1"].isNull)
            for query in ["group=app", "job=\(foreign.plan.job)", "state=running"] {
                #expect(try await browser.get("/api/v1/runs?\(query)")["items.0"].isNull, "\(query)")
            }
            #expect(try await browser.get("/api/v1/jobs?group=app")["items.0"].isNull)
            #expect(try await browser.get("/api/v1/executors")["items.0"].isNull)
            for path in ["/", "/executors"] {
                #expect(try await !browser.get(path).words.split(separator: " ").contains("app"), "\(path)")
            }
        }
    }

    @Test(arguments: Role.allCases)
    func `#3705, #3771, #3936: a job, a run and a log of another group are not there`(
        role: Role
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            let (run, _) = try await Self.stock(bench)
            let job = run.plan.job
            var browser = try await Self.signedIn(bench, role)
            for path in [
                "/api/v1/jobs/\(job)", "/api/v1/jobs/\(job)/next", "/api/v1/runs/\(run.id)",
                "/api/v1/runs/\(run.id)/log", "/api/v1/runs/\(run.id)/log?follow=true", "/runs/\(run.id)",
                "/runs/\(run.id)/events", "/runs/\(run.id)/log",
            ] {
                #expect(try await browser.get(path).status == 404, "\(path)")
            }
        }
    }

    @Test func `what is of another group looks like what is not there`() async throws {
        try await ConsoleBench.use { bench async throws in
            let (run, _) = try await Self.stock(bench)
            var browser = try await Self.signedIn(bench)
            let foreign = try await browser.get("/api/v1/jobs/\(run.plan.job)")
            let missing = try await browser.get("/api/v1/jobs/999")
            #expect(missing["message"] == "job 999 is not known")
            #expect(
                foreign["message"].text?.replacing("\(run.plan.job)", with: "999") == missing["message"].text
            )
        }
    }

    @Test func `buttons of another group's jobs and runs do nothing`() async throws {
        try await ConsoleBench.use { bench async throws in
            let (run, own) = try await Self.stock(bench)
            let before = try await bench.parts.jobs.job(run.plan.job)
            var browser = try await Self.signedIn(bench)
            let token = try browser.formToken(in: try await browser.get("/"))
            for path in [
                "/jobs/\(before.id)/trigger", "/jobs/\(before.id)/disable", "/jobs/\(before.id)/enable",
                "/runs/\(run.id)/kill",
            ] {
                #expect(try await browser.post(path, ["form_token": token]).status == 404, "\(path)")
            }
            #expect(try await bench.parts.jobs.job(before.id) == before)
            #expect(try await bench.parts.runs.run(run.id) == run)
            #expect(try await browser.post("/jobs/\(own.id)/trigger", ["form_token": token]).status == 303)
        }
    }

    @Test func `the page of runs does not tell the name of another group's job`() async throws {
        try await ConsoleBench.use { bench async throws in
            var spec = JobSpec.sample(schedule: .manual)
            spec.name = "payroll-secret"
            let job = try await bench.parts.jobs.create(spec)
            var browser = try await Self.signedIn(bench)
            #expect(try await !browser.get("/runs?job=\(job.id)").text.contains("payroll-secret"))
        }
    }

    @Test func `a job is neither made in another group nor made to trigger one there`() throws {
        let user = try User.sample(groups: .only(["mine"]))
        var spec = JobSpec.sample(schedule: .manual)
        spec.group = "mine"
        try Caller(user).check(spec)
        spec.children = [ChildJob(JobName("next"))]
        try Caller(user).check(spec)
        spec.children = [ChildJob(JobName("app/next"))]
        #expect(throws: Forbidden.self) { try Caller(user).check(spec) }
        spec.children = []
        spec.group = "app"
        #expect(throws: Forbidden.self) { try Caller(user).check(spec) }
        try Caller.token.check(spec)
    }

    @Test func `what an administrator had a job trigger elsewhere stays as it is, or goes`() throws {
        let user = try User.sample(groups: .only(["mine"]))
        var old = JobSpec.sample(schedule: .manual)
        old.group = "mine"
        old.children = [ChildJob(JobName("app/next"))]
        var spec = old
        spec.params = "other"
        try Caller(user).check(spec, over: old)
        for change in [
            ChildJob(JobName("app/next"), on: .end), ChildJob(JobName("app/next"), params: .parent),
            ChildJob(JobName("app/next"), isPerShard: true),
        ] {
            spec.children = [change]
            #expect(throws: Forbidden.self) { try Caller(user).check(spec, over: old) }
        }
        spec.children = []
        try Caller(user).check(spec, over: old)
    }
}
