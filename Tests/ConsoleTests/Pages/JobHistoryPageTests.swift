import Groundwork
import Scheduler
import Testing

@testable import Console

/// The versions of a job as operators see them.
@Suite struct JobHistoryPageTests {
    /// A job with a script, changed twice.
    private static func job(_ bench: ConsoleBench) async throws -> Job {
        var spec = JobSpec(
            name: "coded <b>",
            group: "app",
            schedule: .every(.seconds(10)),
            handler: "",
            script: JobScript(.shell, "#!/bin/sh\nset -e\necho \"<1>\"\nexit 0\n", remark: "counts to one")
        )
        let jobs = bench.parts.jobs
        let made = try await jobs.create(spec)
        spec.script = JobScript(.shell, "#!/bin/sh\nset -e\necho \"<2>\"\nexit 0\n", remark: "counts to two")
        spec.timeout = .seconds(90)
        spec.route = .failover
        _ = try await jobs.update(made.id, version: 1, to: spec)
        return try await jobs.setEnabled(made.id, false)
    }

    @Test(arguments: [
        (
            Language.english,
            ["Versions of coded", "current", "route, script, timeout", "created", "switch"]
        ),
        (Language.chinese, ["的版本", "当前", "路由, 脚本, 超时", "新建", "启用状态"]),
    ])
    func `versions are listed with what each changed`(language: Language, facts: [String]) async throws {
        try await ConsoleBench.use { bench async throws in
            let job = try await Self.job(bench)
            var browser = try await Browser.signedIn(bench, language)
            #expect(
                try await browser.get("/jobs/\(job.id)").text.contains("href=\"/jobs/\(job.id)/history\"")
            )
            let page = try await browser.get("/jobs/\(job.id)/history")
            for fact in facts + ["counts to two"] { #expect(page.words.contains(fact), "\(fact)") }
        }
    }

    @Test func `two versions are compared field by field, and their scripts line by line`() async throws {
        try await ConsoleBench.use { bench async throws in
            let job = try await Self.job(bench)
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.get("/jobs/\(job.id)/history?from=1&to=2")
            #expect(page.text.contains("<span class=\"removed\">- echo &quot;&lt;1&gt;&quot;</span>"))
            #expect(page.text.contains("<span class=\"added\">+ echo &quot;&lt;2&gt;&quot;</span>"))
            #expect(page.text.contains("<span class=\"kept\">  set -e</span>"))
            #expect(page.text.contains("<td class=\"removed\">0</td><td class=\"added\">90</td>"))
            #expect(!page.text.contains("<td class=\"removed\">coded"))
            let same = try await browser.get("/jobs/\(job.id)/history?from=2&to=2")
            #expect(same.words.contains("no difference"))
            #expect(try await browser.get("/jobs/\(job.id)/history?from=1&to=9").status == 404)
        }
    }

    @Test func `an earlier version is restored with a button, and the switch stays`() async throws {
        try await ConsoleBench.use { bench async throws in
            let job = try await Self.job(bench)
            let path = "/jobs/\(job.id)/history"
            var browser = try await Browser.signedIn(bench)
            let shown = try await browser.press("\(path)/1/restore?from=3", on: path)
            #expect(shown.words.contains("Restored, as a new version."))
            let restored = try await bench.parts.jobs.job(job.id)
            #expect(restored.version == 4)
            #expect(restored.spec.script?.remark == "counts to one")
            #expect(!restored.isEnabled)
            // Who looks at an older page meanwhile overwrites nothing.
            let form = ["form_token": try browser.formToken(in: shown)]
            #expect(try await browser.post("\(path)/2/restore?from=3", form).status == 409)
            #expect(try await browser.post("\(path)/2/restore?from=4", [:]).status == 403)
            #expect(try await bench.parts.jobs.job(job.id).version == 4)
        }
    }

    @Test func `a job that is gone has its versions, and no button`() async throws {
        try await ConsoleBench.use { bench async throws in
            let job = try await Self.job(bench)
            try await bench.parts.jobs.remove(job.id)
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.get("/jobs/\(job.id)/history")
            #expect(page.words.contains("deleted"))
            #expect(!page.text.contains("/restore"))
            #expect(try await browser.get("/jobs/99/history").status == 404)
        }
    }
}
