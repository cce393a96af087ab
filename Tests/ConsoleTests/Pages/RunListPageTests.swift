import Foundation
import Groundwork
import Scheduler
import TestKit
import Testing

@testable import Console

/// The list of runs: its filters, its buttons, and clearing.
@Suite struct RunListPageTests {
    @Test func `a job is found by its number, its name, its group and name, or a part`() async throws {
        try await ConsoleBench.use { bench async throws in
            let run = try await bench.running()
            let twin = try await bench.parts.jobs.create(.sample("sampler", schedule: .manual))
            _ = try await bench.parts.jobs.trigger(twin.id)
            var browser = try await Browser.signedIn(bench)
            for job in ["\(run.plan.job)", "sample", "app%2Fsample"] {
                let page = try await browser.get("/runs?job=\(job)")
                #expect(page.text.matches(of: /<th scope="row">/).count == 1, "\(job)")
                #expect(page.text.contains("href=\"/runs/\(run.id)\""), "\(job)")
            }
            let several = try await browser.get("/runs?job=ampl&state=open")
            #expect(several.words.contains("Several jobs are called so. Which one?"))
            #expect(several.text.contains("href=\"/runs?job=\(twin.id)&amp;state=open\""))
            #expect(try await browser.get("/runs?job=nothing").words.contains("No run here."))
        }
    }

    @Test(arguments: [
        ("state=running", true), ("state=open", true), ("state=failed", false), ("state=succeeded", false),
        ("reason=killed", false), ("group=app", true), ("group=other", false),
        ("executor=http%3A%2F%2Fone%3A9999", true), ("executor=http%3A%2F%2Ftwo%3A9999", false),
        ("from=today", true), ("from=2030-01-15", true), ("to=2030-01-15", true), ("to=2030-01-14", false),
        ("from=2030-01-15+12:00:00&to=2030-01-15T12:00:00", true), ("from=2030-01-15+12:00:01", false),
        ("to=2030-01-15+11:59:59", false), ("from=2030-01-15T04:00:00Z", true),
    ])
    func `a filter stands in the address and in the form`(query: String, isFound: Bool) async throws {
        try await ConsoleBench.use { bench async throws in
            let run = try await bench.running()
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.get("/runs?\(query)")
            #expect(page.text.contains("href=\"/runs/\(run.id)\"") == isFound)
            let cells = query.split(separator: "&")[0].split(separator: "=").map(String.init)
            let value = try #require(cells[1].replacing("+", with: " ").removingPercentEncoding)
            let isKept =
                page.text.contains("value=\"\(value)\" selected")
                || page.text.contains("name=\"\(cells[0])\" value=\"\(value)\"")
            #expect(isKept, "\(cells)")
            let file = try #require(page.text.firstMatch(of: /href="(\/api\/v1\/runs.csv[^"]*)"/)).1
            let rows = try await browser.get(String(file).replacing("&amp;", with: "&"))
            #expect(rows.status == 200)
            #expect(rows.text.contains("\"\(run.id)\"") == isFound)
        }
    }

    @Test func `a time that is none is refused with a way back`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.get("/runs?from=yesterday")
            #expect(page.status == 400)
            #expect(page.words.contains("yesterday"))
        }
    }

    @Test func `a run can be ended from the list while it is open`() async throws {
        try await ConsoleBench.use { bench async throws in
            let executor = try await bench.executor()
            let run = try await bench.running()
            var browser = try await Browser.signedIn(bench)
            _ = try await browser.press("/runs/\(run.id)/kill", on: "/runs")
            #expect(executor.kills == [run.plan.job])
            #expect(!(try await browser.get("/runs").text.contains("/kill\"")))
        }
    }

    @Test(arguments: [
        (Language.english, "Runs that would go: 1", "Cleared."), (.chinese, "将清理的执行：1 条", "已清理。"),
    ])
    func `runs are cleared after their number was told`(
        language: Language,
        found: String,
        done: String
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            try await bench.executor()
            let run = try await bench.running()
            await bench.finish(run)
            bench.clock.advance(by: .seconds(1))
            var browser = try await Browser.signedIn(bench, language)
            let list = try await browser.get("/runs?job=sample").text
            #expect(list.contains("href=\"/runs/clear?job=\(run.plan.job)\""))
            let path = "/runs/clear?days=0&job=\(run.plan.job)"
            #expect(try await browser.get(path).words.contains(found))
            #expect(try await bench.parts.runs.run(run.id).isOpen == false)
            let kept = try await browser.get("/runs/clear?newest=1")
            #expect(!kept.text.contains("<form method=\"post\" action=\"/runs/clear"))
            let shown = try await browser.get(path)
            let after = try await browser.post(path, ["form_token": try browser.formToken(in: shown)])
            #expect(after.headers["location"] == "/runs?done=runs-cleared&job=\(run.plan.job)")
            let page = try await browser.get(try #require(after.headers["location"]))
            #expect(page.words.contains(done))
            await #expect(throws: SchedulerError.self) { _ = try await bench.parts.runs.run(run.id) }
        }
    }
}
