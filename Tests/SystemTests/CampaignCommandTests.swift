import Foundation
import PushEngine
import TestKit
import Testing

@testable import KPush

/// `kpush campaigns` as a person meets it.
@Suite(.timeLimit(.minutes(10))) struct CampaignCommandTests {
    @Test func `a campaign is made from a file, starts by itself, and is followed to the last receipt`()
        async throws
    {
        let bench = try await CommandBench.start()
        let crowd = bench.folder.file("人群.csv")
        let made = try await Program.run([
            "crowd", "generate", "--rows", "2000", "--bad", "0.02", "--duplicates", "0.01", "--out", crowd,
        ])
        #expect(made.status == 0)
        let ending = try await bench.kpush(
            "campaigns",
            "create",
            "--name",
            "春天",
            "--template",
            "1",
            "--crowd",
            crowd,
            "--at",
            Self.soon(),
            "--operator",
            "mei",
            "--watch"
        )
        #expect(ending.status == 0, "\(ending.complaints)")
        #expect(ending.output.contains(": 2,000 rows, 40 of them will be left out\n"))
        #expect(ending.output.contains("by mei\n"))
        #expect(ending.output.contains("100 %  2,000 rows read, 1,940 sent, "))
        #expect(ending.output.contains("Occurrence 1: finished, every message final\n"))
        #expect(ending.lines.contains { $0.hasSuffix("2,000 of 2,000 read") })

        let shown = try await bench.kpush("campaigns", "show", "1", "--json").json()
        let run = try #require(shown["latestRun"] as? [String: Any])
        #expect(run["received"] as? Int == 1_940)
        #expect(run["settled"] as? Bool == true)
        let rejects = try await bench.kpush("campaigns", "rejects", "1")
        // A heading, and a line for each bad row and each repeat.
        #expect(rejects.lines.count == 61)
        #expect(rejects.lines.first == "line,row,column,code,text")
        let page = try await bench.kpush("campaigns", "rejects", "1", "--run", "1", "--json").json()
        #expect((page["items"] as? [Any])?.count == 60)
        let list = try await bench.kpush("campaigns", "list")
        #expect(list.lines.first?.contains("SCHEDULE") == true)
        #expect(list.lines.last?.contains("春天") == true)
    }

    @Test func `one without a time waits until it is started, and can be taken back`() async throws {
        let bench = try await CommandBench.start()
        let crowd = try bench.file("crowd.csv", "userId,city,coupon\n13800138100,成都,满200减30\n")
        let made = try await bench.kpush(
            "campaigns",
            "create",
            "--name",
            "Hand",
            "--template",
            "1",
            "--crowd",
            crowd,
            "--json"
        )
        #expect(try made.json()["id"] as? Int == 1)
        let idle = try await bench.kpush("campaigns", "watch", "1")
        #expect(idle.status == 1)
        #expect(idle.complaints.contains("kpush campaigns start 1"))

        let started = try await bench.kpush("campaigns", "start", "1", "--watch")
        #expect(started.status == 0, "\(started.complaints)")
        #expect(started.output.contains("finished, every message final"))
        // What is over is shown, not waited for.
        #expect(try await bench.kpush("campaigns", "watch", "1", "--json").lines.count == 1)

        #expect(try await bench.kpush("campaigns", "pause", "1").output == "Campaign 1 is paused.\n")
        #expect(try await bench.kpush("campaigns", "resume", "1").output == "Campaign 1 goes on.\n")
        let cancelled = try await bench.kpush("campaigns", "cancel", "1")
        #expect(cancelled.output == "Campaign 1 is cancelled; 0 messages were taken back.\n")
        let again = try await bench.kpush("campaigns", "start", "1")
        #expect(again.status == 65)
        #expect(again.complaints.contains("campaign 1 is cancelled: make a new one"))
        #expect(try await bench.kpush("campaigns", "list").lines.last?.contains("cancelled") == true)
    }

    @Test func `a crowd is read as the template's channel has its recipients`() async throws {
        let bench = try await CommandBench.start()
        let crowd = try bench.file("mail.csv", "userId,city\nanna@example.org,P\n13800138100,Q\n")
        let made = try await bench.kpush(
            [
                "campaigns", "create", "--name", "Spring", "--template", "\(bench.mail)", "--crowd", crowd,
                "--cron", "0 0 9 ? * MON", "--zone", "Asia/Shanghai",
            ]
        )
        #expect(made.status == 0, "\(made.complaints)")
        #expect(made.output.contains("MAIL_FORM"), "\(made.output)")
    }

    @Test func `what cannot become a campaign is refused with the place at fault`() async throws {
        let bench = try await CommandBench.start()
        let good = try bench.file("good.csv", "userId,city,coupon\n13800138100,成都,满200减30\n")
        let bad = try bench.file("bad.csv", "name,city\nAnn,成都\n")
        let cases: [(options: [String], status: Int32, says: String)] = [
            (["--template", "1", "--crowd", bench.folder.file("none.csv")], 66, "no such file"),
            (["--template", "1", "--crowd", bench.folder.path], 66, "directory"),
            (["--template", "99", "--crowd", good], 65, "template 99"),
            (["--template", "1", "--crowd", bad], 65, "userId"),
            (["--template", "1", "--crowd", good, "--cron", "0 0 0 ? * SUNDAY"], 65, "--cron: dayOfWeek"),
            (["--template", "1", "--crowd", good, "--at", "tomorrow"], 65, "--at: not an instant"),
            (["--template", "1", "--crowd", good, "--cron", "0 0 9 * * ?", "--zone", "Mars"], 65, "--zone"),
            (["--template", "1", "--crowd", good, "--cron", "0 0 9 * * ? 2020"], 65, "never comes"),
            (["--template", "1", "--crowd-digest", "0123"], 65, "crowd"),
        ]
        for (options, status, says) in cases {
            let ending = try await bench.kpush(["campaigns", "create", "--name", "x"] + options)
            #expect(ending.status == status, "\(options): \(ending.complaints)")
            #expect(ending.complaints.contains(says), "\(options): \(ending.complaints)")
        }
        #expect(try await bench.kpush("campaigns", "list").output == "none\n")
        #expect(try await bench.kpush("campaigns", "show", "7").status == 65)
    }

    /// An instant a little ahead.
    private static func soon() -> String {
        String(Int64((Date().timeIntervalSince1970 + 2) * 1_000))
    }
}
