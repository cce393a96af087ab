import Foundation
import Groundwork
import People
import Scheduler
import TestKit
import Testing

@testable import Console

/// API keys of a user's own: made and withdrawn on one's page, and what programs may do with them.
@Suite struct ApiKeyTests {
    private static let job = #"{"name":"nightly","group":"mine","handler":"tidy"}"#

    /// Has the user at the browser make a key; gives its text.
    private static func make(
        _ browser: inout Browser,
        isReadOnly: Bool = false,
        days: Int = 30
    ) async throws -> String {
        var form = ["name": "reports", "days": "\(days)"]
        form["read_only"] = isReadOnly ? "1" : nil
        let page = try await browser.press("/profile/keys", on: "/profile", form)
        let found = try #require(page.text.firstMatch(of: /<code>(kpk_[0-9a-f]{64})<\/code>/))
        return String(found.1)
    }

    private static func post(
        _ bench: ConsoleBench,
        _ path: String,
        _ json: String,
        token: String,
        headers: [(name: String, value: String)] = []
    ) async throws -> ConsoleBench.Answer {
        let headers = headers + [(name: "Content-Type", value: ConsoleBench.json)]
        return try await bench.call("POST", path, Array(json.utf8), headers: headers, token: token)
    }

    @Test func `a key acts as its user, within the user's groups, and is told by the audit trail`()
        async throws
    {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: .operator, groups: .only(["mine"]))
            let key = try await Self.make(&browser)
            #expect(try await Self.post(bench, "/api/v1/jobs", Self.job, token: key).status == 201)
            let foreign = Self.job.replacing("mine", with: "app")
            #expect(try await Self.post(bench, "/api/v1/jobs", foreign, token: key).status == 403)
            let other = try await bench.post("/api/v1/jobs", foreign)
            let place = try #require(other.headers["location"])
            #expect(try await bench.call("GET", place, token: key).status == 404)
            #expect(try await bench.call("DELETE", place, token: key).status == 404)
            #expect(try await Self.post(bench, "\(place)/trigger", "{}", token: key).status == 404)
            #expect(try await bench.call("GET", "/api/v1/users", token: key).status == 403)
            #expect(
                try await Self.post(bench, "/api/v1/runs/clear", #"{"keepNewest":0}"#, token: key).status
                    == 403
            )
            let told = try await bench.get("/api/v1/audit?actor=ann&kind=jobs")
            #expect(told["items.0.way"] == "key")
            #expect(told["items.0.act"] == "create")
            #expect(told["items.1"].isNull)
        }
    }

    @Test func `a key is shown once, kept as a hash, and in no entry of the audit trail`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: .viewer)
            let key = try await Self.make(&browser)
            #expect(try await !browser.get("/profile").text.contains("kpk_"))
            let entries = try await bench.parts.trail.entries(AuditFilter(), before: nil, limit: 10)
            #expect(entries.first?.record.subject.kind == "api-keys")
            #expect(entries.first?.record.act == "create")
            let secret = String(key.dropFirst(4))
            #expect(!"\(entries)".contains(secret))
            for file in ["scheduler.db", "scheduler.db-wal"] {
                let bytes = FileManager.default.contents(atPath: bench.folder.file(file)) ?? Data()
                #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(file)")
            }
        }
    }

    @Test func `a key that only reads changes nothing, whatever its user's role`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: .admin)
            let key = try await Self.make(&browser, isReadOnly: true)
            #expect(try await bench.call("GET", "/api/v1/jobs", token: key).status == 200)
            #expect(try await bench.call("GET", "/api/v1/users", token: key).status == 200)
            let refused = try await Self.post(bench, "/api/v1/jobs", Self.job, token: key)
            #expect(refused.status == 403)
            #expect(refused["message"].text?.contains("nothing can be changed with this key") == true)
        }
    }

    @Test func `a key ends with its days, by being withdrawn, and with its user`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: .viewer)
            func status(_ key: String) async throws -> Int {
                try await bench.call("GET", "/api/v1/jobs", token: key).status
            }
            let withdrawn = try await Self.make(&browser)
            #expect(try await status(withdrawn) == 200)
            _ = try await browser.press("/profile/keys/1/delete", on: "/profile")
            #expect(try await status(withdrawn) == 401)
            let disabled = try await Self.make(&browser, days: 1)
            let user = try #require(try await bench.parts.users.list().first)
            var draft = UserDraft(displayName: "Ann", role: .viewer, groups: .all, isDisabled: true)
            let gone = try await bench.parts.users.update(user.id, version: user.version, to: draft)
            #expect(try await status(disabled) == 401)
            draft.isDisabled = false
            _ = try await bench.parts.users.update(user.id, version: gone.version, to: draft)
            #expect(try await status(disabled) == 200)
            bench.clock.advance(by: .seconds(86_400))
            #expect(try await status(disabled) == 401)
        }
    }

    @Test(arguments: ["kpk_", "kpk_" + String(repeating: "0", count: 64), "kpk_x", "x"])
    func `what is no key opens nothing`(text: String) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: .viewer)
            _ = try await Self.make(&browser)
            #expect(try await bench.call("GET", "/api/v1/jobs", token: text).status == 401)
        }
    }

    @Test func `nobody withdraws another's key, and the holder of the token has none`() async throws {
        try await ConsoleBench.use { bench async throws in
            var ann = try await Browser.signedIn(bench, as: .viewer)
            let key = try await Self.make(&ann)
            var bob = try await Browser.signedIn(bench, as: .admin, name: "bob")
            let form = ["form_token": try bob.formToken(in: try await bob.get("/"))]
            #expect(try await bob.post("/profile/keys/1/delete", form).status == 404)
            #expect(try await bench.call("GET", "/api/v1/jobs", token: key).status == 200)
            var holder = try await Browser.signedIn(bench)
            let own = [
                "form_token": try holder.formToken(in: try await holder.get("/")), "name": "x", "days": "1",
            ]
            #expect(try await holder.post("/profile/keys", own).status == 403)
        }
    }

    @Test(arguments: [
        ("", "30", 400), ("a", "0", 400), ("a", "367", 400), ("a", "soon", 400), ("a", "366", 200),
    ])
    func `a key has a name and ends within a year`(name: String, days: String, status: Int) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: .viewer)
            let page = try await browser.press("/profile/keys", on: "/profile", ["name": name, "days": days])
            #expect(page.status == status)
        }
    }

    @Test func `a user has at most twenty keys`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: .viewer)
            let user = try #require(try await bench.parts.users.list().first)
            for _ in 0..<ApiKeyService.limit {
                _ = try await bench.parts.keys.make(for: user.id, name: "k", days: 1, isReadOnly: true)
            }
            let page = try await browser.press("/profile/keys", on: "/profile", ["name": "k", "days": "1"])
            #expect(page.status == 409)
        }
    }

    @Test func `nobody is answered what another has asked for with the same key of idempotency`() async throws
    {
        try await ConsoleBench.use { bench async throws in
            var ann = try await Browser.signedIn(bench, as: .operator, groups: .only(["mine"]))
            var bob = try await Browser.signedIn(bench, as: .operator, name: "bob", groups: .only(["other"]))
            let (first, second) = (try await Self.make(&ann), try await Self.make(&bob))
            let once = [(name: "Idempotency-Key", value: "k")]
            let made = try await Self.post(bench, "/api/v1/jobs", Self.job, token: first, headers: once)
            #expect(made.status == 201)
            let answer = try await Self.post(bench, "/api/v1/jobs", Self.job, token: second, headers: once)
            #expect(answer.status == 422)
        }
    }
}
