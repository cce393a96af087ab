import Groundwork
import People
import TestKit
import Testing

@testable import Console

/// Signing in by name and password, and how long that lasts.
@Suite struct SignInTests {
    @Test func `a user signs in, is named on the page and goes on to where one wanted to go`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: .viewer)
            #expect(try await browser.get("/jobs").words.contains("ann"))
            browser.cookies[Sessions.cookieName] = nil
            let answer = try await browser.signIn(as: "Ann", Browser.password, to: "/jobs?q=a")
            #expect(answer.headers["location"] == "/jobs?q=a")
        }
    }

    @Test(arguments: [
        ("ann", "wrong password"), ("ann", ""), ("nobody", Browser.password), ("token", ConsoleBench.token),
        ("", ""),
        ("ann\u{0}", Browser.password),
    ])
    func `what is wrong is told in the same words and opens nothing`(
        name: String,
        password: String
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            _ = try await Browser.signedIn(bench, as: .admin)
            var browser = Browser(bench: bench)
            let answer = try await browser.signIn(as: name, password)
            #expect(answer.status == 403)
            #expect(answer.text.contains("Name or password is wrong."))
            #expect(browser.cookies[Sessions.cookieName] == nil)
        }
    }

    @Test func `after five failures one has to wait, with the right password and with the token too`()
        async throws
    {
        try await ConsoleBench.use { bench async throws in
            _ = try await Browser.signedIn(bench, as: .admin)
            var browser = Browser(bench: bench)
            for _ in 0..<5 { #expect(try await browser.signIn(as: "ann", "wrong").status == 403) }
            let answer = try await browser.signIn(as: "ann", Browser.password)
            #expect(answer.status == 429)
            #expect(answer.text.contains("Too many attempts. Try again in 2 s."))
            #expect(try await browser.signIn(ConsoleBench.token).status == 429)
            bench.clock.advance(by: .seconds(2))
            #expect(try await browser.signIn(as: "ann", Browser.password).status == 303)
        }
    }

    @Test func `what a client says of its address does not let it try again`() async throws {
        try await ConsoleBench.use { bench async throws in
            for number in 0..<6 {
                let page = try await bench.ask("GET", "/sign-in")
                let guest = try #require(page.headers["set-cookie"]?.split(separator: ";").first)
                let token = try Browser(bench: bench).formToken(in: page)
                let form = ["form_token": token, "name": "n\(number)", "password": "wrong password"]
                let answer = try await bench.ask(
                    "POST",
                    "/sign-in",
                    Array(Visit.text(form).utf8.dropFirst()),
                    headers: [("Cookie", String(guest)), ("X-Forwarded-For", "10.0.0.\(number), 10.9.9.9")]
                )
                #expect(answer.status == (number < 5 ? 403 : 429))
            }
        }
    }

    @Test func `a changed role, a changed password and being disabled end the session at once`() async throws
    {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: .operator)
            var user = try #require(try await bench.parts.users.list().first)
            let cookie = browser.cookies
            #expect(try await browser.get("/").status == 200)
            var draft = UserDraft(displayName: "ann", role: .viewer, groups: .all)
            user = try await bench.parts.users.update(user.id, version: user.version, to: draft)
            #expect(try await browser.get("/").headers["location"] == "/sign-in")
            #expect(try await browser.get("/api/v1/jobs").status == 401)
            _ = try await browser.signIn(as: "ann", Browser.password)
            #expect(try await browser.get("/").status == 200)
            user = try await bench.parts.users.update(
                user.id,
                version: user.version,
                to: draft,
                password: Secret("another horse")
            )
            #expect(try await browser.get("/").status == 303)
            _ = try await browser.signIn(as: "ann", "another horse")
            #expect(try await browser.get("/").status == 200)
            draft.isDisabled = true
            _ = try await bench.parts.users.update(user.id, version: user.version, to: draft)
            #expect(try await browser.get("/").status == 303)
            #expect(try await browser.signIn(as: "ann", "another horse").status == 403)
            browser.cookies = cookie
            #expect(try await browser.get("/").status == 303)
        }
    }

    @Test func `one's own password is changed by who knows it, and one signs in anew`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: .viewer)
            let next = ["current": "wrong", "password": "another horse"]
            let refused = try await browser.press("/profile/password", on: "/profile", next)
            #expect(refused.status == 400)
            #expect(refused.text.contains("current is not the password so far"))
            let right = ["current": Browser.password, "password": "another horse"]
            let done = try await browser.press("/profile/password", on: "/profile", right)
            #expect(done.status == 200)
            #expect(done.words.contains("The password is changed."))
            #expect(try await browser.get("/").status == 303)
            #expect(try await browser.signIn(as: "ann", Browser.password).status == 403)
            #expect(try await browser.signIn(as: "ann", "another horse").status == 303)
        }
    }

    @Test func `whoever has the token adds the first user on the page`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let form = ["name": "Bob", "password": Browser.password, "role": "operator", "groups": "a, b\nc"]
            let page = try await browser.press("/users/add", on: "/users", form)
            #expect(page.status == 200)
            #expect(page.words.contains("The user can sign in now."))
            let user = try #require(try await bench.parts.users.list().first)
            #expect((user.name.text, user.role, user.groups) == ("bob", .operator, .only(["a", "b", "c"])))
            var change = [
                "display_name": "Bob B.", "role": "admin", "all_groups": "1", "version": "\(user.version)",
            ]
            let changed = try await browser.press("/users/\(user.id)/edit", on: "/users/\(user.id)", change)
            #expect(changed.status == 200)
            let after = try await bench.parts.users.user(user.id)
            #expect((after.displayName, after.role, after.groups) == ("Bob B.", .admin, .all))
            change["role"] = "viewer"
            let late = try await browser.press("/users/\(user.id)/edit", on: "/users/\(user.id)", change)
            #expect(late.status == 409)
            #expect(try await bench.parts.users.user(user.id) == after)
            #expect(try await browser.get("/users").words.contains("Bob B."))
        }
    }

    @Test(.timeLimit(.minutes(3))) func `a live view ends when its session does`() async throws {
        try await ConsoleBench.use { bench async throws in
            let browser = try await Browser.signedIn(bench, as: .viewer)
            let cookies = browser.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
            let user = try #require(try await bench.parts.users.list().first)
            try await bench.reading("/events", headers: [(name: "Cookie", value: cookies)]) { reader in
                try await reader.read(until: "event: snapshot")
                let draft = UserDraft(displayName: "Ann", role: .operator, groups: .all)
                _ = try await bench.parts.users.update(user.id, version: user.version, to: draft)
                await bench.clock.sleepers()
                bench.clock.advance(by: LiveRegion.interval)
                // The chunk that ends a body.
                try await reader.read(until: "0\r\n\r\n")
            }
        }
    }
}
