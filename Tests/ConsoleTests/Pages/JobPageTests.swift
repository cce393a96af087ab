import Groundwork
import Scheduler
import TestKit
import Testing

@testable import Console

/// Jobs, runs, logs and executors as operations sees them.
@Suite struct JobPageTests {
    private static func job(_ bench: ConsoleBench, _ schedule: ScheduleText = .manual) async throws -> Job {
        try await bench.parts.jobs.create(
            JobSpec(
                name: "nightly <b>",
                group: "app",
                summary: "tidies up",
                schedule: schedule,
                handler: "tidy"
            )
        )
    }

    @Test(arguments: [
        (Language.english, ["every day at 08:00", "Enabled", "not run yet"]),
        (Language.chinese, ["每天 08:00", "已启用", "尚未执行"]),
    ])
    func `a job is told with its schedule in words and its next three fires`(
        language: Language,
        facts: [String]
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            _ = try await Self.job(bench, .cron("0 0 8 * * ?", zone: "Asia/Shanghai"))
            var browser = try await Browser.signedIn(bench, language)
            let page = try await browser.get("/jobs")
            let instants = (16...18).map { "2030-01-\($0) 08:00:00" }
            for fact in facts + instants + ["app", "tidy", "tidies up", "0 0 8 * * ?"] {
                #expect(page.words.contains(fact), "\(fact)")
            }
            #expect(page.text.contains("nightly &lt;b&gt;"))
        }
    }

    @Test func `a job is triggered, disabled and enabled with buttons`() async throws {
        try await ConsoleBench.use { bench async throws in
            let id = try await Self.job(bench).id
            var browser = try await Browser.signedIn(bench)
            let runs = try await browser.press("/jobs/\(id)/trigger", on: "/jobs")
            #expect(runs.words.contains("the run is handed to an executor at once"))
            #expect(runs.words.contains("Planned"))
            #expect(
                try await bench.parts.runs.list(RunFilter(job: id)).elements.first?.plan.trigger == .manual
            )
            _ = try await browser.press("/jobs/\(id)/disable", on: "/jobs")
            #expect(try await bench.parts.jobs.job(id).isEnabled == false)
            _ = try await browser.press("/jobs/\(id)/enable", on: "/jobs")
            #expect(try await bench.parts.jobs.job(id).isEnabled)
        }
    }

    @Test func `a run is asked for of one living executor of the group, with parameters`() async throws {
        try await ConsoleBench.use { bench async throws in
            let id = try await Self.job(bench).id
            var browser = try await Browser.signedIn(bench)
            #expect(!(try await browser.get("/jobs/\(id)").text.contains("name=\"address\"")))
            for host in ["one", "two"] { try await bench.executor(at: host) }
            let page = try await browser.get("/jobs/\(id)")
            #expect(page.text.contains("<option value=\"http://two:9999\">"), "\(page.text)")
            let form = ["address": "http://two:9999", "params": "only=two"]
            _ = try await browser.press("/jobs/\(id)/trigger", on: "/jobs/\(id)", form)
            let run = try #require(try await bench.parts.runs.list(RunFilter(job: id)).elements.first)
            #expect(run.plan.terms.target == ExecutorAddress("http://two:9999"))
            #expect(run.plan.terms.params == "only=two")
            _ = try await browser.press(
                "/jobs/\(id)/trigger",
                on: "/jobs/\(id)",
                ["address": "", "params": ""]
            )
            let other = try #require(try await bench.parts.runs.list(RunFilter(job: id)).elements.first)
            #expect(other.plan.terms.target == nil)
            #expect(other.id != run.id)
        }
    }

    @Test func `triggers of the past are looked for and made up for on a page of their own`() async throws {
        try await ConsoleBench.use { bench async throws in
            let id = try await Self.job(bench, .cron("0 0 8 * * ?", zone: "Asia/Shanghai")).id
            var browser = try await Browser.signedIn(bench)
            #expect(try await browser.get("/jobs/\(id)").text.contains("/jobs/\(id)/backfill"))
            let place =
                "/jobs/\(id)/backfill?from=2030-01-10T00:00&to=2030-01-13T00:00&spacing=60&params=d%3D%7Bdate%7D"
            let found = try await browser.get(place)
            #expect(found.words.contains("Triggers in the span: 3. Without a run: 3."), "\(found.words)")
            #expect(found.words.contains("2030-01-10 08:00:00"))
            let form = ["form_token": try browser.formToken(in: found)]
            let done = try await browser.post(place, form)
            #expect(done.headers["location"] == "/runs?done=job-backfill&job=\(id)")
            let made = try await bench.parts.runs.list(RunFilter(job: id)).elements
            #expect(
                made.map(\.plan.terms.params).sorted() == ["d=2030-01-10", "d=2030-01-11", "d=2030-01-12"]
            )
            let again = try await browser.get(place)
            #expect(again.words.contains("Without a run: 0."))
            let wrong = try await browser.get("/jobs/\(id)/backfill?from=soon&to=2030-01-13T00:00")
            #expect(wrong.words.contains("from is no instant such as"), "\(wrong.words)")
            let manual = try await bench.parts.jobs.create(.init(name: "m", group: "app", handler: "h")).id
            #expect(!(try await browser.get("/jobs/\(manual)").text.contains("/backfill")))
        }
    }

    @Test func `jobs are searched and runs filtered by their address`() async throws {
        try await ConsoleBench.use { bench async throws in
            let id = try await Self.job(bench).id
            _ = try await bench.parts.jobs.trigger(id)
            var browser = try await Browser.signedIn(bench)
            #expect(try await browser.get("/jobs?q=TIDIES").words.contains("tidies up"))
            #expect(try await browser.get("/jobs?q=other").words.contains("No job matches."))
            #expect(try await browser.get("/runs?job=\(id)&state=open").text.contains("/runs/"))
            #expect(try await browser.get("/runs?job=\(id)&state=failed").words.contains("No run here."))
        }
    }

    @Test(arguments: [
        (Language.english, ["Running", "Dispatched", "operator", "not split"]),
        (Language.chinese, ["执行中", "下发", "人工", "不分片"]),
    ])
    func `a run is told with its instants, its executor and its log`(
        language: Language,
        facts: [String]
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            let executor = try await bench.executor()
            executor.setLog("first <i>line</i>\nsecond line\n")
            let run = try await bench.running()
            var browser = try await Browser.signedIn(bench, language)
            let list = try await browser.get("/runs").words
            #expect(list.contains("\(run.id)") && list.contains(facts[0]))
            let page = try await browser.get("/runs/\(run.id)")
            for fact in facts + ["http://one:9999", "handle", "a=1", "2030-01-15 12:00:00"] {
                #expect(page.words.contains(fact), "\(fact)")
            }
            #expect(page.text.contains("first &lt;i&gt;line&lt;/i&gt;\nsecond line\n"))
            #expect(page.text.contains("data-log=\"/runs/\(run.id)/log?from=3\""))
        }
    }

    @Test func `the log of a run that has none is over once that was said`() async throws {
        try await ConsoleBench.use { bench async throws in
            let executor = try await bench.executor()
            let run = try await bench.running()
            await bench.finish(run)
            executor.setLogRemark("readLog fail, logFile not exists")
            let browser = try await Browser.signedIn(bench)
            let events = try await Self.get("/runs/\(run.id)/log", browser).events
            #expect(events.map(\.name) == ["lines", "end"])
        }
    }

    @Test func `a log is followed until its run has ended`() async throws {
        try await ConsoleBench.use { bench async throws in
            let executor = try await bench.executor()
            executor.setLog("one\ntwo\n")
            let run = try await bench.running()
            let browser = try await Browser.signedIn(bench)
            async let stream = Self.get("/runs/\(run.id)/log", browser)
            await bench.clock.sleepers()
            executor.setLog("one\ntwo\nthree\n")
            bench.clock.advance(by: .seconds(1))
            await bench.clock.sleepers()
            let ended = CallbackItem(run: run.id, plannedAt: run.plan.plannedAt, outcome: .succeeded("done"))
            _ = await bench.parts.executors.callBack(CallbackBatch([ended]))
            bench.clock.advance(by: .seconds(1))
            let events = try await stream.events
            #expect(events.map(\.name) == ["lines", "lines", "end"])
            #expect(events[0].data.object?["text"] == "one\ntwo\n")
            #expect(events[1].data.object?["text"] == "three\n")
        }
    }

    @Test func `a run's events tell of its end`() async throws {
        try await ConsoleBench.use { bench async throws in
            let run = try await bench.running()
            let browser = try await Browser.signedIn(bench)
            async let stream = Self.get("/runs/\(run.id)/events", browser)
            await bench.clock.sleepers()
            let ended = CallbackItem(run: run.id, plannedAt: run.plan.plannedAt, outcome: .failed("<broke>"))
            _ = await bench.parts.executors.callBack(CallbackBatch([ended]))
            bench.clock.advance(by: LiveRegion.interval)
            let events = try await stream.events
            #expect(events.map(\.name) == ["snapshot", "snapshot", "end"])
            let last = try #require(events[1].data.object?["html"].text)
            for fact in ["Failed", "the handler failed", "&lt;broke&gt;"] { #expect(last.contains(fact)) }
            #expect(!last.contains("/kill"))
        }
    }

    @Test func `a browser that comes back goes on where it was`() async throws {
        try await ConsoleBench.use { bench async throws in
            let executor = try await bench.executor()
            executor.setLog("one\ntwo\nthree\n")
            let run = try await bench.running()
            let ended = CallbackItem(run: run.id, plannedAt: run.plan.plannedAt, outcome: .failed("broke"))
            _ = await bench.parts.executors.callBack(CallbackBatch([ended]))
            var browser = try await Browser.signedIn(bench)
            let answer = try await browser.get(
                "/runs/\(run.id)/log?from=1",
                headers: [(name: "Last-Event-ID", value: "3")]
            )
            #expect(answer.events.map(\.name) == ["lines", "end"])
            #expect(answer.events[0].data.object?["text"] == "three\n")
            #expect(answer.text.contains("id: 4\n"))
        }
    }

    @Test func `an executor that does not answer is told where the log would be`() async throws {
        try await ConsoleBench.use { bench async throws in
            try await bench.executor()
            let run = try await bench.running()
            let request = RegistryRequest(appName: "app", address: "http://one:9999/", instance: "first")
            _ = await bench.parts.executors.signOff(request)
            _ = try await bench.scheduler.registry.forget(silentSince: bench.now + .seconds(1))
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.get("/runs/\(run.id)").words
            #expect(page.contains("The log cannot be read:"))
            #expect(page.contains("http://one:9999 is not registered any more"))
        }
    }

    @Test func `a run is ended with a button`() async throws {
        try await ConsoleBench.use { bench async throws in
            let executor = try await bench.executor()
            let run = try await bench.running()
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.press("/runs/\(run.id)/kill", on: "/runs/\(run.id)")
            #expect(page.words.contains("ended by an operator"))
            #expect(executor.kills == [run.plan.job])
            #expect(!page.text.contains("/kill\""))
        }
    }

    @Test(arguments: [
        (Language.english, "Alive", "Silent", "Signed off"), (Language.chinese, "存活", "失联", "已下线"),
    ])
    func `executors are alive, silent or gone`(
        language: Language,
        alive: String,
        silent: String,
        gone: String
    )
        async throws
    {
        try await ConsoleBench.use { bench async throws in
            try await bench.executor()
            var browser = try await Browser.signedIn(bench, language)
            let page = try await browser.get("/executors").words
            for fact in ["app", "http://one:9999", "first", alive] { #expect(page.contains(fact)) }
            bench.clock.advance(by: ExecutorInstance.silenceLimit)
            #expect(try await browser.get("/executors").words.contains(silent))
            let request = RegistryRequest(appName: "app", address: "http://one:9999/", instance: "first")
            _ = await bench.parts.executors.signOff(request)
            #expect(try await browser.get("/executors").words.contains(gone))
        }
    }

    @Test(arguments: ["/runs/7", "/campaigns/7", "/templates/7", "/messages/x", "/campaigns/x", "/runs/0"])
    func `what is not there is told with a way back`(path: String) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.get(path)
            #expect(page.status == 404)
            #expect(page.words.contains("Not found"))
            let list = "/" + (path.split(separator: "/").first ?? "")
            #expect(page.text.contains("<a class=\"button\" href=\"\(list)\">"))
        }
    }

    @Test func `the language is switched by a link and kept`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.get("/runs?state=open")
            let link = try #require(page.text.firstMatch(of: /href="(\/language\/zh-CN[^"]*)"/))
            let answer = try await browser.get(String(link.1))
            #expect(answer.headers["location"] == "/runs?state=open")
            #expect(try await browser.get("/runs").words.contains("执行记录"))
        }
    }

    private static func get(_ path: String, _ browser: Browser) async throws -> ConsoleBench.Answer {
        var browser = browser
        return try await browser.get(path)
    }
}
