import Groundwork
import Scheduler
import Testing

@testable import Console

/// The form of a job, and the page that it leads to.
@Suite struct JobFormTests {
    /// A spec in which nothing is as usual.
    private static let whole = JobSpec(
        name: "nightly",
        group: "app",
        summary: "tidies <up>",
        schedule: ScheduleText(
            type: ScheduleType.cron.rawValue,
            conf: "0 30 2 * * ?",
            zone: "America/New_York",
            daylight: DaylightPolicy.both.rawValue,
            limits: ScheduleLimits(
                calendar: "cn-workdays",
                except: ["2030-03-14", "2030-05-02"],
                from: Moment(secondsSinceEpoch: 1_894_700_000),
                until: Moment(secondsSinceEpoch: 1_994_700_000),
                jitter: .milliseconds(1_500)
            )
        ),
        misfire: .fireOnce,
        overlap: .coverEarly,
        route: .failover,
        handler: "tidy",
        params: "a=1\nb=<2>\n",
        timeout: .seconds(90),
        retry: RetryPolicy(
            limit: 3,
            backoff: Backoff(first: .seconds(2), ceiling: .seconds(60), factor: 1.5, jitter: 0.25),
            reasons: [.timedOut, .executorLost]
        ),
        children: [
            ChildJob(JobName("app/report"), on: .end, params: .result, isPerShard: true),
            ChildJob(JobName("ops/clean"), on: .failure, params: .parent),
        ],
        alarm: AlarmPolicy(
            [AlarmTarget(template: 12, receivers: ["ops@example.com", "dev@example.com"])],
            window: .seconds(300),
            tellsRecovery: false
        ),
        keep: .seconds(30 * 86_400),
        lateness: LatenessTarget(.milliseconds(1_500), percent: 99.5)
    )

    /// A schedule with a calendar of its own.
    private static let ownDays: ScheduleText = {
        var schedule = ScheduleText.cron("0 0 9 * * ?")
        // Days that are in order and within its years make a calendar.
        let days = try? JobCalendar(
            name: "acme",
            years: 2030...2031,
            excluded: [CivilDate("2030-03-14")].compactMap(\.self)
        )
        schedule.limits.calendar = days.map { .own($0) }
        return schedule
    }()

    @Test(arguments: [
        whole, JobSpec(name: "plain", group: "app", handler: "tidy"),
        JobSpec(name: "coded", group: "app", handler: "", script: JobScript(.shell, "ls\n", remark: "lists")),
        JobSpec(name: "often", group: "app", schedule: .every(.seconds(90)), handler: "tidy"),
        JobSpec(name: "own days", group: "app", schedule: ownDays, handler: "tidy"),
    ])
    func `what the form shows of a job is read back as the same job`(spec: JobSpec) {
        let (read, faults) = JobInput(spec).spec(of: nil)
        #expect(read == spec)
        #expect(faults.isEmpty)
    }

    @Test func `an alarm that is added to a job tells its recovery, unless somebody unticks that`() {
        var form = JobInput(JobSpec(name: "plain", group: "app", handler: "tidy")).texts
        form["alarm-0-template"] = "12"
        form["alarm-0-receivers"] = "ops@example.com"
        let targets = [AlarmTarget(template: 12, receivers: ["ops@example.com"])]
        #expect(JobInput(form).spec(of: nil).spec.alarm == AlarmPolicy(targets))
        form["alarm.recovery"] = nil
        #expect(JobInput(form).spec(of: nil).spec.alarm?.tellsRecovery == false)
    }

    @Test func `what the form does not show stays as it is`() {
        var before = Self.whole
        before.schedule.anchor = Moment(secondsSinceEpoch: 7)
        #expect(JobInput(before).spec(of: before).spec == before)
    }

    @Test func `a job is made with the form and shown on its page`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            var form = JobInput(Self.whole).texts
            form["enabled"] = "1"
            // As browsers send line breaks.
            form["params"] = form["params"]?.replacing("\n", with: "\r\n")
            let page = try await browser.press("/jobs/new", on: "/jobs/new", form)
            let job = try #require(try await bench.parts.jobs.list().elements.first)
            #expect(job.spec == Self.whole)
            #expect(job.isEnabled)
            for fact in [
                "Created.", "nightly", "app", "tidy", "America/New_York", "cn-workdays", "2030-05-02",
                "1 min 30 s",
                "timed out", "app/report", "ops/clean", "there is no such job yet", "2 receivers",
            ] {
                #expect(page.words.contains(fact), "\(fact)")
            }
            #expect(page.text.contains("tidies &lt;up&gt;") && page.text.contains("b=&lt;2&gt;"))
        }
    }

    @Test(arguments: [
        (Language.english, "every day at 02:30", "does not exist in America/New_York"),
        (.chinese, "每天 02:30", "America/New_York 时区没有 2030-03-10 02:30"),
    ])
    func `a job's page tells its next five fires in its own zone`(
        language: Language,
        words: String,
        change: String
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            let spec = JobSpec(
                name: "nightly",
                group: "app",
                schedule: .cron("0 30 2 * * ?", zone: "America/New_York"),
                handler: "tidy"
            )
            let id = try await bench.parts.jobs.create(spec).id
            var browser = try await Browser.signedIn(bench, language)
            let page = try await browser.get("/jobs/\(id)").words
            #expect(page.contains(words))
            for day in 15...19 { #expect(page.contains("2030-01-\(day) 02:30:00"), "\(day)") }
            #expect(page.contains("2030-01-15 15:30:00"))
            #expect(page.contains(change))
        }
    }

    @Test func `every fault is shown at its field and nothing typed is lost`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            var form = JobInput(Self.whole).texts
            form["group"] = "no group"
            form["handler"] = ""
            form["timeout"] = "soon"
            form["schedule.zone"] = "Mars/Olympus"
            form["alarm-0-template"] = "twelve"
            let page = try await browser.press("/jobs/new", on: "/jobs/new", form)
            #expect(page.status == 400)
            for field in ["group", "handler", "timeout", "schedule.zone"] {
                #expect(page.text.contains("id=\"\(field)-fault\""), "\(field)")
            }
            for fact in [
                "Nothing was saved", "must name templates by their numbers", "there is no such time zone",
            ] {
                #expect(page.words.contains(fact), "\(fact)")
            }
            for typed in ["value=\"no group\"", "value=\"Mars/Olympus\"", "value=\"twelve\"", "b=&lt;2&gt;"] {
                #expect(page.text.contains(typed), "\(typed)")
            }
            #expect(try await bench.parts.jobs.list().elements.isEmpty)
        }
    }

    @Test func `a job whose name is taken is refused at its name`() async throws {
        try await ConsoleBench.use { bench async throws in
            _ = try await bench.parts.jobs.create(Self.whole)
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.press("/jobs/new", on: "/jobs/new", JobInput(Self.whole).texts)
            #expect(page.status == 400)
            #expect(page.text.contains("id=\"name-fault\""))
        }
    }

    @Test func `a job is changed with the form`() async throws {
        try await ConsoleBench.use { bench async throws in
            let job = try await bench.parts.jobs.create(Self.whole)
            var browser = try await Browser.signedIn(bench)
            var form = JobInput(job.spec).texts
            form["version"] = "\(job.version)"
            form["handler"] = "sweep"
            form["children-0-job"] = ""
            let page = try await browser.press("/jobs/\(job.id)/edit", on: "/jobs/\(job.id)/edit", form)
            #expect(page.words.contains("Saved."))
            var changed = Self.whole
            changed.handler = "sweep"
            changed.children.removeFirst()
            #expect(try await bench.parts.jobs.job(job.id).spec == changed)
        }
    }

    @Test func `what somebody else saved meanwhile is shown and only overwritten on demand`() async throws {
        try await ConsoleBench.use { bench async throws in
            let job = try await bench.parts.jobs.create(Self.whole)
            var theirs = job.spec
            theirs.params = "theirs"
            let newest = try await bench.parts.jobs.update(job.id, version: job.version, to: theirs)
            var browser = try await Browser.signedIn(bench)
            var form = JobInput(job.spec).texts
            form["version"] = "\(job.version)"
            form["handler"] = "sweep"
            let path = "/jobs/\(job.id)/edit"
            let page = try await browser.press(path, on: path, form)
            #expect(page.status == 409)
            #expect(page.words.contains("somebody else changed this job meanwhile"))
            #expect(page.text.contains("<pre class=\"kept\">theirs</pre>"))
            #expect(page.text.contains("value=\"sweep\""))
            #expect(try await bench.parts.jobs.job(job.id).spec == theirs)
            form["over"] = "\(newest.version)"
            _ = try await browser.press(path, on: path, form)
            let stored = try await bench.parts.jobs.job(job.id).spec
            #expect(stored.handler == "sweep" && stored.params == Self.whole.params)
        }
    }

    @Test func `a copy begins with everything of the job but its name, and is off`() async throws {
        try await ConsoleBench.use { bench async throws in
            let job = try await bench.parts.jobs.create(Self.whole)
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.get("/jobs/\(job.id)/copy")
            #expect(page.text.contains("value=\"nightly copy\""))
            #expect(page.text.contains("value=\"0 30 2 * * ?\""))
            #expect(page.text.contains("name=\"enabled\" value=\"1\">"))
        }
    }

    @Test func `a job is deleted unless a run of it is open`() async throws {
        try await ConsoleBench.use { bench async throws in
            try await bench.executor()
            let run = try await bench.running()
            let id = run.plan.job
            var browser = try await Browser.signedIn(bench)
            let refused = try await browser.press("/jobs/\(id)/delete", on: "/jobs/\(id)")
            #expect(refused.status == 409)
            await bench.finish(run)
            let page = try await browser.press("/jobs/\(id)/delete", on: "/jobs/\(id)")
            #expect(page.words.contains("Deleted"))
            #expect(try await bench.parts.jobs.list().elements.isEmpty)
        }
    }

    @Test func `a job is triggered with other parameters`() async throws {
        try await ConsoleBench.use { bench async throws in
            let id = try await bench.parts.jobs.create(Self.whole).id
            var browser = try await Browser.signedIn(bench)
            _ = try await browser.press("/jobs/\(id)/trigger", on: "/jobs/\(id)", ["params": "one\r\ntwo"])
            let run = try #require(try await bench.parts.runs.list(RunFilter(job: id)).elements.first)
            #expect(run.plan.terms.params == "one\ntwo")
        }
    }

    @Test func `a job's page leads to its parents, its children and its runs`() async throws {
        try await ConsoleBench.use { bench async throws in
            let child = try await bench.parts.jobs.create(JobSpec(name: "b", group: "app", handler: "b"))
            let parent = try await bench.parts.jobs.create(
                JobSpec(name: "a", group: "app", handler: "a", children: [ChildJob(child.spec.fullName)])
            )
            let run = try #require(try await bench.parts.jobs.trigger(parent.id).first)
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.get("/jobs/\(parent.id)").text
            #expect(page.contains("<a href=\"/jobs/\(child.id)\">app/b</a>"))
            #expect(page.contains("<a href=\"/runs/\(run.id)\">"))
            #expect(
                try await browser.get("/jobs/\(child.id)").text
                    .contains("<a href=\"/jobs/\(parent.id)\">app/a</a>")
            )
        }
    }

    @Test func `jobs are filtered by group and switch`() async throws {
        try await ConsoleBench.use { bench async throws in
            _ = try await bench.parts.jobs.create(JobSpec(name: "first", group: "app", handler: "a"))
            _ = try await bench.parts.jobs.create(
                JobSpec(name: "second", group: "ops", handler: "b"),
                isEnabled: false
            )
            var browser = try await Browser.signedIn(bench)
            for (query, names) in [
                ("group=ops", ["second"]), ("state=enabled", ["first"]), ("state=disabled&group=app", []),
                ("state=all", ["first", "second"]),
            ] {
                let page = try await browser.get("/jobs?\(query)").text
                for name in ["first", "second"] {
                    #expect(page.contains(">\(name)</a>") == names.contains(name), "\(query) \(name)")
                }
            }
        }
    }

    @Test(arguments: [
        ("0 0 9 ? * FRIL", "at 09:00 on the last Friday of the month"), ("0 0 9 30 2 ?", "never fires"),
        ("0 0 9 * *", "this looks like Unix cron"), ("0 30 2 * * ?", "2030-03-10 02:30 does not exist"),
    ])
    func `what a schedule will do is told while it is typed`(expression: String, fact: String) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let query = Visit.text([
                "schedule.type": "CRON", "schedule.conf": expression, "schedule.zone": "America/New_York",
                "schedule.daylight": "vixie",
            ])
            let part = try await browser.get("/jobs/schedule\(query)")
            #expect(part.status == 200)
            #expect(part.words.contains(fact))
            #expect(!part.text.contains("<html"))
        }
    }

    @Test func `a script is kept with the form, and a change of it needs a word about it`() async throws {
        try await ConsoleBench.use { bench async throws in
            var spec = JobSpec(name: "coded", group: "app", handler: "")
            spec.script = JobScript(.python, "print('<1>')\n", remark: "the first")
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.press("/jobs/new", on: "/jobs/new", JobInput(spec).texts)
            #expect(page.text.contains("print(&#39;&lt;1&gt;&#39;)"))
            #expect(page.words.contains("Python script") && page.words.contains("the first"))
            let job = try #require(try await bench.parts.jobs.list().elements.first)
            #expect(job.spec.script == spec.script)
            let path = "/jobs/\(job.id)/edit"
            var form = JobInput(spec).texts
            form["version"] = "\(job.version)"
            form["script.source"] = "print(2)\r\n"
            let refused = try await browser.press(path, on: path, form)
            #expect(refused.status == 400)
            #expect(refused.text.contains("id=\"script.remark-fault\""))
            form["script.remark"] = "the second"
            _ = try await browser.press(path, on: path, form)
            let script = try await bench.parts.jobs.job(job.id).spec.script
            #expect(script == JobScript(.python, "print(2)\n", remark: "the second"))
        }
    }

    @Test func `without a script a button shows the next fires and saves nothing`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            var form = JobInput(Self.whole).texts
            form["schedule.conf"] = "0 0 9 ? * FRIL"
            form["look"] = "1"
            let page = try await browser.press("/jobs/new", on: "/jobs/new", form)
            #expect(page.status == 200)
            #expect(page.words.contains("at 09:00 on the last Friday of the month"))
            #expect(try await bench.parts.jobs.list().elements.isEmpty)
        }
    }
}
