import Groundwork
import PushEngine
import Scheduler
import SupplierSimulator
import TestKit
import Testing

@testable import Console

/// Campaigns as marketing sees them, and the first page above them.
@Suite struct CampaignPageTests {
    /// Two good rows, one bad, one twice.
    private static let rows = "phone,name\n13800138000,Ann\n123,Bob\n13900139000,Cid\n13800138000,Ann\n"

    @Test(arguments: [
        (Language.english, ["spring", "Sending", "sample", "by hand", "4"]),
        (Language.chinese, ["spring", "发送中", "sample", "手动", "4"]),
    ])
    func `the list tells name, state, template, schedule and rows`(
        language: Language,
        facts: [String]
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            let campaign = try await bench.campaign(
                try await bench.template("hello {$name}"),
                try await bench.crowd(Self.rows)
            )
            _ = try await bench.read(campaign)
            var browser = try await Browser.signedIn(bench, language)
            let page = try await browser.get("/campaigns")
            #expect(page.status == 200)
            for fact in facts { #expect(page.words.contains(fact), "\(fact)") }
            #expect(page.text.contains("<html lang=\"\(language.rawValue)\""))
        }
    }

    @Test func `occurrences are listed page by page, and the latest is told of on each`() async throws {
        try await ConsoleBench.use { bench async throws in
            let campaign = try await bench.campaign(
                try await bench.template("hello {$name}"),
                try await bench.crowd(Self.rows)
            )
            var runs: [CampaignRun] = []
            for hour in 0..<23 {
                let instant = bench.clock.calendar.now + .seconds(3_600 * hour)
                runs.append(
                    try await bench.books.openRun(campaign.id, plannedAt: instant, templateVersion: 1)
                )
            }
            func link(_ run: CampaignRun) -> String {
                "href=\"/campaigns/\(campaign.id.rawValue)?run=\(run.id.rawValue)\""
            }
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.get("/campaigns/\(campaign.id.rawValue)")
            #expect(page.text.contains(link(runs[3])))
            #expect(!page.text.contains(link(runs[2])))
            let older = "/campaigns/\(campaign.id.rawValue)?before=\(runs[3].id.rawValue)"
            #expect(page.text.contains("href=\"\(older)\""))
            let rest = try await browser.get(older)
            for run in runs[0...2] { #expect(rest.text.contains(link(run))) }
            #expect(!rest.text.contains(link(runs[3])))
            #expect(!rest.text.contains("rel=\"next\""))
            #expect(rest.text.contains("data-live=\"/campaigns/\(campaign.id.rawValue)/events?before="))
        }
    }

    @Test(arguments: [
        (Language.english, ["4 rows read = 2 refused + 2 taken on", "2 taken on = 2 Queued", "adds up"]),
        (Language.chinese, ["4 已读行数 = 2 拒收 + 2 已受理", "2 已受理 = 2 排队中", "相符"]),
    ])
    func `the accounting of a campaign adds up`(language: Language, facts: [String]) async throws {
        try await ConsoleBench.use { bench async throws in
            let campaign = try await bench.campaign(
                try await bench.template("hello {$name}"),
                try await bench.crowd(Self.rows)
            )
            let run = try await bench.read(campaign)
            var browser = try await Browser.signedIn(bench, language)
            let page = try await browser.get("/campaigns/\(campaign.id.rawValue)")
            for fact in facts { #expect(page.words.contains(fact), "\(fact)") }
            for code in ["DUPLICATE", "PHONE_"] { #expect(page.words.contains(code)) }
            // The widths of the bar's parts are the counts: 2 dropped, 2 waiting.
            #expect(page.text.contains(#"<rect class="dropped" x="0.000%" width="50.000%""#))
            #expect(page.text.contains(#"<rect class="waiting" x="50.000%" width="50.000%""#))
            let report = "/api/v1/campaigns/\(campaign.id.rawValue)/runs/\(run.id.rawValue)/rejects.csv"
            #expect(page.text.contains("href=\"\(report)\""))
            let file = try await browser.get(report)
            #expect(file.status == 200)
            #expect(file.text.contains("DUPLICATE"))
        }
    }

    @Test(arguments: [
        (
            Language.english,
            ["12 clicks", "clicked is not known", "9 75.0 %", "The 20 most clicked of 22 links."]
        ),
        (Language.chinese, ["12 次点击", "不知道谁点击", "9 75.0 %", "点击最多的 20 个链接，共 22 个。"]),
    ])
    func `a campaign with short links tells how often they were followed`(
        language: Language,
        facts: [String]
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            let campaign = try await bench.campaign(
                try await bench.template("hello {$name}"),
                try await bench.crowd(Self.rows)
            )
            let run = try await bench.read(campaign).id
            let path = "/campaigns/\(campaign.id.rawValue)"
            var browser = try await Browser.signedIn(bench, language)
            #expect(!(try await browser.get(path).words.contains(facts[1])))
            try await bench.follow("https://a.example/?a=1&b=<i>x</i>", of: run, code: "aaaaaaaa1", times: 3)
            try await bench.follow("https://b.example/", of: run, code: "bbbbbbbb1", times: 9)
            for number in 10..<30 {
                try await bench.follow(
                    "https://c.example/\(number)",
                    of: run,
                    code: "ccccccc\(number)",
                    times: 0
                )
            }
            let page = try await browser.get(path)
            for fact in facts { #expect(page.words.contains(fact), "\(fact)") }
            #expect(page.text.contains("https://a.example/?a=1&amp;b=&lt;i&gt;x&lt;/i&gt;"))
            #expect(!page.text.contains("<i>x"))
        }
    }

    @Test func `supplier accounts and losses are told apart`() async throws {
        try await ConsoleBench.use { bench async throws in
            try await bench.withSimulator { url in
                try await bench.account(.tencent, at: url)
                let campaign = try await bench.campaign(
                    try await bench.template("hello {$name}"),
                    try await bench.crowd(Self.rows)
                )
                _ = try await bench.read(campaign)
                try await bench.deliver()
                var browser = try await Browser.signedIn(bench)
                let page = try await browser.get("/campaigns/\(campaign.id.rawValue)").words
                #expect(page.contains("tencent-main 2 100.0 % 0 2 0 0"))
                #expect(page.contains("2 taken on = 2 Accepted by supplier"))
                #expect(page.contains("Awaiting receipts"))
                #expect(page.contains("No loss."))
                let first = try await browser.get("/").words
                #expect(first.contains("Accepted by supplier 2 100.0 % Sum 2 100.0 %"))
            }
        }
    }

    @Test func `pauses, resumes and cancels with buttons`() async throws {
        try await ConsoleBench.use { bench async throws in
            let campaign = try await bench.campaign(
                try await bench.template("hello {$name}"),
                try await bench.crowd(Self.rows)
            )
            let run = try await bench.read(campaign).id
            let path = "/campaigns/\(campaign.id.rawValue)"
            func state() async throws -> CampaignRunState? { try await bench.books.campaignRun(run)?.state }
            var browser = try await Browser.signedIn(bench)
            #expect(try await browser.press("\(path)/pause", on: path).words.contains("Paused."))
            #expect(try await state() == .paused)
            #expect(try await browser.press("\(path)/resume", on: path).words.contains("Resumed."))
            #expect(try await state() == .finished)
            let page = try await browser.get(path)
            #expect(page.words.contains("2 waiting messages are taken back"))
            let after = try await browser.press("\(path)/cancel", on: path)
            #expect(after.words.contains("Cancelled: what waited was taken back."))
            #expect(after.words.contains("2 taken on = 2 Taken back"))
            #expect(try await state() == .cancelled)
        }
    }

    @Test func `starts with a button`() async throws {
        try await ConsoleBench.use { bench async throws in
            let campaign = try await bench.campaign(
                try await bench.template("hello {$name}"),
                try await bench.crowd(Self.rows)
            )
            let path = "/campaigns/\(campaign.id.rawValue)"
            var browser = try await Browser.signedIn(bench)
            #expect(try await browser.get(path).words.contains("Not started"))
            #expect(try await browser.press("\(path)/start", on: path).words.contains("Started"))
            #expect(try await bench.parts.runs.list().elements.count == 1)
        }
    }

    @Test func `a campaign's events follow it until all is settled`() async throws {
        try await ConsoleBench.use { bench async throws in
            let campaign = try await bench.campaign(
                try await bench.template("hello {$name}"),
                try await bench.crowd(Self.rows)
            )
            _ = try await bench.read(campaign)
            let browser = try await Browser.signedIn(bench)
            async let stream = Self.get("/campaigns/\(campaign.id.rawValue)/events", browser)
            await bench.clock.sleepers()
            try await bench.parts.campaigns.pause(campaign.id)
            for _ in 0...LiveRegion.beatEvery {
                bench.clock.advance(by: LiveRegion.interval)
                await bench.clock.sleepers()
            }
            _ = try await bench.parts.campaigns.cancel(campaign.id)
            bench.clock.advance(by: LiveRegion.interval)
            let answer = try await stream
            #expect(answer.headers["content-type"]?.hasPrefix("text/event-stream") == true)
            let events = answer.events
            let snapshots = events.filter { $0.name == "snapshot" }.compactMap(\.data.object)
            #expect(snapshots.map { $0["phase"].text } == ["sending", "paused", "cancelled"])
            #expect(snapshots.last?["states"].object?["recalled"].wholeNumber == 2)
            #expect(snapshots.last?["isSettled"].truth == true)
            #expect(snapshots.last?["html"].text?.contains("Taken back") == true)
            #expect(events.contains { $0.name == "beat" })
            #expect(events.last?.name == "end")
        }
    }

    @Test func `open events end when the server is to stop`() async throws {
        var stream: Task<ConsoleBench.Answer, any Error>?
        try await ConsoleBench.use { bench async throws in
            let browser = try await Browser.signedIn(bench)
            // Awaited below, once the server has stopped.
            stream = Task { try await Self.get("/events", browser) }
            await bench.clock.sleepers()
        }
        let answer = try await #require(stream).value
        #expect(answer.events.map(\.name) == ["snapshot"])
    }

    @Test func `events of a campaign that is not there are not begun`() async throws {
        try await ConsoleBench.use { bench async throws in
            let browser = try await Browser.signedIn(bench)
            #expect(try await Self.get("/campaigns/7/events", browser).status == 404)
        }
    }

    @Test(arguments: [
        (Language.english, "No campaign yet", "No message today so far.", "The queues are empty."),
        (Language.chinese, "还没有活动", "今天还没有消息", "队列为空"),
    ])
    func `an empty console says what to do next`(
        language: Language,
        campaigns: String,
        today: String,
        queues: String
    )
        async throws
    {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, language)
            #expect(try await browser.get("/campaigns").words.contains(campaigns))
            let first = try await browser.get("/").words
            #expect(first.contains(today))
            #expect(first.contains(queues))
            #expect(first.contains("Asia/Shanghai (UTC+08:00)"))
        }
    }

    private static func get(_ path: String, _ browser: Browser) async throws -> ConsoleBench.Answer {
        var browser = browser
        return try await browser.get(path)
    }
}
