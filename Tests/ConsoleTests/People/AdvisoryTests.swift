import Groundwork
import HTTPTypes
import People
import Scheduler
import TestKit
import Testing

@testable import Console

/// What was found wrong with xxl-job's admin, tried on this one: each test carries the numbers of what it tries.
@Suite struct AdvisoryTests {
    private static let attack = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"

    /// A job and a run of the group `app` at a real address, and somebody who sees the group `mine` alone.
    private static func stock(
        _ bench: ConsoleBench,
        _ role: Role = .operator
    ) async throws -> (JobRun, Browser) {
        try await bench.executor()
        let run = try await bench.running()
        return (run, try await Browser.signedIn(bench, as: role, groups: .only(["mine"])))
    }

    private static func formToken(_ browser: inout Browser) async throws -> String {
        try browser.formToken(in: try await browser.get("/"))
    }

    @Test(arguments: [nil, "", "default_token", "null"] as [String?])
    func `CVE-2022-36157, #3328, #3938, #3945: no token, an empty one and the published one open no door`(
        token: String?
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            try await bench.executor()
            let run = try await bench.running()
            let headers = token.map { [(name: "xxl-job-access-token", value: $0)] } ?? []
            for (name, body) in [
                (
                    "registry",
                    #"{"registryGroup":"EXECUTOR","registryKey":"app","registryValue":"http://evil/"}"#
                ),
                ("callback", #"[{"logId":\#(run.id),"logDateTim":1,"handleCode":200,"handleMsg":"x"}]"#),
                (
                    "registryRemove",
                    #"{"registryGroup":"EXECUTOR","registryKey":"app","registryValue":"http://one:9999/"}"#
                ),
            ] {
                let path = "/xxl-job-admin/api/\(name)"
                let answer = try await bench.call(
                    "POST",
                    path,
                    Array(body.utf8),
                    headers: headers,
                    token: nil
                )
                #expect(answer["code"] == 500, "\(name)")
                #expect(answer["msg"] == "The access token is wrong.")
            }
            #expect(try await bench.parts.runs.executors().map(\.address.url) == ["http://one:9999"])
            #expect(try await bench.parts.runs.run(run.id).isOpen)
            #expect(try await bench.call("GET", "/api/v1/jobs", token: token).status == 401)
        }
    }

    @Test
    func `CVE-2022-43183, #3002, #3039: a log is read from the executor that has the run alone`()
        async throws
    {
        try await ConsoleBench.use { bench in
            let real = try await bench.executor()
            real.setLog("the real one\n")
            let evil = FakeExecutor()
            bench.executors.place(evil, at: "evil")
            let run = try await bench.running().id
            var browser = try await Browser.signedIn(bench)
            for name in ["executorAddress", "address", "executor"] {
                let query = "?\(name)=http%3A%2F%2Fevil%3A9999%2F"
                let answer = try await bench.get("/api/v1/runs/\(run)/log\(query)")
                #expect(answer.status == 400)
                #expect(answer["field"] == .text(name))
                #expect(try await browser.get("/runs/\(run)\(query)").text.contains("the real one"))
            }
            #expect(evil.headers.isEmpty)
        }
    }

    @Test
    func `CVE-2024-24113, #3375, #3935: a run goes to no address but that of a living executor of its group`()
        async throws
    {
        try await ConsoleBench.use { bench in
            try await bench.executor()
            let evil = FakeExecutor()
            bench.executors.place(evil, at: "evil")
            let job = try await bench.parts.jobs.create(.sample(schedule: .manual)).id
            for address in [
                "http://evil:9999/", "http://one:9999@evil:9999/", "http://one:9998/", "evil", "",
            ] {
                let answer = try await bench.post(
                    "/api/v1/jobs/\(job)/trigger",
                    "{\"address\":\"\(address)\"}"
                )
                #expect(answer.status == 400, "\(address)")
                #expect(answer["field"] == "address")
            }
            let lists = try await bench.post(
                "/api/v1/jobs/\(job)/trigger",
                #"{"addressList":"http://evil:9999/"}"#
            )
            #expect(lists.status == 400)
            #expect(try await bench.parts.runs.list(RunFilter(job: job)).elements.isEmpty)
            #expect(evil.headers.isEmpty)
            var browser = try await Browser.signedIn(bench, as: .operator)
            let form = [
                "form_token": try await Self.formToken(&browser), "name": "fresh", "registration": "manual",
                "addresses": "http://evil:9999/",
            ]
            #expect(try await browser.post("/executors/new", form).status == 403)
        }
    }

    @Test func `#3995: nothing that anybody may look at tells a token`() async throws {
        try await ConsoleBench.use { bench in
            let group = try await bench.post("/api/v1/groups", #"{"name":"reports","ownToken":true}"#)
            let secrets = [
                try #require(group["token"].text), ConsoleBench.token, ConsoleBench.accessToken.reveal(),
                bench.settings.signingKey.reveal(), Browser.password, "scrypt",
            ]
            try await bench.executor()
            _ = try await bench.running()
            var browser = try await Browser.signedIn(bench, as: .admin)
            for address in try AccessRuleTests.addresses(bench)
            where address.method == .get && !address.isEndless {
                let answer = try await browser.get(address.sample)
                for secret in secrets { #expect(!answer.text.contains(secret), "GET \(address.path)") }
            }
        }
    }

    @Test(arguments: Role.allCases)
    func `CVE-2023-33779, CVE-2023-48087, #3330, #3773, #3983: what is of a foreign group is not there`(
        role: Role
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            #expect(try await bench.post("/api/v1/groups", #"{"name":"reports"}"#).status == 201)
            let (run, signedIn) = try await Self.stock(bench, role)
            var browser = signedIn
            let job = try await bench.parts.jobs.job(run.plan.job)
            let ids: [AccessRules.Belonging: String] = [.job: "\(job.id)", .run: "\(run.id)"]
            let form = ["form_token": try await Self.formToken(&browser), "version": "1", "params": "x"]
            var tried = 0
            for address in try AccessRuleTests.addresses(bench) where !address.isEndless {
                let belonging = AccessRules.belonging(address.method, address.path)
                guard [.job, .run, .group].contains(belonging) else { continue }
                let isPage = !address.path.hasPrefix("/api/")
                guard address.method == .get || (isPage && address.method == .post) else { continue }
                let answer =
                    address.method == .get
                    ? try await browser.get(address.sample(ids))
                    : try await browser.post(address.sample(ids), form)
                #expect(answer.status == 404, "\(address.method) \(address.path): \(answer.status)")
                tried += 1
            }
            #expect(tried > 20)
            #expect(try await bench.parts.jobs.job(job.id) == job)
            #expect(try await bench.parts.runs.list(RunFilter(job: job.id)).elements == [run])
        }
    }

    @Test func `#3772, #3783: no list tells of a foreign group, whatever it is asked for`() async throws {
        try await ConsoleBench.use { bench async throws in
            let (run, signedIn) = try await Self.stock(bench)
            var browser = signedIn
            let job = try await bench.parts.jobs.job(run.plan.job)
            for path in [
                "/api/v1/jobs?group=app", "/api/v1/runs?group=app", "/api/v1/runs.csv?group=app",
                "/api/v1/executors",
                "/api/v1/groups", "/jobs?group=app&q=\(job.spec.name)", "/runs?job=\(job.id)", "/executors",
                "/",
            ] {
                let answer = try await browser.get(path)
                #expect(answer.status == 200, "\(path)")
                #expect(
                    !answer.text.contains("/runs/\(run.id)\"") && !answer.text.contains("one:9999"),
                    "\(path)"
                )
                #expect(!answer.text.contains("/jobs/\(job.id)\""), "\(path)")
            }
        }
    }

    @Test func `CVE-2024-42681, #3516: no job is made to trigger one of a foreign group`() async throws {
        try await ConsoleBench.use { bench async throws in
            let (run, signedIn) = try await Self.stock(bench)
            var browser = signedIn
            let foreign = try await bench.parts.jobs.job(run.plan.job)
            var spec = JobSpec(name: "sly", group: "mine", schedule: .manual, handler: "tidy")
            spec.children = [ChildJob(foreign.spec.fullName)]
            var form = JobInput(spec).texts
            form["form_token"] = try await Self.formToken(&browser)
            #expect(try await browser.post("/jobs/new", form).status == 403)
            #expect(try await bench.parts.jobs.list(JobFilter(group: "mine")).elements.isEmpty)
        }
    }

    @Test func `CVE-2023-48089, #3333: a script is changed by nobody who may not change the job`()
        async throws
    {
        try await ConsoleBench.use { bench async throws in
            var spec = JobSpec(name: "coded", group: "app", schedule: .manual, handler: "")
            spec.script = JobScript(.shell, "echo good\n", remark: "first")
            let job = try await bench.parts.jobs.create(spec)
            spec.script = JobScript(.shell, "echo evil\n", remark: "second")
            var form = JobInput(spec).texts
            form["version"] = "\(job.version)"
            var viewer = try await Browser.signedIn(bench, as: .viewer)
            form["form_token"] = try await Self.formToken(&viewer)
            #expect(try await viewer.post("/jobs/\(job.id)/edit", form).status == 403)
            var other = try await Browser.signedIn(bench, as: .admin, name: "bob", groups: .only(["mine"]))
            form["form_token"] = try await Self.formToken(&other)
            #expect(try await other.post("/jobs/\(job.id)/edit", form).status == 404)
            #expect(try await bench.parts.jobs.job(job.id) == job)
        }
    }

    @Test
    func `CVE-2023-48088, #2670, #3329, #3542: what jobs, executors and handlers say is text on every page`()
        async throws
    {
        try await ConsoleBench.use { bench async throws in
            let executor = try await bench.executor()
            executor.setLog("\(Self.attack)\n")
            var spec = JobSpec(name: "night<b>ly", group: "app", schedule: .manual, handler: "h<i>")
            (spec.summary, spec.params) = (Self.attack, Self.attack)
            let job = try await bench.parts.jobs.create(spec)
            let beat = RegistryRequest(appName: "<u>app</u>", address: "http://two:9999/<s>", instance: "<s>")
            let caller = ExecutorDoor.Caller(accessToken: ConsoleBench.accessToken.reveal())
            _ = await bench.parts.executors.register(beat, from: caller)
            let run = try await bench.running()
            let item = CallbackItem(run: run.id, plannedAt: run.plan.plannedAt, outcome: .failed(Self.attack))
            #expect(await bench.parts.executors.callBack(CallbackBatch([item])).isSuccess)
            _ = try await bench.parts.jobs.trigger(job.id, params: Self.attack)
            var browser = try await Browser.signedIn(bench, as: .admin)
            let query = Self.attack.percentEncoded
            for path in [
                "/jobs", "/jobs?q=\(query)", "/jobs?group=\(query)", "/jobs/\(job.id)",
                "/jobs/\(job.id)/edit",
                "/jobs/\(job.id)/copy", "/jobs/new?group=\(query)", "/runs", "/runs?job=\(query)",
                "/runs?executor=\(query)&from=today", "/runs/\(run.id)", "/executors", "/",
                "/audit?actor=\(query)",
                "/sign-in?to=\(query)", "/\(query)",
            ] {
                let page = try await browser.get(path)
                for tag in ["<script>alert", "<img src=x", "<b>ly", "h<i>", "<u>app", "<s>"] {
                    #expect(!page.text.contains(tag), "\(path) holds \(tag)")
                }
                guard page.headers["content-type"]?.hasPrefix("text/html") == true else { continue }
                #expect(
                    page.headers["content-security-policy"]?.contains("default-src 'self'") == true,
                    "\(path)"
                )
            }
        }
    }

    @Test func `CVE-2023-26120, #3811: what a user is called is text on every page`() async throws {
        try await ConsoleBench.use { bench async throws in
            var admin = try await Browser.signedIn(bench, as: .admin)
            var form = [
                "form_token": try await Self.formToken(&admin), "name": "mallory",
                "display_name": "<u>Mallory</u>", "password": Browser.password, "role": "operator",
                "groups": "<b>app</b>",
            ]
            #expect(try await admin.post("/users/add", form).status == 303)
            let users = try await bench.parts.users.list()
            let user = try #require(users.first { $0.name.text == "mallory" })
            form["display_name"] = Self.attack
            form["version"] = "\(user.version)"
            form["password"] = nil
            #expect(try await admin.post("/users/\(user.id)/edit", form).status == 303)
            form["name"] = "<i>eve</i>"
            form["password"] = Browser.password
            #expect(try await !admin.post("/users/add", form).text.contains("<i>eve"))
            #expect(try await bench.parts.users.list().count == users.count)

            var mallory = Browser(bench: bench)
            #expect(try await mallory.signIn(as: "mallory", Browser.password).status == 303)
            let tags = ["<script>alert", "<img src=x", "<u>Mallory", "<b>app"]
            for path in ["/", "/profile", "/jobs", "/executors"] {
                let page = try await mallory.get(path)
                #expect(page.status == 200, "\(path)")
                for tag in tags { #expect(!page.text.contains(tag), "\(path) holds \(tag)") }
            }
            for path in ["/users", "/users/\(user.id)", "/audit", "/audit?actor=mallory", "/"] {
                let page = try await admin.get(path)
                #expect(page.status == 200, "\(path)")
                for tag in tags { #expect(!page.text.contains(tag), "\(path) holds \(tag)") }
                if path.hasPrefix("/users") { #expect(page.text.contains("&lt;script&gt;alert"), "\(path)") }
            }
        }
    }

    @Test func `#2669, #2821, #3964: a form that another site sends changes nothing`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: .admin)
            let job = try await bench.parts.jobs.create(.sample(schedule: .manual))
            let users = try await bench.parts.users.list().count
            let buttons = try AccessRuleTests.addresses(bench)
                .filter { $0.method == .post && !$0.path.hasPrefix("/api/") }
                .filter { !["/send", "/batchSend", "/recall"].contains($0.path) }
            try #require(buttons.count > 20)
            let form = ["name": "evil", "role": "admin", "password": "correct horse", "all_groups": "1"]
            for address in buttons {
                for token in [nil, "", "0123456789abcdef"] as [String?] {
                    var form = form
                    form["form_token"] = token
                    #expect(try await browser.post(address.sample, form).status == 403, "\(address.path)")
                }
            }
            #expect(try await bench.parts.users.list().count == users)
            #expect(try await bench.parts.jobs.job(job.id) == job)
            let page = try await bench.ask("GET", "/sign-in")
            #expect(page.headers["set-cookie"]?.contains("SameSite=Strict") == true)
        }
    }

    @Test func `a page of a log is bounded, however much the executor has`() async throws {
        try await ConsoleBench.use { bench in
            let executor = try await bench.executor()
            executor.setLog(String(repeating: String(repeating: "x", count: 999) + "\n", count: 4_000))
            let run = try await bench.running().id
            let page = try await bench.get("/api/v1/runs/\(run)/log")
            #expect(page.status == 200)
            #expect(page.body.count < 1 << 21)
            let next = try #require(page["next"].wholeNumber)
            #expect(next > 1 && next < 4_000)
        }
    }

    @Test(arguments: ["..%2F..%2Fetc%2Fpasswd", "1%2F..%2F..", "0", "-1", "9223372036854775808", "1%00"])
    func `a log is asked for by a number and never by a path`(id: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.ask(
                "GET",
                "/api/v1/runs/\(id)/log",
                headers: [(name: "Authorization", value: "Bearer \(ConsoleBench.token)")]
            )
            #expect([400, 404].contains(answer.status), "\(answer.status)")
        }
    }
}
