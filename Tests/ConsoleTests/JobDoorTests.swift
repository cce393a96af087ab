import Groundwork
import Scheduler
import Testing

@testable import Console

/// The job API of xxl-job 3.5, as its callers meet it.
@Suite struct JobDoorTests {
    /// Every member that the wire has.
    private static func body(_ more: String = "", named name: String = "nightly") -> String {
        """
        {"name":"\(name)","author":"ann","alarmEmail":"","scheduleType":"CRON","scheduleConf":"0 30 2 * * ?",\
        "misfireStrategy":"FIRE_ONCE_NOW","executorRouteStrategy":"FAILOVER","executorHandler":"report",\
        "executorParam":"days=7","executorBlockStrategy":"DISCARD_LATER","executorTimeout":30,\
        "executorFailRetryCount":2,"glueType":"BEAN","glueSource":"","glueRemark":""\(more)}
        """
    }

    private static func call(
        _ bench: ConsoleBench,
        _ name: String,
        _ body: String,
        token: String = ConsoleBench.accessToken.reveal(),
        appName: String? = "app",
        prefix: String = "/api"
    ) async throws -> ConsoleBench.Answer {
        var headers = [(name: "XXL-JOB-ACCESS-TOKEN", value: token)]
        if let appName { headers.append((name: "XXL-JOB-APPNAME", value: appName)) }
        return try await bench.call(
            "POST",
            "\(prefix)/\(name)",
            Array(body.utf8),
            headers: headers,
            token: nil
        )
    }

    /// A record of a group, with its number and its own token if it has one.
    private static func group(
        _ bench: ConsoleBench,
        _ name: String,
        hasToken: Bool = false
    ) async throws -> (id: Int64, token: String?) {
        let made = try await bench.parts.groups.create(
            name,
            title: "",
            registration: .automatic,
            hasToken: hasToken
        )
        return (made.group.id.rawValue, made.token?.reveal())
    }

    @Test(arguments: ["/api", "/xxl-job-admin/api"])
    func `a job is made switched off, started, triggered, changed, stopped and removed`(
        prefix: String
    ) async throws {
        try await ConsoleBench.use { bench in
            let group = try await Self.group(bench, "reports").id
            let added = try await Self.call(
                bench,
                "addJob",
                Self.body(#","jobGroup":\#(group)"#),
                prefix: prefix
            )
            #expect(added.status == 200)
            #expect(added["code"] == 200)
            let text = try #require(added["data"].text)
            #expect(added["data"] == .text(text), "the id is a string")
            let id = JobID(rawValue: try #require(Int64(text)))
            let made = try await bench.parts.jobs.job(id)
            #expect(!made.isEnabled)
            #expect(made.spec.fullName == JobName("reports/nightly"))
            #expect(made.spec.summary == "author ann")
            #expect(made.spec.schedule.conf == "0 30 2 * * ?")
            #expect((made.spec.schedule.zone, made.spec.schedule.daylight) == ("Asia/Shanghai", "quartz"))
            #expect((made.spec.misfire, made.spec.overlap) == (.fireOnce, .discardLater))
            #expect((made.spec.route, made.spec.handler) == (.failover, "report"))
            #expect((made.spec.params, made.spec.timeout) == ("days=7", .seconds(30)))
            #expect(made.spec.retry.limit == 2)

            let one = #"{"id":"\#(id)"}"#
            #expect(try await Self.call(bench, "startJob", one, prefix: prefix)["code"] == 200)
            #expect(try await bench.parts.jobs.job(id).isEnabled)
            let fired = try await Self.call(
                bench,
                "triggerJob",
                #"{"id":\#(id),"executorParam":"days=1","addressList":""}"#,
                prefix: prefix
            )
            #expect(fired["code"] == 200)
            let run = try await bench.parts.runs.list(RunFilter(job: id)).elements[0]
            #expect((run.plan.terms.params, run.plan.trigger) == ("days=1", .api))
            #expect(fired["data"].text == "\(run.id)")

            let weekly = Self.body(#","id":\#(id)"#).replacing("0 30 2 * * ?", with: "0 0 3 ? * MON")
            #expect(try await Self.call(bench, "updateJob", weekly, prefix: prefix)["code"] == 200)
            #expect(try await bench.parts.jobs.job(id).spec.schedule.conf == "0 0 3 ? * MON")
            #expect(try await Self.call(bench, "stopJob", one, prefix: prefix)["code"] == 200)
            #expect(try await bench.parts.jobs.job(id).isEnabled == false)

            // A run of it is open.
            let early = try await Self.call(bench, "removeJob", one, prefix: prefix)
            #expect(early["code"] == 500)
            #expect(early["msg"].text?.contains("is open") == true)
            _ = try await bench.parts.runs.kill(run.id)
            #expect(try await Self.call(bench, "removeJob", one, prefix: prefix)["code"] == 200)
            #expect(
                try await Self.call(bench, "startJob", one, prefix: prefix)["msg"].text
                    == "job \(id) is not known"
            )
        }
    }

    @Test func `a change keeps children, alarm, zone and code`() async throws {
        try await ConsoleBench.use { bench in
            _ = try await Self.group(bench, "reports")
            var spec = JobSpec(name: "old", group: "reports", handler: "")
            spec.script = JobScript(.shell, "echo 1")
            spec.schedule = .cron("0 0 2 * * ?", zone: "America/New_York")
            spec.children = [ChildJob(JobName("reports/next"))]
            spec.keep = .seconds(86_400)
            let id = try await bench.parts.jobs.create(spec).id
            let change = Self.body(#","id":\#(id)"#, named: "new").replacing("BEAN", with: "GLUE_PYTHON")
            #expect(try await Self.call(bench, "updateJob", change)["code"] == 200)
            let changed = try await bench.parts.jobs.job(id).spec
            #expect(changed.name == "new")
            #expect(changed.script == spec.script)
            #expect((changed.children, changed.keep) == (spec.children, spec.keep))
            #expect(changed.schedule.zone == "America/New_York")
            #expect(changed.schedule.conf == "0 30 2 * * ?")
        }
    }

    @Test func `a script comes along, in any language but Groovy`() async throws {
        try await ConsoleBench.use { bench in
            let group = try await Self.group(bench, "reports").id
            let shell = Self.body(#","jobGroup":\#(group)"#).replacing("BEAN", with: "GLUE_SHELL")
                .replacing(#""glueSource":"""#, with: ##""glueSource":"#!/bin/sh\r\necho 1\r\n""##)
                .replacing(#""executorHandler":"report","#, with: "")
            let added = try await Self.call(bench, "addJob", shell)
            let id = try #require(added["data"].text.flatMap { Int64($0) })
            let script = try await bench.parts.jobs.job(JobID(rawValue: id)).spec.script
            #expect(script == JobScript(.shell, "#!/bin/sh\necho 1\n"))
            let groovy = try await Self.call(
                bench,
                "addJob",
                shell.replacing("GLUE_SHELL", with: "GLUE_GROOVY").replacing("nightly", with: "other")
            )
            #expect(groovy["code"] == 500)
            #expect(groovy["msg"].text?.hasPrefix("Illegal Argument. glueType must be one of BEAN") == true)
        }
    }

    @Test func `a group's token acts on that group's jobs alone`() async throws {
        try await ConsoleBench.use { bench in
            let (reports, token) = try await Self.group(bench, "reports", hasToken: true)
            let own = try #require(token)
            let mails = try await Self.group(bench, "mails").id
            let foreign = try await bench.parts.jobs.create(JobSpec(name: "m", group: "mails", handler: "h"))
                .id
            let mine = try await Self.call(
                bench,
                "addJob",
                Self.body(#","jobGroup":\#(reports)"#),
                token: own,
                appName: "reports"
            )
            #expect(mine["code"] == 200)
            let theirs = try await Self.call(
                bench,
                "addJob",
                Self.body(#","jobGroup":\#(mails)"#),
                token: own,
                appName: "reports"
            )
            #expect(
                theirs["msg"].text?.hasPrefix("Illegal Argument. jobGroup names no executor group") == true
            )
            for name in ["startJob", "stopJob", "triggerJob", "removeJob"] {
                let refused = try await Self.call(
                    bench,
                    name,
                    #"{"id":\#(foreign)}"#,
                    token: own,
                    appName: "reports"
                )
                #expect(refused["msg"].text == "job \(foreign) is not known", "\(name)")
            }
            let moved = Self.body(#","id":\#(foreign)"#)
            #expect(try await Self.call(bench, "updateJob", moved, token: own, appName: nil)["code"] == 500)
            // Whoever says to be of another group than its token's is nobody.
            let liar = try await Self.call(bench, "startJob", #"{"id":1}"#, token: own, appName: "mails")
            #expect(liar["msg"] == "The access token is wrong.")
            let wrong = try await Self.call(bench, "startJob", #"{"id":1}"#, token: "wrong")
            #expect(wrong["msg"] == "The access token is wrong.")
            #expect(try await bench.parts.jobs.job(foreign).isEnabled)
            let shared = try await Self.call(bench, "stopJob", #"{"id":\#(foreign)}"#)
            #expect(shared["code"] == 200)
            #expect(
                try await Self.call(bench, "stopJob", #"{"id":\#(mine["data"].text ?? "")}"#)["code"] == 200
            )
        }
    }

    @Test(
        arguments: [
            (#""name":"nightly""#, #""name":" ""#, "name is missing"),
            (#""author":"ann","#, "", "author is missing"),
            (#""glueType":"BEAN""#, #""glueType":"""#, "glueType is missing"),
            ("0 30 2 * * ?", "0 99 2 * * ?", "scheduleConf "),
            ("CRON", "SOMETIMES", "scheduleType "), ("FIRE_ONCE_NOW", "FIRE", "misfireStrategy must be"),
            ("FAILOVER", "NEAREST", "executorRouteStrategy must be"),
            ("DISCARD_LATER", "x", "executorBlockStrategy must be"),
            (#""executorHandler":"report""#, #""executorHandler":"""#, "executorHandler must have"),
            (#""executorTimeout":30"#, #""executorTimeout":-1"#, "executorTimeout must be"),
            (#""executorTimeout":30"#, #""executorTimeout":"soon""#, "executorTimeout is of the wrong kind"),
            (
                #""executorFailRetryCount":2"#, #""executorFailRetryCount":1000"#,
                "executorFailRetryCount must be"
            ),
            (#""jobGroup":1"#, #""jobGroup":99"#, "jobGroup names no"),
        ]
    )
    func `what makes no sense is refused by the wire's own name`(
        part: String,
        other: String,
        reason: String
    ) async throws {
        try await ConsoleBench.use { bench in
            let group = try await Self.group(bench, "reports").id
            let sound = Self.body(#","jobGroup":1"#)
            try #require(sound.contains(part))
            let wrong = sound.replacing(part, with: other)
                .replacing(#""jobGroup":1}"#, with: #""jobGroup":\#(group)}"#)
            let refused = try await Self.call(bench, "addJob", wrong)
            #expect(refused.status == 200)
            #expect(refused["code"] == 500)
            #expect(refused["msg"].text?.hasPrefix("Illegal Argument. \(reason)") == true, "\(refused.text)")
            #expect(try await bench.parts.jobs.list().elements.isEmpty)
        }
    }

    @Test func `a mail address for alarms is kept and told of, since nobody is mailed`() async throws {
        try await ConsoleBench.use { bench in
            let group = try await Self.group(bench, "reports").id
            let body = Self.body(#","jobGroup":\#(group)"#)
                .replacing(#""alarmEmail":"""#, with: #""alarmEmail":"ops@example.com""#)
            let added = try await Self.call(bench, "addJob", body)
            #expect(added["code"] == 200)
            #expect(added["msg"].text?.contains("nobody is mailed") == true)
            let spec = try await bench.parts.jobs.list().elements.first?.spec
            #expect(spec?.summary == "author ann, alarms to ops@example.com")
        }
    }
}
