import Foundation
import Groundwork
import Scheduler
import TestKit
import Testing

@testable import KPush

/// From a dump of xxl-job to jobs of a server.
@Suite(.timeLimit(.minutes(10))) struct JobImportTests {
    private static func path(_ name: String) throws -> String {
        try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "sql")).path
    }

    private func imported(_ name: String, daylight: DaylightPolicy = .quartz) throws -> [ImportedJob] {
        var rest = try Data(contentsOf: URL(fileURLWithPath: Self.path(name)))
        let dump = try XXLJobDump {
            defer { rest = Data(rest.dropFirst(1_000)) }
            return [UInt8](rest.prefix(1_000))
        }
        return JobImport(zone: "Asia/Shanghai", daylight: daylight).jobs(of: dump)
    }

    @Test func `a job means here what it meant there`() throws {
        let jobs = try imported("xxl-job-2.4")
        #expect(jobs.map(\.theirs.id) == [1, 2, 3, 4, 5, 6])
        let report = jobs[0].definition
        #expect(report.isEnabled)
        #expect(report.spec.name == "Daily report")
        #expect(report.spec.group == "billing")
        #expect(report.spec.schedule == .cron("0 30 2 * * ?", zone: "Asia/Shanghai", daylight: "quartz"))
        #expect(report.spec.params == #"{"path": "C:\\data\\in", "note": "it's 5%; --not a comment"}"#)
        #expect(report.spec.timeout == .seconds(90))
        #expect(report.spec.retry.limit == 3)
        let children = ["对账 (结算)", "Daily report (3)"].map { JobName(group: "billing", name: $0) }
        #expect(report.spec.children == children.map { ChildJob($0, isPerShard: true) })
        #expect(report.spec.retry.backoff.wait(afterAttempt: 3) == .seconds(10))
        let rate = jobs[1].definition.spec
        #expect(rate.schedule.type == "FIX_RATE")
        #expect(rate.params == "line one\nline two\twith tab\n")
        #expect(rate.misfire == .fireOnce)
        #expect(rate.route == .failover)
        #expect(rate.overlap == .discardLater)
        #expect(jobs[1].findings.isEmpty)
        // Their ring goes by their number, which the job does not have here.
        #expect(jobs[3].definition.spec.route == .consistentHash)
        #expect(jobs.map(\.definition.spec.hashKey) == [nil, nil, nil, "4", nil, nil])
        #expect(try imported("xxl-job-2.4", daylight: .vixie)[0].definition.spec.schedule.daylight == "vixie")
    }

    private func read(_ sql: String) throws -> XXLJobDump {
        var rest: [UInt8]? = Array(sql.utf8)
        return try XXLJobDump {
            defer { rest = nil }
            return rest ?? []
        }
    }

    private static let groups =
        "INSERT INTO xxl_job_group (id, app_name, title, address_type, address_list) VALUES "

    /// Jobs of the first group, numbered from 1, each with its child.
    private static func jobs(_ children: [String]) -> String {
        let columns = [
            "id", "job_group", "job_desc", "author", "alarm_email", "schedule_type", "schedule_conf",
            "misfire_strategy", "executor_route_strategy", "executor_handler", "executor_param",
            "executor_block_strategy", "executor_timeout", "executor_fail_retry_count", "glue_type",
            "glue_source",
            "child_jobid", "trigger_status",
        ]
        let rows = children.enumerated()
            .map { index, child in
                "(\(index + 1), 1, 'job \(index + 1)', '', '', 'NONE', '', 'DO_NOTHING', 'ROUND', 'h', '',"
                    + " 'SERIAL_EXECUTION', 0, 0, 'BEAN', '', '\(child)', 1)"
            }
        return "\nINSERT INTO xxl_job_info (\(columns.joined(separator: ", "))) VALUES "
            + rows.joined(separator: ", ") + ";"
    }

    @Test func `groups with one app name become one, with what each said`() throws {
        let dump = try read(
            Self.groups + "(1, 'billing', 'A', 1, 'http://a:9999'),"
                + "(2, 'billing', 'B', 1, 'http://b:9999,http://a:9999'), (3, 'Old_app', 'C', 0, NULL);"
                + Self.jobs([""])
        )
        let groups = ImportedGroup.all(of: dump.groups.values)
        #expect(groups.map(\.definition.name) == ["billing", "Old_app"])
        #expect(groups[0].definition.title == "A")
        #expect(groups[0].definition.addresses == ["http://a:9999", "http://b:9999"])
        #expect(groups[0].findings.first?.contains("group 2 'B' has the same app name") == true)
        #expect(groups[1].findings.first?.contains("not a name for a new group") == true)
    }

    @Test func `jobs that would trigger each other without end do so no more`() throws {
        let dump = try read(Self.groups + "(1, 'billing', 'A', 0, NULL);" + Self.jobs(["2", "3", "1"]))
        let imported = JobImport(zone: "UTC", daylight: .quartz).jobs(of: dump)
        #expect(imported.map(\.definition.spec.children.count) == [1, 1, 0])
        #expect(imported[2].findings == [.childCycle("billing/job 1")])
    }

    @Test func `the title of a group is read in every version`() throws {
        var rest = try Data(contentsOf: URL(fileURLWithPath: Self.path("xxl-job-3.5")))
        let dump = try XXLJobDump {
            defer { rest = Data() }
            return [UInt8](rest)
        }
        #expect(ImportedGroup.all(of: dump.groups.values).map(\.definition.title) == ["Mail"])
    }

    @Test func `what a definition cannot say is found`() throws {
        let findings = try imported("xxl-job-2.4").map(\.findings)
        #expect(findings[0] == [.alarmMails(["a@example.com", "b@example.com"])])
        #expect(findings[2] == [.renamed(from: "Daily report")])
        #expect(
            findings[3] == [.script]
        )
        #expect(findings[4] == [.groupMissing(7), .routeUnknown("NO_SUCH_ROUTE")])
        guard case .scheduleRefused("CRON 0 0 0 1 * MON", _) = findings[5].first else {
            Issue.record("the schedule was not refused")
            return
        }
    }

    @Test func `code of a language that is run here comes along`() throws {
        let spec = try imported("xxl-job-2.4")[3].definition.spec
        let script = try #require(spec.script)
        #expect(script.language == .shell)
        #expect(script.source.hasPrefix("#!/bin/bash\necho \"it's; done\" -- $1\n"))
        #expect(script.source.hasSuffix("\nINSERT INTO `xxl_job_info` VALUES (99);\n"))
        #expect(spec.handler.isEmpty)
    }

    @Test func `a job that cannot run as it did is switched off`() throws {
        let jobs = try imported("xxl-job-2.4")
        #expect(jobs.map(\.definition.isEnabled) == [true, true, false, true, false, false])
        #expect(jobs.allSatisfy { $0.definition.spec.faults.isEmpty }, "every definition can be applied")
    }

    @Test func `the newer names of columns are read, and a token is told of without being told`() throws {
        let jobs = try imported("xxl-job-3.5")
        #expect(jobs.map(\.definition.spec.name) == ["Half past two", "Quoted 'twice'"])
        #expect(jobs.map(\.definition.spec.params) == ["你好", "{}"])
        #expect(jobs.map(\.definition.isEnabled) == [true, false])
        #expect(jobs.allSatisfy { $0.findings == [.groupToken] })
        #expect(!"\(jobs)".contains("sesame"))
    }

    @Test func `fires that another rule would bring are counted`() throws {
        let night = ScheduleText.cron("0 30 2 * * ?", zone: "America/New_York")
        let winter = try #require(InstantText.moment("2027-01-01T00:00:00Z", in: .utc))
        let year = try #require(FireComparison(of: night, after: winter, count: 365))
        // Quartz loses 14 March, which vixie makes up for at 03:00; both fire once on 7 November.
        #expect(year.compared == 365)
        #expect(year.differing == 1)
        #expect(year.first == InstantText.moment("2027-03-14T03:00:00-04:00", in: .utc))
        let calm = ScheduleText.cron("0 30 2 * * ?", zone: "Asia/Shanghai")
        #expect(FireComparison(of: calm, after: winter, count: 365)?.differing == 0)
        #expect(FireComparison(of: .every(.seconds(5)), after: winter, count: 5) == nil)
    }

    @Test func `what is written can be applied, and comes out of the server the same`() async throws {
        let bench = try await CommandBench.start()
        let folder = try TemporaryFolder()
        let out = folder.file("jobs")
        let ending = try await Program.run(["jobs", "import", Self.path("xxl-job-2.4"), "--out", out])
        #expect(ending.status == 1)
        #expect(
            ending.lines.contains { $0.contains("1 billing/Daily report") && $0.contains("2 alarm mails") }
        )
        #expect(ending.output.contains("6 jobs: 1 carried over whole, 5 in part, 2 switched off for it."))
        #expect(
            ending.lines.contains {
                $0.hasPrefix("2 legacy-app") && $0.contains("http://10.0.0.5:9999/, http://10.0.0.6:9999/")
            }
        )
        let files = try FileManager.default.subpathsOfDirectory(atPath: out).filter { $0.hasSuffix(".yaml") }
            .filter { $0 != "groups.yaml" }
            .map { "\(out)/\($0)" }.sorted()
        #expect(files.count == 6)
        #expect(files.contains("\(out)/billing/1-daily-report.yaml"))
        #expect(
            try String(contentsOfFile: "\(out)/legacy-app/4-clean-up.yaml", encoding: .utf8)
                .contains("source: |\n    #!/bin/bash\n")
        )
        let applied = try await bench.kpush(["jobs", "apply"] + files)
        #expect(applied.status == 0, "\(applied.complaints)")
        #expect(applied.lines.count == 6)
        #expect(try await bench.kpush(["jobs", "diff"] + files).status == 0)
        let read = try JobDefinitionFile.read(files).map(\.definition)
        #expect(Set(read) == Set(try imported("xxl-job-2.4").map(\.definition)))

        let groups = "\(out)/groups.yaml"
        let records = try await bench.kpush("groups", "apply", groups)
        #expect(records.output == "created    billing\ncreated    legacy-app\n", "\(records.complaints)")
        #expect(
            try await bench.kpush("groups", "apply", groups).output
                == "unchanged  billing\nunchanged  legacy-app\n"
        )
        let list = try await bench.kpush("groups", "list")
        #expect(
            list.lines.contains { $0.contains("旧系统") && $0.contains("http://10.0.0.5:9999") },
            "\(list.output)"
        )
        let changed = try bench.file("groups.yaml", "name: billing\ntitle: Bills\n")
        #expect(try await bench.kpush("groups", "apply", changed).output == "updated    billing\n")
        for wrong in ["name: x\ntoken: y\n", "name: x\naddresses: [ftp://one]\n", "title: x\n", "- x\n", ""] {
            let refused = try await bench.kpush("groups", "apply", "-", input: wrong)
            #expect(refused.status == 65, "\(wrong)")
        }

        let again = try await Program.run(["jobs", "import", Self.path("xxl-job-2.4"), "--out", out])
        #expect(again.status == 65)
        #expect(again.complaints.contains("is not empty"))
    }

    @Test func `a file that is no dump is refused`() async throws {
        let folder = try TemporaryFolder()
        for dump in ["", "INSERT INTO xxl_job_info (id) VALUES (1);", "INSERT INTO xxl_job_info VALUES (1);"]
        {
            let ending = try await Program.run(
                ["jobs", "import", "-", "--out", folder.file("jobs")],
                input: dump
            )
            #expect(ending.status == 65, "\(dump)")
            #expect(ending.complaints.hasPrefix("kpush: -: "), "\(ending.complaints)")
        }
        #expect(
            try await Program.run(["jobs", "import", "/nowhere", "--out", folder.file("jobs")]).status == 66
        )
    }
}
