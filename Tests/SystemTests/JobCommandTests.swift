import Foundation
import TestKit
import Testing

/// `kpush jobs` as a person meets it.
@Suite(.timeLimit(.minutes(10))) struct JobCommandTests {
    private static let report = """
        name: nightly-report
        group: reports
        summary: "123"
        schedule: {cron: "0 30 2 * * ?", zone: America/New_York, daylight: both, except: ["2030-12-25"], from: "2027-01-01 00:00", jitter_seconds: 5}
        handler: report
        params: |
          {"days": 7}
        timeout_seconds: 1.5
        retry: {limit: 3, first_seconds: 2, ceiling_seconds: 8, reasons: [timed_out, executor_lost]}
        alarm:
          to:
            - {template: 7, receivers: [ops@example.com, "13800138000"]}
          window_seconds: 90
          recovery: false
        children:
          - {job: tick}
          - {job: ops/page somebody, when: failure, params: result, per_shard: true}
        route: CONSISTENT_HASH
        hash_key: '17'
        keep_days: 90
        lateness: {target_ms: 1500}
        ---
        name: tick
        group: reports
        schedule: {every: 30}
        handler: tick
        misfire: fire_once
        enabled: false

        """

    /// Definitions whose texts are easily taken for something else.
    private static let odd = #"""
        name: 对账 (结算)
        group: reports
        summary: "yes: #1, it's \"so\""
        schedule: {at: "2099-03-08T02:30:00", zone: America/New_York}
        script:
          language: shell
          remark: "second try: 2"
          source: "#!/bin/sh\n\n  echo \"$1\"\t'x'  \necho done"
        route: CONSISTENT_HASH
        overlap: COVER_EARLY
        ---
        name: "null"
        group: reports
        schedule:
          cron: "0 0 9 * * ?"
          calendar: {name: acme, weekends: excluded, excluded: ["2030-12-25"], included: ["2030-12-28"]}
        handler: "0x1f"
        params: "  begins with blanks\n\nends with none"

        """#

    @Test func `definitions are compared, applied, and come out as they went in`() async throws {
        let bench = try await CommandBench.start()
        let file = try bench.file("jobs.yaml", Self.report)
        let before = try await bench.kpush("jobs", "plan", file)
        #expect(before.status == 1)
        #expect(before.lines.filter { $0.hasPrefix("+") } == ["+ reports/nightly-report", "+ reports/tick"])
        let applied = try await bench.kpush("jobs", "apply", file)
        #expect(applied.status == 0, "\(applied.complaints)")
        #expect(applied.lines.count { $0.hasPrefix("created") } == 2)
        let after = try await bench.kpush("jobs", "diff", file)
        #expect(after.status == 0)
        #expect(after.output == "= reports/nightly-report\n= reports/tick\n")

        let exported = try await bench.kpush("jobs", "export", "reports/nightly-report", "tick")
        #expect(exported.output.contains("params: |\n  {\"days\": 7}\n"))
        #expect(exported.output.contains("timeout_seconds: 1.5\n"))
        #expect(
            exported.output.contains(
                "except: ['2030-12-25'], from: '2027-01-01T05:00:00Z', jitter_seconds: 5"
            )
        )
        #expect(exported.output.contains("- {job: tick}\n"))
        #expect(exported.output.contains("reasons: [timed_out, executor_lost]"))
        #expect(exported.output.contains("- {template: 7, receivers: [ops@example.com, '13800138000']}"))
        #expect(
            exported.output.contains(
                "{job: ops/page somebody, when: failure, params: result, per_shard: true}"
            )
        )
        #expect(exported.output.contains("keep_days: 90\n"))
        #expect(exported.output.contains("hash_key: '17'\n"))
        #expect(exported.output.contains("lateness: {target_ms: 1500}\n"))
        let same = try await bench.kpush("jobs", "diff", "-", input: exported.output)
        #expect(same.status == 0, "\(exported.output)\(same.output)\(same.complaints)")
        let list = try await bench.kpush("jobs", "list", "--group", "reports")
        #expect(list.lines.contains { $0.contains("every 30s") && $0.contains("no") })
    }

    @Test func `what cannot be applied whole is not applied in part`() async throws {
        let bench = try await CommandBench.start()
        func job(_ name: String, _ child: String) -> String {
            "name: \(name)\ngroup: app\nhandler: h\nchildren: [{job: \(child)}]\n"
        }
        let file = try bench.file("round.yaml", job("one", "two") + "---\n" + job("two", "one"))
        for command in ["plan", "apply"] {
            let told = try await bench.kpush("jobs", command, file)
            #expect(told.status == 65)
            #expect(told.complaints.contains("app/one → app/two → app/one"), "\(told.complaints)")
        }
        #expect(try await !bench.kpush("jobs", "list").output.contains("app"))
        let endless = try bench.file(
            "endless.yaml",
            "name: a\ngroup: app\nhandler: h\ntimeout_seconds: .inf\n"
        )
        let told = try await bench.kpush("jobs", "plan", endless)
        #expect(told.status == 65)
        #expect(told.complaints.contains("timeout_seconds"), "\(told.complaints)")
    }

    @Test func `a definition is compared to the millisecond`() async throws {
        let bench = try await CommandBench.start()
        func file(_ instant: String) throws -> String {
            try bench.file(
                "once.yaml",
                "name: once\ngroup: app\nhandler: h\nschedule: {at: '\(instant)'}\n"
                    + "timeout_seconds: 2.3\nlateness: {target_ms: 1001}\n"
            )
        }
        #expect(try await bench.kpush("jobs", "apply", file("2090-01-15T04:00:00.100Z")).status == 0)
        let same = try await bench.kpush("jobs", "plan", file("2090-01-15T04:00:00.100Z"))
        #expect(same.status == 0, "\(same.output)")
        #expect(try await bench.kpush("jobs", "plan", file("2090-01-15T04:00:00.900Z")).status == 1)
    }

    @Test func `what of a schedule may surprise is told before it is applied, and when it is`() async throws {
        let bench = try await CommandBench.start()
        let text = """
            name: early
            group: app
            schedule: {cron: 0 30 2 * * ?, zone: America/New_York}
            handler: wake

            """
        let file = try bench.file("early.yaml", text)
        let told = "note: app/early: 2"
        let plan = try await bench.kpush("jobs", "plan", file)
        #expect(plan.complaints.contains(told), "\(plan.complaints)")
        #expect(plan.complaints.contains("02:30 does not exist in America/New_York: runs 03:00"))
        #expect(try await bench.kpush("jobs", "plan", file, "--json").output.contains("does not exist in"))
        let applied = try await bench.kpush("jobs", "apply", file)
        #expect(applied.status == 0)
        #expect(applied.complaints.contains(told))
        // What is there already surprises nobody.
        #expect(try await bench.kpush("jobs", "apply", file).complaints.isEmpty)
    }

    @Test func `what one server exports makes another export the same bytes`() async throws {
        let bench = try await CommandBench.start()
        let made = try await bench.kpush("jobs", "apply", "-", input: Self.report + "---\n" + Self.odd)
        #expect(made.status == 0, "\(made.complaints)")
        let first = try await bench.kpush("jobs", "export")
        for name in ["nightly-report", "tick", "对账 (结算)", "'null'"] {
            #expect(first.lines.contains { $0 == "name: \(name)" }, "\(first.output)")
        }

        let other = try await CommandBench.start()
        let applied = try await other.kpush("jobs", "apply", "-", input: first.output)
        #expect(applied.status == 0, "\(applied.complaints)")
        #expect(applied.lines.count { $0.hasPrefix("created") } == 4, "\(applied.output)")
        let second = try await other.kpush("jobs", "export")
        #expect(second.output.utf8.elementsEqual(first.output.utf8), "\(second.output)")
    }

    @Test func `definitions share a calendar in a file beside them, and come out with its days`() async throws
    {
        let bench = try await CommandBench.start()
        let calendar = "name: acme\nfrom: 2030\nuntil: 2031\nweekends: excluded\nexcluded: [2030-12-25]\n"
        _ = try bench.file("acme.yaml", calendar)
        let job = "name: x\ngroup: g\nhandler: h\nschedule: {cron: \"0 0 9 * * ?\", calendar: acme.yaml}\n"
        let file = try bench.file("jobs.yaml", job)
        let applied = try await bench.kpush("jobs", "apply", file)
        #expect(applied.status == 0, "\(applied.complaints)")
        let exported = try await bench.kpush("jobs", "export", "g/x")
        #expect(
            exported.output.contains(
                "calendar: {name: acme, from: 2030, until: 2031, weekends: excluded, excluded: ['2030-12-25']}"
            ),
            "\(exported.output)"
        )
        let same = try await bench.kpush("jobs", "diff", "-", input: exported.output)
        #expect(same.status == 0, "\(same.output)\(same.complaints)")

        _ = try bench.file("acme.yaml", calendar + "included: [2030-12-28]\n")
        let diff = try await bench.kpush("jobs", "diff", file)
        #expect(diff.output.contains("off 2030-12-25; on 2030-12-28"), "\(diff.output)")
        _ = try bench.file("acme.yaml", "name: acme\nexcluded: [2030-02-30]\n")
        let wrong = try await bench.kpush("jobs", "diff", file)
        #expect(wrong.status == 65)
        #expect(wrong.complaints.contains("'2030-02-30' is no day"), "\(wrong.complaints)")
    }

    @Test func `a changed definition changes its fields alone, and no switch that it does not name`()
        async throws
    {
        let bench = try await CommandBench.start()
        _ = try await bench.kpush("jobs", "apply", "-", input: Self.report)
        #expect(try await bench.kpush("jobs", "disable", "nightly-report").status == 0)
        let edited = Self.report.replacing("zone: America/New_York", with: "zone: Asia/Tokyo")
            .replacing("enabled: false", with: "enabled: true")
        let diff = try await bench.kpush("jobs", "diff", "-", input: edited)
        let changes = diff.lines.filter { $0.hasPrefix("  ") }.map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(
            changes == [
                "schedule  cron 0 30 2 * * ? America/New_York, daylight both, except 2030-12-25, from 2027-01-01T13:00:00+08:00, spread over 5s  →  cron 0 30 2 * * ? Asia/Tokyo, daylight both, except 2030-12-25, from 2026-12-31T23:00:00+08:00, spread over 5s",
                "enabled  no  →  yes",
            ]
        )
        let applied = try await bench.kpush("jobs", "apply", "-", input: edited)
        #expect(
            applied.output
                == "updated    reports/nightly-report: schedule\nupdated    reports/tick: enabled\n"
        )
        #expect(
            try await bench.kpush("jobs", "show", "nightly-report", "--json").json()["enabled"] as? Bool
                == false
        )
        #expect(try await bench.kpush("jobs", "show", "tick", "--json").json()["enabled"] as? Bool == true)
    }

    @Test func `a script's file that is not there is named, and nothing is applied`() async throws {
        let bench = try await CommandBench.start()
        let text = "name: x\ngroup: g\nscript: {language: shell, file: gone.sh}\n"
        let ending = try await bench.kpush("jobs", "apply", try bench.file("gone.yaml", text))
        #expect(ending.status == 66)
        #expect(ending.complaints.contains("gone.sh"), "\(ending.complaints)")
        #expect(try await bench.kpush("jobs", "list", "--group", "g").output.contains("none"))
    }

    @Test func `one definition that makes no sense keeps all from being applied`() async throws {
        let bench = try await CommandBench.start()
        let good = try bench.file("good.yaml", "name: good\ngroup: g\nhandler: h\n")
        let cases: [(text: String, says: String)] = [
            ("name: x\ngroup: g\nhandlr: h\n", "unknown key handlr"),
            ("name: x\ngroup: g\n", "handler is missing"),
            ("name: x\ngroup: g\nhandler: h\nscript: {language: shell, source: ls}\n", "must be left out"),
            ("name: x\ngroup: g\nscript: {language: groovy, source: ls}\n", "script.language"),
            ("name: x\ngroup: g\nhandler: h\nschedule: {cron: \"* * *\"}\n", "schedule.conf"),
            ("name: x\ngroup: g\nhandler: h\nroute: NOWHERE\n", "route"),
            ("name: x\ngroup: g\nhandler: h\n---\nname: x\ngroup: g\nhandler: i\n", "g/x is defined twice"),
            ("name: [x\n", "not YAML"),
            ("", "no job is defined"),
        ]
        for (text, says) in cases {
            let bad = try bench.file("bad.yaml", text)
            let files = text.isEmpty ? [bad] : [good, bad]
            let ending = try await bench.kpush(["jobs", "apply"] + files)
            #expect(ending.status == 65, "\(text)")
            #expect(ending.complaints.contains(says), "\(ending.complaints)")
        }
        #expect(try await bench.kpush("jobs", "apply", bench.folder.file("none.yaml")).status == 66)
        #expect(try await bench.kpush("jobs", "list", "--group", "g").output == "none\n")
    }

    @Test func `the next instants are those of the schedule`() async throws {
        let bench = try await CommandBench.start()
        let yearly =
            "name: leap\ngroup: g\nhandler: h\nschedule: {cron: \"0 0 12 29 2 ?\", zone: Asia/Shanghai}\n"
        _ = try await bench.kpush("jobs", "apply", "-", input: yearly)
        let next = try await bench.kpush("jobs", "next", "g/leap", "--count", "3")
        #expect(next.status == 0)
        #expect(next.lines.count == 3)
        #expect(next.lines.allSatisfy { $0.hasSuffix("-02-29T12:00:00+08:00") })
        let none = try await bench.kpush("jobs", "next", "nobody")
        #expect(none.status == 65)
        #expect(none.complaints.contains("there is no job nobody"))
    }

    @Test func `a run's log is followed to its end, and read again afterwards`() async throws {
        let bench = try await CommandBench.start()
        try await eventually("an executor is there") {
            let run = try await bench.kpush("jobs", "trigger", "token-refresh", "--follow")
            return run.status == 0
        }
        let followed = try await bench.kpush("jobs", "trigger", "token-refresh", "--follow")
        #expect(followed.status == 0, "\(followed.complaints)")
        #expect(followed.complaints.contains("completed: 0 tokens refreshed"))
        let log = followed.lines.dropFirst()
        #expect(log.first?.hasSuffix("[info] run accepted") == true)
        let run = try #require(followed.lines.first?.split(separator: " ").last)
        let again = try await bench.kpush("jobs", "logs", String(run))
        #expect(again.lines == Array(log))
        let from = try await bench.kpush("jobs", "logs", String(run), "--from", "2")
        #expect(from.lines == Array(log.dropFirst()))
        let runs = try await bench.kpush("jobs", "runs", "token-refresh", "--limit", "1")
        #expect(runs.lines.last?.hasSuffix("completed") == true)
    }

    @Test func `what ran as it was due is proven, and what is asked wrongly is not`() async throws {
        let bench = try await CommandBench.start()
        let file = "name: tock\ngroup: kpush\nhandler: tokenRefresh\nschedule: {every: 1}\n"
        _ = try await bench.kpush("jobs", "apply", "-", input: file)
        let start = Date().addingTimeInterval(-60).ISO8601Format()
        let verify = ["jobs", "verify", "--from", start]
        try await eventually("two triggers are proven") {
            let proof = try await bench.kpush(verify + ["--job", "tock", "--json"])
            return proof.status == 0 && !proof.output.contains(#""served":0,"#)
                && !proof.output.contains(#""served":1,"#)
        }
        let proof = try await bench.kpush(verify)
        #expect(proof.lines.last == "proven: nothing is missing, doubled, unplanned, early or late")
        #expect(try await bench.kpush("jobs", "verify", "--from", "yesterday").status == 64)
        #expect(try await bench.kpush("jobs", "verify", "--from", start, "--late", "soon").status == 64)
        #expect(try await bench.kpush("jobs", "verify", "--from", "2999-01-01").status == 65)
    }

    @Test func `versions of a job are listed, compared and restored`() async throws {
        let bench = try await CommandBench.start()
        let file = "name: kept\ngroup: kpush\nhandler: tokenRefresh\nparams: a=1\n"
        _ = try await bench.kpush("jobs", "apply", "-", input: file)
        let changed = file.replacing("a=1", with: "b=2") + "timeout_seconds: 60\n"
        _ = try await bench.kpush("jobs", "apply", "-", input: changed)
        let list = try await bench.kpush("jobs", "history", "kept")
        #expect(list.lines.count == 3)
        #expect(list.lines.dropFirst().first?.hasSuffix("params, timeout") == true, "\(list.output)")
        let diff = try await bench.kpush("jobs", "history", "kept", "--diff", "2")
        #expect(diff.status == 1)
        for line in [
            "--- version 1", "+++ version 2", "-params: a=1", "+params: b=2", "+timeout_seconds: 60",
        ] {
            #expect(diff.lines.contains { $0 == line }, "\(line) in \(diff.output)")
        }
        #expect(try await bench.kpush("jobs", "history", "kept", "--diff", "2", "2").status == 0)
        let restored = try await bench.kpush("jobs", "restore", "kept", "1")
        #expect(restored.lines.last?.hasSuffix("that is version 3.") == true)
        #expect(try await bench.kpush("jobs", "history", "kept", "--diff", "1", "3").output.isEmpty)
        #expect(try await bench.kpush("jobs", "restore", "kept", "9").status == 65)
    }

    @Test func `a run that fails ends with another code`() async throws {
        let bench = try await CommandBench.start()
        _ = try await bench.kpush("jobs", "apply", "-", input: "name: lost\ngroup: kpush\nhandler: nobody\n")
        let run = try await bench.kpush("jobs", "trigger", "lost", "--follow")
        #expect(run.status == 1)
        #expect(run.complaints.contains("nobody"), "\(run.complaints)")
        // The executor has no log of it, and says so once.
        let number = try #require(run.lines.first?.split(separator: " ").last)
        let log = try await bench.kpush("jobs", "logs", String(number))
        #expect(log.output == run.lines.dropFirst().map { $0 + "\n" }.joined())
        #expect(log.lines.count == 1)
        #expect(try await bench.kpush("jobs", "logs", "1").status == 65)
    }
}
