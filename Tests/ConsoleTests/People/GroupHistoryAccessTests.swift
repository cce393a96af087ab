import Groundwork
import People
import Scheduler
import TestKit
import Testing

@testable import Console

/// What counts, exports, clears, copies or names jobs and runs does so for one's own executor groups alone.
@Suite struct GroupHistoryAccessTests {
    private static func formToken(_ browser: inout Browser) async throws -> String {
        try browser.formToken(in: try await browser.get("/"))
    }

    @Test func `a file of runs holds those of one's own groups`() async throws {
        try await ConsoleBench.use { bench async throws in
            let (foreign, own) = try await GroupAccessTests.stock(bench)
            let run = try #require(try await bench.parts.jobs.trigger(own.id).first)
            var browser = try await GroupAccessTests.signedIn(bench)
            for query in ["", "?group=app", "?job=\(foreign.plan.job)"] {
                let file = try await browser.get("/api/v1/runs.csv\(query)")
                let rows = file.text.split(separator: "\r\n").dropFirst()
                let expected = query.isEmpty ? ["\"\(run.id)\""] : []
                #expect(rows.map { String($0.prefix { $0 != "," }) } == expected, "\(query)")
            }
        }
    }

    @Test func `what a job was in a foreign group is neither shown nor restored`() async throws {
        try await ConsoleBench.use { bench async throws in
            let (foreign, own) = try await GroupAccessTests.stock(bench)
            let id = foreign.plan.job
            var spec = try await bench.parts.jobs.job(id).spec
            spec.group = own.spec.group
            spec.name = "moved"
            let moved = try await bench.parts.jobs.update(id, version: 1, to: spec)
            var browser = try await GroupAccessTests.signedIn(bench)
            let list = try await browser.get("/api/v1/jobs/\(id)/versions")
            #expect(list["items.0.version"] == .integer(moved.version))
            #expect(list["items.1"].isNull)
            let versions = "/api/v1/jobs/\(id)/versions"
            #expect(try await browser.get("\(versions)/\(moved.version)").status == 200)
            #expect(try await browser.get("\(versions)/1").status == 404)
            let page = "/jobs/\(id)/history"
            #expect(try await browser.get("\(page)?from=1&to=\(moved.version)").status == 404)
            let form = ["form_token": try await Self.formToken(&browser)]
            let restore = try await browser.post("\(page)/1/restore?from=\(moved.version)", form)
            #expect(restore.status == 404)
            #expect(try await bench.parts.jobs.job(id).spec == spec)
        }
    }

    @Test func `runs by day are counted for one's own groups`() async throws {
        try await ConsoleBench.use { bench async throws in
            _ = try await GroupAccessTests.stock(bench)
            try await bench.count()
            let all = try await bench.get("/api/v1/runs/days")
            #expect(all["items.6.total"] == 1)
            var browser = try await GroupAccessTests.signedIn(bench)
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
            let (foreign, own) = try await GroupAccessTests.stock(bench)
            await bench.finish(foreign)
            var browser = try await GroupAccessTests.signedIn(bench)
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

    @Test func `runs that a job had in another group are not cleared with it`() async throws {
        try await ConsoleBench.use { bench async throws in
            let (foreign, own) = try await GroupAccessTests.stock(bench)
            await bench.finish(foreign)
            let id = foreign.plan.job
            var spec = try await bench.parts.jobs.job(id).spec
            (spec.group, spec.name) = (own.spec.group, "moved")
            _ = try await bench.parts.jobs.update(id, version: 1, to: spec)
            var browser = try await GroupAccessTests.signedIn(bench)
            let token = try await Self.formToken(&browser)
            for (scope, status) in [("job=\(id)", 403), ("group=\(own.spec.group)", 303)] {
                let path = "/runs/clear?newest=0&\(scope)"
                #expect(try await browser.post(path, ["form_token": token]).status == status)
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
            var browser = try await GroupAccessTests.signedIn(bench, role)
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
            let (foreign, own) = try await GroupAccessTests.stock(bench)
            var parent = JobSpec.sample(schedule: .manual)
            parent.name = "payroll-secret"
            parent.children = [ChildJob(own.spec.fullName)]
            let above = try await bench.parts.jobs.create(parent)
            var browser = try await GroupAccessTests.signedIn(bench)
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
            let (_, own) = try await GroupAccessTests.stock(bench)
            var browser = try await GroupAccessTests.signedIn(bench)
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
            let (foreign, _) = try await GroupAccessTests.stock(bench)
            let job = try await bench.parts.jobs.job(foreign.plan.job)
            var moved = job.spec
            (moved.group, moved.name) = ("mine", "moved")
            _ = try await bench.parts.jobs.update(job.id, version: job.version, to: moved)
            var browser = try await GroupAccessTests.signedIn(bench)
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
