import Groundwork
import Scheduler
import TestKit
import Testing

@testable import Console

/// Groups of executors as operators see and change them.
@Suite struct ExecutorPageTests {
    @Test func `a group is added, changed and deleted with forms`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let made = try await browser.press(
                "/executors/new",
                on: "/executors/new",
                [
                    "name": "reports", "title": "<Reports>", "registration": "manual",
                    "addresses": "http://one:9999\r\nhttp://two:9999,\n",
                ]
            )
            #expect(made.text.contains("&lt;Reports&gt;"))
            #expect(made.words.contains("Written down"))
            #expect(made.words.contains("http://two:9999"))
            let group = try #require(try await bench.parts.groups.list().first)
            let form = try await browser.get("/executors/\(group.id)")
            #expect(form.text.contains("http://one:9999\nhttp://two:9999"))
            let changed = try await browser.press(
                "/executors/\(group.id)/edit",
                on: "/executors/\(group.id)",
                ["version": "1", "title": "Reports", "registration": "automatic", "addresses": ""]
            )
            #expect(changed.words.contains("from executors that register"))
            _ = try await browser.press("/executors/\(group.id)/delete", on: "/executors/\(group.id)")
            #expect(try await bench.parts.groups.list().isEmpty)
        }
    }

    @Test func `what makes no sense is shown again with what is wrong about it`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let refused = try await browser.press(
                "/executors/new",
                on: "/executors/new",
                ["name": "reports", "registration": "manual", "addresses": "ftp://one"]
            )
            #expect(refused.words.contains("addresses[0] must be an http or https URL"))
            #expect(refused.text.contains("ftp://one"))
            #expect(refused.text.contains("value=\"reports\""))
            #expect(try await bench.parts.groups.list().isEmpty)
        }
    }

    @Test func `a token is shown once, when it is made`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let made = try await browser.press(
                "/executors/new",
                on: "/executors/new",
                ["name": "reports", "registration": "automatic", "own-token": "1"]
            )
            #expect(made.text.contains(/<code>[0-9a-f]{64}<\/code>/))
            let group = try #require(try await bench.parts.groups.list().first)
            let page = "/executors/\(group.id)"
            let shown = try await browser.get(page)
            #expect(!shown.text.contains(/<code>[0-9a-f]{64}/))
            let renewed = try await browser.press("\(page)/token", on: page)
            #expect(renewed.text.contains(/<code>[0-9a-f]{64}<\/code>/))
            _ = try await browser.press("\(page)/shared-token", on: page)
            #expect(try await bench.parts.groups.list().first?.token == .shared)
        }
    }
}
