import Groundwork
import People
import Scheduler
import TestKit
import Testing

@testable import Console

/// What counts, exports, clears, copies or names jobs and runs does so for one's own executor groups alone.
@Suite struct GroupHistoryAccessTests {
    /// A run of the group `app` that is under way, and a job of the group `mine`.
    private static func stock(_ bench: ConsoleBench) async throws -> (foreign: JobRun, own: Job) {
        try await bench.executor()
        let run = try await bench.running()
        var spec = JobSpec.sample(schedule: .manual)
        spec.group = "mine"
        return (run, try await bench.parts.jobs.create(spec))
    }

    private static func signedIn(_ bench: ConsoleBench, _ role: Role = .operator) async throws -> Browser {
        try await Browser.signedIn(bench, as: role, groups: .only(["mine"]))
    }

    private static func formToken(_ browser: inout Browser) async throws -> String {
        try browser.formToken(in: try await browser.get("/"))
    }

    @Test func `a file of runs holds those of one's own groups`() async throws {
        try await ConsoleBench.use { bench async throws in
            let (foreign, own) = try await Self.stock(bench)
            let run = try #require(try await bench.parts.jobs.trigger(own.id).first)
            var browser = try await Self.signedIn(bench)
            for query in ["", "?group=app", "?job=\(foreign.plan.job)"] {
                let file = try await browser.get("/api/v1/runs.csv\(query)")
                let rows = file.text.split(separator: "\r\n").dropFirst()
                let expected = query.isEmpty ? ["\"\(run.id)\""] : []
                #expect(rows.map { String($0.prefix { $0 != "," }) } == expected, "\(query)")
            }
        }
    }

    @Test func `runs by day are counted for one's own groups`() async throws {
        try await ConsoleBench.use { bench async throws in
            _ = try await Self.stock(bench)
            try await bench.count()
            let all = try await bench.get("/api/v1/runs/days")
            #expect(all["items.6.total"] == 1)
            var browser = try await Self.signedIn(bench)
            for query in ["", "?group=app"] {
                #expect(try await browser.get("/api/v1/runs/days\(query)")["items.6.total"] == 0, "\(query)")
            }
            let page = try await browser.get("/")
            #expect(page.words.contains("No run in these days."))
            #expect(!page.text.contains("group=app"))
        }
    }

    @Test func `runs of other groups, or of all, are not cleared`() async throws {
        try await ConsoleBench.use { bench async throws in
            let (foreign, own) = try await Self.stock(bench)
            await bench.finish(foreign)
            var browser = try await Self.signedIn(bench)
            let token = try await Self.formToken(&browser)
            for (scope, status) in [
                ("", 403), ("&group=app", 403), ("&job=\(foreign.plan.job)", 404), ("&group=mine", 303),
                ("&job=\(own.id)", 303),
            ] {
                let path = "/runs/clear?newest=0\(scope)"
                #expect(try await browser.get(path).status == (status == 303 ? 200 : status), "\(scope)")
                #expect(try await browser.post(path, ["form_token": token]).status == status, "\(scope)")
            }
            #expect(try await bench.parts.runs.run(foreign.id).id == foreign.id)
        }
    }

    @Test(arguments: Role.allCases)
    func `a record of another group is not there`(role: Role) async throws {
        try await ConsoleBench.use { bench async throws in
            let names = ["other", "mine"]
            for name in names {
                #expect(try await bench.post("/api/v1/groups", "{\"name\":\"\(name)\"}").status == 201)
            }
            var browser = try await Self.signedIn(bench, role)
            let list = try await browser.get("/api/v1/groups")
            #expect(list["items.0.name"] == "mine")
            #expect(list["items.1"].isNull)
            for (id, status) in [(1, 404), (2, 200)] {
                #expect(try await browser.get("/api/v1/groups/\(id)").status == status)
                #expect(try await browser.get("/executors/\(id)").status == status)
            }
            let token = try await Self.formToken(&browser)
            for button in ["edit", "token", "shared-token", "delete"] {
                #expect(try await browser.post("/executors/1/\(button)", ["form_token": token]).status == 404)
            }
            let renewed = try await browser.post("/executors/2/token", ["form_token": token])
            #expect(renewed.status == (role == .admin ? 200 : 403))
        }
    }

    @Test func `a job's page and form name no job of another group`() async throws {
        try await ConsoleBench.use { bench async throws in
            let (foreign, own) = try await Self.stock(bench)
            var parent = JobSpec.sample(schedule: .manual)
            parent.name = "payroll-secret"
            parent.children = [ChildJob(own.spec.fullName)]
            let above = try await bench.parts.jobs.create(parent)
            var browser = try await Self.signedIn(bench)
            for path in [
                "/jobs/\(own.id)", "/jobs/\(own.id)/edit", "/jobs/new", "/jobs", "/runs?job=payroll",
            ] {
                let page = try await browser.get(path)
                #expect(page.status == 200)
                let shown = page.text.replacing("q=payroll", with: "").replacing("job=payroll", with: "")
                #expect(!shown.contains("payroll-secret"), "\(path)")
                #expect(!shown.contains("value=\"app\""), "\(path)")
            }
            for id in [foreign.plan.job, above.id] {
                for page in ["", "/edit", "/copy"] {
                    #expect(try await browser.get("/jobs/\(id)\(page)").status == 404)
                }
            }
        }
    }

    @Test func `a form makes no job in another group and moves none there`() async throws {
        try await ConsoleBench.use { bench async throws in
            let (_, own) = try await Self.stock(bench)
            var browser = try await Self.signedIn(bench)
            let token = try await Self.formToken(&browser)
            var spec = JobSpec(name: "sly", group: "app", schedule: .manual, handler: "tidy")
            var form = JobInput(spec).texts
            form["form_token"] = token
            #expect(try await browser.post("/jobs/new", form).status == 403)
            form["version"] = "\(own.version)"
            #expect(try await browser.post("/jobs/\(own.id)/edit", form).status == 403)
            #expect(try await bench.parts.jobs.job(own.id) == own)
            spec.group = "mine"
            spec.children = [ChildJob(JobName("app/tidy"))]
            form = JobInput(spec).texts
            form["form_token"] = token
            #expect(try await browser.post("/jobs/new", form).status == 403)
            spec.children = []
            form = JobInput(spec).texts
            form["form_token"] = token
            #expect(try await browser.post("/jobs/new", form).status == 303)
        }
    }

    @Test func `runs that a job had in another group stay hidden when it moves`() async throws {
        try await ConsoleBench.use { bench async throws in
            let (foreign, _) = try await Self.stock(bench)
            let job = try await bench.parts.jobs.job(foreign.plan.job)
            var moved = job.spec
            (moved.group, moved.name) = ("mine", "moved")
            _ = try await bench.parts.jobs.update(job.id, version: job.version, to: moved)
            var browser = try await Self.signedIn(bench)
            for path in ["/jobs/\(job.id)", "/jobs", "/runs?job=\(job.id)"] {
                let page = try await browser.get(path)
                #expect(page.status == 200)
                #expect(!page.text.contains("/runs/\(foreign.id)\""), "\(path)")
            }
        }
    }

    @Test func `a job that triggers one of another group may be changed in other things`() throws {
        var old = JobSpec.sample(schedule: .manual)
        old.group = "mine"
        old.children = [ChildJob(JobName("app/next"))]
        var spec = old
        spec.summary = "better"
        let caller = Caller(try User.sample(groups: .only(["mine"])))
        try caller.check(spec, over: old)
        spec.children.append(ChildJob(JobName("app/other")))
        #expect(throws: Forbidden.self) { try caller.check(spec, over: old) }
    }
}
