import Groundwork
import HTTPTypes
import People
import Scheduler
import TestKit
import Testing

@testable import Console

/// Every act is one entry of the audit trail: who, what, when, from where, and what it changed.
@Suite struct AuditTests {
    private static func newest(
        _ bench: ConsoleBench,
        _ query: String = ""
    ) async throws -> ConsoleBench.Answer {
        try await bench.get("/api/v1/audit\(query)")
    }

    private static func count(_ bench: ConsoleBench) async throws -> Int {
        try await bench.parts.trail.entries(AuditFilter(), before: nil, limit: 500).count
    }

    @Test func `a job's life is told act by act, with what each changed`() async throws {
        try await ConsoleBench.use { bench in
            let body = #"{"name":"nightly","group":"app","handler":"tidy"}"#
            let made = try await bench.post("/api/v1/jobs", body)
            let id = try #require(made["id"].text)
            let create = try await Self.newest(bench)
            #expect(create["items.0.act"] == "create")
            #expect(create["items.0.kind"] == "jobs")
            #expect(create["items.0.subject"] == .text(id))
            #expect(create["items.0.name"] == "app/nightly")
            #expect(create["items.0.actor"] == "token")
            #expect(create["items.0.way"] == "token")
            #expect(create["items.0.address"] == "127.0.0.1")
            #expect(create["items.0.at"] == "2030-01-15T04:00:00.000Z")
            #expect(create["items.0.before"].isNull)
            #expect(create["items.0.after.handler"] == "tidy")

            let version = try #require(made["version"].wholeNumber)
            let change = #"{"version":\#(version),"name":"nightly","group":"app","handler":"tidy up"}"#
            #expect(try await bench.put("/api/v1/jobs/\(id)", change).status == 200)
            let edit = try await Self.newest(bench)
            #expect(edit["items.0.act"] == "edit")
            #expect(edit["items.0.before.handler"] == "tidy")
            #expect(edit["items.0.after.handler"] == "tidy up")
            #expect(edit["items.0.before.name"].isNull)

            #expect(try await bench.post("/api/v1/jobs/\(id)/disable").status == 200)
            let disable = try await Self.newest(bench)
            #expect(disable["items.0.act"] == "disable")
            #expect(disable["items.0.before.enabled"] == true)
            #expect(disable["items.0.after.enabled"] == false)

            let run = try await bench.post("/api/v1/jobs/\(id)/trigger", #"{"params":"x=1"}"#)
            let trigger = try await Self.newest(bench)
            #expect(trigger["items.0.act"] == "trigger")
            #expect(trigger["items.0.after.runs.0"] == run["items.0.id"])
            #expect(trigger["items.0.after.params"] == "x=1")

            let number = try #require(run["items.0.id"].wholeNumber)
            #expect(try await bench.post("/api/v1/runs/\(number)/kill").status == 200)
            let kill = try await Self.newest(bench)
            #expect(kill["items.0.kind"] == "runs")
            #expect(kill["items.0.act"] == "kill")
            #expect(kill["items.0.after.reason"] == "killed")

            #expect(try await bench.call("DELETE", "/api/v1/jobs/\(id)").status == 204)
            let removal = try await Self.newest(bench)
            #expect(removal["items.0.act"] == "delete")
            #expect(removal["items.0.before.handler"] == "tidy up")
            #expect(removal["items.0.after"].isNull)
            #expect(try await Self.count(bench) == 6)
        }
    }

    @Test func `what changed of an account is told, and nothing of its secrets`() async throws {
        try await ConsoleBench.use { bench in
            let body = """
                {"name":"main","kind":"aliyun","config":{"accessKeyId":"LTAI",\
                "accessKeySecret":"very-secret","signName":"快推","templateCode":"SMS_1"}}
                """
            let made = try await bench.post("/api/v1/accounts", body)
            let create = try await Self.newest(bench)
            #expect(create["items.0.kind"] == "accounts")
            #expect(create["items.0.name"] == "main")
            #expect(create["items.0.after.config.signName"] == "快推")
            let place = try #require(made.headers["location"])
            #expect(try await bench.put(place, #"{"weight":20}"#).status == 200)
            let edit = try await Self.newest(bench)
            #expect(edit["items.0.act"] == "edit")
            #expect(edit["items.0.before.weight"] == 100)
            #expect(edit["items.0.after.weight"] == 20)
            #expect(!edit.text.contains("very-secret"))
        }
    }

    @Test func `what was refused, rehearsed, looked at or sent twice is not told again`() async throws {
        try await ConsoleBench.use { bench in
            #expect(try await bench.post("/api/v1/jobs", #"{"name":"no"}"#).status == 400)
            #expect(try await bench.post("/api/v1/runs/clear", #"{"keepNewest":1}"#).status == 200)
            #expect(try await bench.get("/api/v1/jobs").status == 200)
            let preview = #"{"type":"CRON","conf":"0 0 2 * * ?"}"#
            #expect(try await bench.post("/api/v1/schedules/preview", preview).status == 200)
            #expect(try await Self.count(bench) == 0)
            let body = Array(#"{"name":"nightly","group":"app","handler":"tidy"}"#.utf8)
            for _ in 0..<2 {
                let headers = [(name: "Idempotency-Key", value: "k")]
                #expect(try await bench.call("POST", "/api/v1/jobs", body, headers: headers).status == 201)
            }
            #expect(try await Self.count(bench) == 1)
            let cleared = try await bench.post("/api/v1/runs/clear", #"{"keepNewest":1,"dryRun":false}"#)
            #expect(cleared.status == 200)
            let told = try await Self.newest(bench)
            #expect(told["items.0.act"] == "clear")
            #expect(told["items.0.after.keepNewest"] == 1)
            #expect(told["items.0.after.runs"] == 0)
        }
    }

    @Test func `buttons are told with the name of who pressed them`() async throws {
        try await ConsoleBench.use { bench async throws in
            let job = try await bench.parts.jobs.create(.sample(schedule: .manual))
            var browser = try await Browser.signedIn(bench, as: .operator)
            _ = try await browser.press("/jobs/\(job.id)/trigger", on: "/jobs/\(job.id)")
            let user = try #require(try await bench.parts.users.list().first)
            let told = try await Self.newest(bench)
            #expect(told["items.0.act"] == "trigger")
            #expect(told["items.0.actor"] == "ann")
            #expect(told["items.0.user"] == .integer(user.id.rawValue))
            #expect(told["items.0.way"] == "page")
            #expect(told["items.1.act"] == "sign-in")
            let form = ["form_token": try browser.formToken(in: try await browser.get("/"))]
            let before = try await Self.count(bench)
            // A look at the form again is no act.
            _ = try await browser.post("/jobs/new", form.merging(["look": "1"]) { $1 })
            #expect(try await browser.post("/jobs/999/enable", form).status == 404)
            #expect(try await Self.count(bench) == before)
        }
    }

    @Test func `who came, who left and who did not get in is told, and what was typed is not`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: .viewer)
            _ = try await browser.press("/sign-out", on: "/")
            for name in ["ann", "hunter2-typed-in-the-wrong-place"] {
                #expect(try await browser.signIn(as: name, "wrong-password").status == 403)
            }
            #expect(try await browser.signIn("wrong-token").status == 403)
            let told = try await Self.newest(bench)
            let acts = (0..<5)
                .map { "\(told["items.\($0).act"].text ?? "") \(told["items.\($0).name"].text ?? "")" }
            #expect(
                acts == [
                    "sign-in-failed token", "sign-in-failed -", "sign-in-failed ann", "sign-out ann",
                    "sign-in ann",
                ]
            )
            for secret in ["hunter2", "wrong-password", "wrong-token", Browser.password] {
                #expect(!told.text.contains(secret))
            }
        }
    }

    @Test func `attempts that are not even looked at write nothing`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = Browser(bench: bench)
            for _ in 0..<9 { _ = try await browser.signIn(as: "ann", "wrong") }
            #expect(try await Self.count(bench) == 5)
        }
    }

    @Test func `no entry holds a password, a hash or a token`() async throws {
        try await ConsoleBench.use { bench async throws in
            let ann = #"{"name":"ann","role":"operator","password":"correct horse"}"#
            let made = try await bench.post("/api/v1/users", ann)
            let path = try #require(made.headers["location"])
            let change = #"{"version":1,"displayName":"Ann","role":"admin","password":"another horse"}"#
            #expect(try await bench.put(path, change).status == 200)
            let edit = try await Self.newest(bench)
            #expect(edit["items.0.before.role"] == "operator")
            #expect(edit["items.0.after.role"] == "admin")
            #expect(edit["items.0.after.password"] == "set")
            var browser = Browser(bench: bench)
            #expect(try await browser.signIn(as: "ann", "another horse").status == 303)
            _ = try await browser.press(
                "/profile/password",
                on: "/profile",
                ["current": "another horse", "password": "a third horse"]
            )
            #expect(try await Self.newest(bench)["items.0.act"] == "password")
            #expect(try await browser.signIn(as: "ann", "a third horse").status == 303)
            let group = try await bench.post("/api/v1/groups", #"{"name":"reports","ownToken":true}"#)
            var secrets = ["horse", "scrypt", ConsoleBench.token, try #require(group["token"].text)]
            let place = try #require(group.headers["location"])
            secrets.append(try #require(try await bench.post("\(place)/token")["token"].text))
            let page = try await browser.press("/executors/1/token", on: "/executors/1")
            let shown = try #require(page.text.firstMatch(of: /<code[^>]*>([A-Za-z0-9_-]{20,})<\/code>/))
            secrets.append(String(shown.1))
            #expect(try await Self.newest(bench)["items.0.act"] == "token")
            let all = try await bench.parts.trail.entries(AuditFilter(), before: nil, limit: 500)
            #expect(all.count == 8)
            for secret in secrets { #expect(!"\(all)".contains(secret)) }
        }
    }

    @Test func `the trail is read by whoever administers everything, by filter, page by page and as a file`()
        async throws
    {
        try await ConsoleBench.use { bench async throws in
            for name in ["a", "b", "c"] {
                let body = "{\"name\":\"\(name)\",\"group\":\"app\",\"handler\":\"=1+1\"}"
                #expect(try await bench.post("/api/v1/jobs", body).status == 201)
            }
            let first = try await Self.newest(bench, "?limit=2&kind=jobs")
            #expect(first["items.1.name"] == "app/b")
            let next = try #require(first["next"].wholeNumber)
            #expect(try await Self.newest(bench, "?limit=2&before=\(next)")["items.0.name"] == "app/a")
            #expect(try await Self.newest(bench, "?actor=nobody")["items.0"].isNull)
            #expect(try await Self.newest(bench, "?until=2030-01-15T04:00:00Z")["items.0"].isNull)
            #expect(try await Self.newest(bench, "?what=1").status == 400)
            let file = try await bench.get("/api/v1/audit.csv?kind=jobs")
            #expect(file.headers["content-disposition"] == "attachment; filename=\"audit.csv\"")
            #expect(file.text.split(separator: "\r\n").count == 4)
            var admin = try await Browser.signedIn(bench, as: .admin)
            let page = try await admin.get("/audit?kind=jobs")
            #expect(page.words.contains("app/c") && page.words.contains("made"))
            #expect(try await !admin.get("/audit?kind=runs").words.contains("app/c"))
            var limited = try await Browser.signedIn(bench, as: .admin, name: "bob", groups: .only(["app"]))
            var viewer = try await Browser.signedIn(bench, as: .viewer, name: "cas")
            for path in ["/audit", "/api/v1/audit", "/api/v1/audit.csv", "/users", "/metrics"] {
                #expect(try await limited.get(path).status == 403, "\(path)")
                #expect(try await viewer.get(path).status == 403, "\(path)")
            }
        }
    }

    @Test func `how many entries a list gained is told, by call and by button`() async throws {
        try await ConsoleBench.use { bench in
            let words = #"{"words":[{"text":"one"},{"text":"two"}]}"#
            #expect(try await bench.post("/api/v1/sensitive-words", words).status == 200)
            #expect(try await Self.newest(bench)["items.0.after.added"] == 2)
            var browser = try await Browser.signedIn(bench)
            let form = ["words": "three\nfour\nfive"]
            _ = try await browser.press("/suppressions/words/add", on: "/suppressions/words", form)
            #expect(try await Self.newest(bench)["items.0.after.added"] == 3)
        }
    }

    @Test(
        arguments: [
            ("POST", "/api/v1/jobs", "jobs create"), ("PUT", "/api/v1/jobs/{id}", "jobs edit"),
            ("DELETE", "/api/v1/jobs/{id}", "jobs delete"), ("POST", "/jobs/new", "jobs create"),
            ("POST", "/jobs/{id}/edit", "jobs edit"),
            ("POST", "/executors/{id}/shared-token", "groups shared-token"),
            ("DELETE", "/api/v1/groups/{id}/token", "groups shared-token"),
            ("POST", "/users/add", "users create"),
            ("POST", "/profile/password", "users password"),
            ("POST", "/suppressions/words/add", "sensitive-words create"),
            ("POST", "/suppressions/entries/{id}/remove", "suppressions delete"),
            ("POST", "/suppressions/allowed/{id}/remove", "allow-list delete"),
            ("POST", "/api/v1/queue/dead/{batch}/revive", "queue revive"),
            ("POST", "/templates/{id}/{version}/approve", "templates approve"),
            ("POST", "/accounts/at/{kind}", "accounts create"), ("POST", "/accounts/{id}/check", nil),
            ("POST", "/api/v1/jobs/{id}/versions/{number}/restore", "jobs restore"),
            ("POST", "/jobs/{id}/history/{number}/restore", "jobs restore"), ("POST", "/api/v1/send", nil),
            ("GET", "/api/v1/jobs", nil),
        ] as [(String, String, String?)]
    )
    func `what an address does has a name`(method: String, path: String, name: String?) throws {
        let act = AuditAct(try #require(HTTPTypes.HTTPRequest.Method(method)), path)
        #expect(act.map { "\($0.kind) \($0.act)" } == name)
    }

    @Test func `every button and every call that changes something has a name that pages translate`()
        async throws
    {
        try await ConsoleBench.use { bench async throws in
            let acts = try AccessRuleTests.addresses(bench).compactMap { AuditAct($0.method, $0.path) }
            try #require(acts.count > 60)
            #expect(
                acts.filter { AuditWord.Act(rawValue: $0.act) == nil }.map { "\($0.kind) \($0.act)" } == []
            )
            #expect(
                acts.filter { AuditWord.Kind(rawValue: $0.kind) == nil }.map { "\($0.kind) \($0.act)" } == []
            )
        }
    }

    @Test func `a long text is cut, and only what differs is told`() {
        let long = String(repeating: "x", count: 600)
        let change = AuditChange(
            from: ["same": 1, "params": "a"],
            to: ["same": 1, "params": .text(long)],
            facts: ["runs": 2]
        )
        #expect(change.before == ["params": "a"])
        #expect(change.after?["params"].text?.hasSuffix("x… (600 bytes)") == true)
        #expect(change.after?["runs"] == 2)
        #expect(AuditChange(from: ["a": 1], to: ["a": 1], facts: WireObject()).before == nil)
    }
}
