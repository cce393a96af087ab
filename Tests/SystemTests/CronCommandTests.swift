import Foundation
import TestKit
import Testing

/// `kpush cron` as a program: what it prints where, and how it ends.
@Suite struct CronCommandTests {
    @Test(arguments: [
        (["0 0 9 ? * FRIL"], "at 09:00 on the last Friday of the month\n"),
        (["words", "0 30 2 * * ?", "--language", "zh"], "每天 02:30\n"),
    ])
    func `an expression is said in words`(arguments: [String], words: String) async throws {
        let ending = try await Program.run(["cron"] + arguments)
        #expect(ending.status == 0, "\(ending.complaints)")
        #expect(ending.output == words)
    }

    @Test func `instants go to standard output and surprises to standard error`() async throws {
        let noon = [
            "0 30 2 * * ?", "--zone", "America/New_York", "--from", "2027-03-13T12:00:00", "--count", "2",
        ]
        let ending = try await cronNext(noon)
        #expect(ending.status == 0)
        #expect(ending.output == "2027-03-14T03:00:00-04:00\n2027-03-15T02:30:00-04:00\n")
        #expect(
            ending.complaints == "note: 2027-03-14 02:30 does not exist in America/New_York: runs 03:00\n"
        )
    }

    @Test func `a calendar is one that comes along, or a file`() async throws {
        let festival = [
            "0 0 9 * * ?", "--zone", "Asia/Shanghai", "--from", "2026-02-14T12:00:00", "--count", "1",
            "--calendar",
        ]
        let known = try await cronNext(festival + ["cn-workdays"])
        #expect(known.output == "2026-02-24T09:00:00+08:00\n", "\(known.complaints)")
        let folder = try TemporaryFolder()
        let file = folder.file("calendar.yaml")
        try "name: ours\nexcluded: [2026-02-15, 2026-02-16]\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try await cronNext(festival + [file]).output == "2026-02-17T09:00:00+08:00\n")
        try "name: ours\nexcluded: [2026-02-30]\n".write(toFile: file, atomically: true, encoding: .utf8)
        let refused = try await cronNext(festival + [file])
        #expect(refused.status == 64)
        #expect(refused.complaints.contains("'2026-02-30' is no day"))
        #expect(try await cronNext(festival + ["nowhere"]).complaints.contains("there is cn-workdays"))
    }

    @Test func `the policy is a choice`() async throws {
        let ending = try await cronNext([
            "0 30 1 * * ?", "--zone", "America/New_York", "--from", "2025-11-02T00:00:00-04:00", "--dst",
            "both",
            "--count", "2",
        ])
        #expect(ending.output == "2025-11-02T01:30:00-04:00\n2025-11-02T01:30:00-05:00\n")
    }

    @Test func `a bad expression is shown with a caret under the fault`() async throws {
        let ending = try await cronNext(["0 0 0 ? * SUNDAY"])
        #expect(ending.status == 65)
        #expect(ending.output.isEmpty)
        let lines = ending.complaints.split(separator: "\n")
        #expect(lines.prefix(2) == ["0 0 0 ? * SUNDAY", "          ^"])
        #expect(lines.last?.contains("write SUN") == true)
    }

    @Test(arguments: [
        ["0 0 0 * * ?", "--zone", "Mars/Olympus"], ["0 0 0 * * ?", "--from", "tomorrow"],
        ["0 0 0 * * ?", "--dst", "never"], ["0 0 0 * * ?", "--count", "-1"], ["0 0 0 * * ?", "--stdin"], [],
    ])
    func `bad options are a matter of usage`(arguments: [String]) async throws {
        #expect(try await cronNext(arguments).status == 64)
    }

    @Test func `every line of standard input is answered by a line`() async throws {
        let input = "0 0 0 * * ?\tUTC\t0\r\n0 0 0 31 2 ?\tUTC\t0\n\n0 0 0 * * ?\tUTC\t86400000"
        let ending = try await cronNext(["--stdin", "--count", "2"], input: input)
        let lines = ending.output.split(separator: "\n", omittingEmptySubsequences: false)
        try #require(lines.count == 5)
        #expect(lines[0] == "86400000,172800000")
        #expect(lines[1].hasPrefix("REJECT\tdayOfMonth\t"))
        #expect(lines[2].hasPrefix("REJECT\tline\t"))
        #expect(lines[3] == "172800000,259200000")
        #expect(lines[4].isEmpty)
        #expect(ending.status == 0)
    }

    @Test func `many lines are answered in their order, wherever reading cuts them`() async throws {
        let starts = (0..<20_000).map { Int64($0) * 86_400_000 }
        let input = starts.map { "0 0 0 * * ?\tUTC\t\($0)\n" }.joined()
        let ending = try await cronNext(["--stdin", "--count", "1"], input: input)
        #expect(ending.output == starts.map { "\($0 + 86_400_000)\n" }.joined())
    }

    @Test(arguments: ["UTC", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"])
    func `the host's zone changes nothing`(host: String) async throws {
        // A gap of an hour, one of half an hour, an hour that comes twice, and a zone without changes.
        let input = """
            0 30 2 * * ?\tAmerica/New_York\t1804896000000
            0 15 2 * * ?\tAustralia/Lord_Howe\t1822435200000
            0 30 1 * * ?\tAmerica/New_York\t1825545600000
            0 0 9 * * ?\tAsia/Shanghai\t1804896000000
            """
        let lines = try await cronNext(["--stdin", "--count", "3"], input: input, host: host)
        #expect(
            lines.output == """
                1804923000000,1805007600000,1805092200000
                1822491000000,1822576500000,1822662900000
                1825565400000,1825655400000,1825741800000
                1804899600000,1804986000000,1805072400000

                """
        )
        // An instant without an offset is one of the expression's zone.
        let noon = [
            "0 30 2 * * ?", "--zone", "America/New_York", "--from", "2027-03-13T12:00:00", "--count", "2",
        ]
        let shown = try await cronNext(noon, host: host)
        #expect(shown.output == "2027-03-14T03:00:00-04:00\n2027-03-15T02:30:00-04:00\n")
    }

    private func cronNext(
        _ arguments: [String],
        input: String = "",
        host zone: String? = nil
    ) async throws -> Program.Ending {
        let environment = zone.map { ["TZ": $0] } ?? [:]
        return try await Program.run(["cron", "next"] + arguments, input: input, environment: environment)
    }
}
