import Foundation
import TestKit
import Testing

/// `kpush jobs simulate` as a program.
@Suite(.timeLimit(.minutes(10))) struct JobSimulateTests {
    private static let nightly = """
        name: nightly
        group: reports
        handler: report
        schedule: {cron: "0 30 2 * * ?", zone: America/New_York}
        ---
        name: mailing
        group: reports
        handler: mail
        schedule: {cron: "0 30 6 * * ?"}

        """

    private static let span = ["--from", "2027-03-01T00:00:00Z", "--for", "31d"]

    @Test func `a folder of definitions is simulated without a server`() async throws {
        let folder = try TemporaryFolder()
        try Self.write(Self.nightly, to: folder.file("jobs.yaml"))
        try Self.write("name: ours\nexcluded: [2027-03-02]\n", to: folder.file("calendar.yaml"))
        let ending = try await Program.run(["jobs", "simulate", folder.file("")] + Self.span)
        #expect(ending.status == 0, "\(ending.complaints)")
        #expect(ending.lines.contains { $0.hasPrefix("triggers") && $0.hasSuffix(" 62") }, "\(ending.output)")
        // Once New York is on summer time both are due at once.
        let herd = ending.lines.first { $0.hasPrefix("06:30:00") }
        #expect(herd?.contains("2027-03-15") == true, "\(ending.output)")
        #expect(herd?.hasSuffix("reports/mailing, reports/nightly") == true)
        #expect(
            ending.output.contains("2027-03-14 02:30 does not exist in America/New_York: runs 03:00"),
            "\(ending.output)"
        )
    }

    @Test func `two versions are compared, for people and for programs`() async throws {
        let folder = try TemporaryFolder()
        let (old, new) = (folder.file("old.yaml"), folder.file("new.yaml"))
        try Self.write(Self.nightly, to: old)
        try Self.write(Self.nightly.replacing("0 30 6 * * ?", with: "0 30 6 ? * MON-FRI"), to: new)
        let people = try await Program.run(["jobs", "simulate", new, "--against", old] + Self.span)
        #expect(people.lines.contains { $0.hasPrefix("triggers") && $0.hasSuffix("54 (before: 62)") })
        let changed = people.lines.first { $0.hasPrefix("reports/mailing") }
        // The first Saturday of that month.
        #expect(changed?.hasSuffix("2027-03-06T06:30:00Z") == true, "\(people.output)")
        let programs = try await Program.run(
            ["jobs", "simulate", new, "--against", old, "--json"] + Self.span
        )
        let report = try JSONDecoder().decode(Report.self, from: Data(programs.output.utf8))
        #expect(report.triggers == 54)
        #expect(report.before?.triggers == 62)
        #expect(report.days.count == 31)
        #expect(report.changes?.map(\.job) == ["reports/mailing"])
        #expect(report.changes?.first?.before == 31)
        #expect(report.changes?.first?.after == 23)
        let same = try await Program.run(["jobs", "simulate", new, "--against", new] + Self.span)
        #expect(same.output.contains("nothing: all are due as before"))
    }

    @Test func `what makes no sense is refused before anything is counted`() async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("jobs.yaml")
        try Self.write(Self.nightly.replacing("0 30 6", with: "0 99 6"), to: file)
        let refused = try await Program.run(["jobs", "simulate", file])
        #expect(refused.status == 65)
        #expect(refused.complaints.contains("document 2: schedule.conf"), "\(refused.complaints)")
        for wrong in [["--for", "0d"], ["--for", "4000d"], ["--from", "noon"], ["--duration", "long"]] {
            let ending = try await Program.run(["jobs", "simulate", file] + wrong)
            #expect(ending.status == 64, "\(wrong)")
        }
    }

    @Test func `the jobs of a server are simulated, and those switched off only when asked`() async throws {
        // Nothing runs there: what runs take meanwhile would change what comes after them.
        let bench = try await CommandBench.start(settings: ["KPUSH_ROLES": "web"])
        let file = try bench.file("jobs.yaml", Self.nightly)
        #expect(try await bench.kpush("jobs", "apply", file).status == 0)
        #expect(try await bench.kpush("jobs", "disable", "mailing").status == 0)
        let arguments = ["jobs", "simulate", "--json"] + Self.span
        let enabled = try await Self.report(bench, arguments)
        let all = try await Self.report(bench, arguments + ["--disabled"])
        #expect(all.triggers == enabled.triggers + 31)
        #expect(all.scheduled == enabled.scheduled + 1)
    }

    private struct Report: Decodable {
        struct Day: Decodable {
            let date: String
            let triggers: Int
        }

        struct Before: Decodable {
            let triggers: Int
        }

        struct Change: Decodable {
            let job: String
            let before: Int?
            let after: Int?
        }

        let triggers: Int
        let scheduled: Int
        let days: [Day]
        let before: Before?
        let changes: [Change]?
    }

    private static func report(_ bench: CommandBench, _ arguments: [String]) async throws -> Report {
        let ending = try await bench.kpush(arguments)
        #expect(ending.status == 0, "\(ending.complaints)")
        return try JSONDecoder().decode(Report.self, from: Data(ending.output.utf8))
    }

    private static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
}
