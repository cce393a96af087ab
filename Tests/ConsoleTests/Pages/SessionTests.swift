import Groundwork
import HTTPTypes
import Hummingbird
import Scheduler
import TestKit
import Testing

@testable import Console

/// Who may see pages, and what a cookie or a form has to prove.
@Suite struct SessionTests {
    private static let guarded = [
        "/", "/campaigns", "/campaigns/1", "/jobs", "/runs", "/runs/1", "/executors", "/messages",
        "/messages/1", "/templates", "/templates/1", "/campaigns/1/events", "/runs/1/log",
    ]

    @Test(arguments: guarded)
    func `sends whoever is not signed in to the sign-in page and back`(path: String) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = Browser(bench: bench)
            let answer = try await browser.get(path)
            #expect(answer.status == 303)
            let location = try #require(answer.headers["location"])
            #expect(location.hasPrefix("/sign-in"))
            if !path.hasSuffix("/events"), path != "/" { #expect(location.contains(path.percentEncoded)) }
        }
    }

    @Test func `signs in with the token and goes on to where one wanted to go`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = Browser(bench: bench)
            let answer = try await browser.signIn(" \(ConsoleBench.token) ", to: "/jobs?q=a")
            #expect(answer.status == 303)
            #expect(answer.headers["location"] == "/jobs?q=a")
            let cookie = try #require(answer.headers["set-cookie"])
            for property in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
                #expect(cookie.contains(property))
            }
            #expect(!cookie.contains("Secure"))
            #expect(try await browser.get("/jobs").status == 200)
        }
    }

    @Test(arguments: [
        "https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "",
    ])
    func `goes on to no address that is not ours`(to: String) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = Browser(bench: bench)
            #expect(try await browser.signIn(ConsoleBench.token, to: to).headers["location"] == "/")
        }
    }

    @Test(arguments: ["", "wrong", ConsoleBench.token + "x"])
    func `a wrong token is told and opens nothing`(token: String) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = Browser(bench: bench)
            let answer = try await browser.signIn(token)
            #expect(answer.status == 403)
            #expect(answer.text.contains("This is not the token"))
            #expect(browser.cookies[Sessions.cookieName] == nil)
            #expect(try await browser.get("/").status == 303)
        }
    }

    @Test func `a sign-in form of another page is refused`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = Browser(bench: bench)
            _ = try await browser.get("/sign-in")
            let form = ["token": ConsoleBench.token, "form_token": "00"]
            #expect(try await browser.post("/sign-in", form).status == 403)
            #expect(browser.cookies[Sessions.cookieName] == nil)
        }
    }

    @Test func `the cookie is for https only where the browser came over https`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = Browser(bench: bench)
            let page = try await browser.get("/sign-in")
            let form = ["form_token": try browser.formToken(in: page), "token": ConsoleBench.token]
            let answer = try await bench.ask(
                "POST",
                "/sign-in",
                Array(Visit.text(form).utf8.dropFirst()),
                headers: [
                    ("X-Forwarded-Proto", "https"),
                    ("Cookie", "kpush_guest=\(browser.cookies["kpush_guest"] ?? "")"),
                ]
            )
            #expect(answer.headers["set-cookie"]?.contains("Secure") == true)
        }
    }

    @Test(arguments: [
        "/\t/evil.example/", "//evil.example", "/\\evil.example", "https://evil.example",
        "/\r\n/evil.example",
    ])
    func `signing in leads to no other host`(target: String) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = Browser(bench: bench)
            let page = try await browser.get("/sign-in" + Visit.text(["to": target]))
            let form = ["form_token": try browser.formToken(in: page), "token": ConsoleBench.token]
            let signedIn = try await browser.post("/sign-in" + Visit.text(["to": target]), form)
            #expect(signedIn.status == 303)
            #expect(signedIn.headers["location"] == "/")
            let language = try await browser.get("/language/en" + Visit.text(["to": target]))
            #expect(language.headers["location"] == "/")
        }
    }

    /// Changes a cookie's value in ways that somebody without the key could.
    private static let forgeries: [(name: String, forge: @Sendable (String) -> String)] = [
        ("no signature", { String($0.split(separator: ".").dropLast().joined(separator: ".")) + "." }),
        ("other id", { ($0.first == "f" ? "0" : "f") + $0.dropFirst() }),
        (
            "later end",
            { value in
                var parts = value.split(separator: ".").map(String.init)
                parts[1] = "9" + parts[1]
                return parts.joined(separator: ".")
            }
        ),
        ("other signature", { String($0.dropLast(2)) + ($0.hasSuffix("00") ? "11" : "00") }),
        ("empty", { _ in "" }),
        ("dots", { _ in ".." }),
    ]

    @Test(arguments: forgeries.indices)
    func `a forged cookie opens nothing`(index: Int) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let value = try #require(browser.cookies[Sessions.cookieName])
            browser.cookies[Sessions.cookieName] = Self.forgeries[index].forge(value)
            #expect(try await browser.get("/").status == 303, "\(Self.forgeries[index].name)")
        }
    }

    @Test func `a session ends after twelve hours`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            bench.clock.advance(by: Sessions.lifetime - .milliseconds(1))
            #expect(try await browser.get("/").status == 200)
            bench.clock.advance(by: .milliseconds(1))
            #expect(try await browser.get("/").status == 303)
        }
    }

    @Test func `another token or another key makes old cookies worthless`() throws {
        let clock = ManualClock(Moment(secondsSinceEpoch: 0)).calendar
        let settings = ConsoleSettings(apiToken: Secret("one"), signingKey: Secret("key"))
        let sessions = Sessions(settings, clock: clock)
        let cookie = sessions.cookie(sessions.open(for: .token), overHTTPS: false)
        func isKnown(to settings: ConsoleSettings) -> Bool {
            let head = HTTPTypes.HTTPRequest(
                method: .get,
                scheme: nil,
                authority: nil,
                path: "/",
                headerFields: [.cookie: "\(cookie.name)=\(cookie.value)"]
            )
            let request = Request(head: head, body: RequestBody(buffer: .init()))
            return Sessions(settings, clock: clock).session(of: request) != nil
        }
        #expect(isKnown(to: settings))
        #expect(!isKnown(to: ConsoleSettings(apiToken: Secret("two"), signingKey: Secret("key"))))
        #expect(!isKnown(to: ConsoleSettings(apiToken: Secret("one"), signingKey: Secret("other"))))
    }

    @Test(arguments: ["/jobs/1/trigger", "/sign-out", "/campaigns/1/start", "/templates/1/1/approve"])
    func `a form without its token does nothing`(path: String) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            var other = try await Browser.signedIn(bench)
            let stolen = try other.formToken(in: try await other.get("/"))
            for form in [[:], ["form_token": ""], ["form_token": stolen]] {
                let answer = try await browser.post(path, form)
                #expect(answer.status == 403)
                #expect(answer.text.contains("The form is not valid any more"))
            }
            #expect(try await browser.get("/").status == 200)
            #expect(try await bench.parts.runs.list().elements.isEmpty)
        }
    }

    @Test func `signing out makes the browser forget`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.press("/sign-out", on: "/")
            #expect(page.status == 200)
            #expect(page.text.contains("name=\"token\""))
            #expect(browser.cookies[Sessions.cookieName] == nil)
        }
    }

    @Test func `somebody signed in may read the API and only read`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            #expect(try await browser.get("/api/v1/jobs").status == 200)
            #expect(try await browser.post("/api/v1/jobs", [:]).status == 401)
        }
    }

    @Test func `pages forbid scripts and styles inside them and frames around them`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            for path in ["/", "/sign-in?to=/", "/nothing"] {
                let policy = try await browser.get(path).headers["content-security-policy"] ?? ""
                #expect(policy.contains("frame-ancestors 'none'"), "\(path)")
                #expect(!policy.contains("unsafe"), "\(path)")
            }
            let page = try await browser.get("/")
            #expect(page.headers["cache-control"] == "no-store")
            #expect(!page.text.contains(/<style|<script>|\sstyle=|\son[a-z]+=/))
        }
    }

    @Test func `style and script may be kept for ever under their address`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = Browser(bench: bench)
            let page = try await browser.get("/sign-in").text
            for pattern in [
                /href="(\/assets\/console-[0-9a-f]{16}\.css)"/, /src="(\/assets\/console-[0-9a-f]{16}\.js)"/,
            ] {
                let path = String(try #require(page.firstMatch(of: pattern)).1)
                let answer = try await browser.get(path)
                #expect(answer.status == 200)
                #expect(answer.headers["cache-control"]?.contains("immutable") == true)
                #expect(answer.body.count > 1_000)
            }
        }
    }
}
