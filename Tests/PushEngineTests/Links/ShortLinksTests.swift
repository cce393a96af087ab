import Foundation
import Groundwork
import SQLiteDriver
import TestKit
import Testing

@testable import PushEngine

/// What becomes of the links in a template's fixed text.
@Suite(.timeLimit(.minutes(5))) struct ShortLinksTests {
    private static let base = "https://t.cn"
    private static let today = BusinessID(rawValue: 2_000_000_120_260_302)
    private static let tomorrow = BusinessID(rawValue: 2_000_000_120_260_303)

    /// Renders a text with short links.
    private func render(
        _ text: String,
        _ links: ShortLinks,
        _ values: [String: String] = [:],
        id: BusinessID = today,
        run: Int64? = nil,
        channel: Channel = .sms
    ) async throws -> String {
        let draft = TemplateDraft(
            name: "t",
            channel: channel,
            messageType: .notice,
            templateType: .technical,
            content: text
        )
        let template = try CompiledTemplate(
            id: TemplateID(rawValue: Int64(text.hashValue.magnitude % 9_999_999)),
            version: 1,
            draft: draft
        )
        return try await links.content(of: template, id, for: run.map { CampaignRunID(rawValue: $0) })
            .render(values, tracking: id)
    }

    private func use(_ body: (ShortLinks, SQLitePushStore) async throws -> Void) async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            try await body(
                ShortLinks(base: Self.base, store: engine.store, clock: bench.clock.calendar),
                engine.store
            )
        }
    }

    @Test func `a link becomes a short one that leads to it with its tracking parameter`() async throws {
        try await use { links, store in
            let text = try await render("详情 https://a.example/p?x=1#top。退订回T", links)
            let match = try #require(text.firstMatch(of: #/^详情 https://t\.cn/s/([0-9A-Za-z]{1,9})。退订回T$/#))
            let kept = try #require(try await store.link(String(match.1)))
            #expect(kept.url == "https://a.example/p?x=1&track_code_bid=2000000120260302#top")
            #expect(kept.businessID == Self.today)
        }
    }

    @Test(arguments: [
        "https://a.example/{$id} 点", "https://a.example/p{$id}", "{$id}https://a.example/p",
        "https://a.example/p.{$id}", "https://{$id}/p", "mailto:a@b.example",
        "https://a.example/?a=1&amp;b=2", "无链接 {$id}",
    ])
    func `a link that holds a variable, or may, stays as it was`(text: String) async throws {
        try await use { links, store in
            let values = ["id": "x-7"]
            let plain = try ContentTemplate(text).render(values, tracking: Self.today)
            #expect(try await render(text, links, values) == plain)
            #expect(try await store.links(of: Self.today, after: nil, limit: 9).isEmpty)
        }
    }

    @Test func `each occurrence of a campaign has links of its own, and so does the API`() async throws {
        try await use { links, store in
            var texts = Set<String>()
            for run in [nil, 7, 8] as [Int64?] {
                let text = try await render("https://a.example/", links, run: run)
                #expect(try await render("https://a.example/", links, run: run) == text)
                texts.insert(text)
                let link = try #require(try await store.link(String(text.suffix(LinkCode.length))))
                #expect(link.campaignRun?.rawValue == run)
            }
            #expect(texts.count == 3)
        }
    }

    @Test func `a template's day has a code of its own, and asking again changes nothing`() async throws {
        try await use { links, store in
            let text = "https://a.example/ https://a.example/ https://b.example/"
            let first = try await render(text, links)
            #expect(try await render(text, links) == first)
            let codes = first.split(separator: " ")
            #expect(codes[0] == codes[1] && codes[1] != codes[2])
            let later = try await render(text, links, id: Self.tomorrow)
            #expect(Set(later.split(separator: " ")).isDisjoint(with: codes))
            // Another process makes the same.
            let other = ShortLinks(base: Self.base, store: store, clock: ManualClock(PushBench.noon).calendar)
            #expect(try await render(text, other) == first)
            #expect(try await store.links(of: Self.today, after: nil, limit: 9).count == 2)
        }
    }

    @Test func `links in a page inside an object are shortened, other fields are not touched`() async throws {
        try await use { links, _ in
            let text =
                #"{"title":"看 https://a.example/t","content":"<a href=\"https://a.example/p\">{$n}</a>"}"#
            let plain = try await render(text, links, ["n": "1"], channel: .email)
            let object = try #require(try WireValue(json: plain.utf8).object)
            let content = try #require(object["content"].text)
            #expect(content.contains("https://t.cn/s/"))
            #expect(!content.contains("a.example"))
        }
    }

    @Test func `a page's link leads to what it means, its ampersands escaped or not`() async throws {
        try await use { links, store in
            let page = #"<a href=\"https://a.example/p?x=1&amp;y=2\">a</a> https://b.example/?x=1&lt;2"#
            let text = #"{"title":"https://c.example/?x=1&amp;y=2","content":"\#(page)"}"#
            let sent = try await render(text, links, channel: .email)
            let kept = try await store.links(of: Self.today, after: nil, limit: 9).map(\.link.url)
            #expect(kept == ["https://a.example/p?x=1&y=2&track_code_bid=2000000120260302"])
            #expect(!sent.contains("a.example") && sent.contains("b.example") && sent.contains("c.example"))
        }
    }

    @Test(arguments: 0..<40)
    func `what short links lead to is what would have been sent`(seed: UInt64) async throws {
        try await use { links, store in
            var random = SeededGenerator(seed: seed)
            let parts = [
                "https://a.example/p", "http://b.example", "HTTPS://C.example/x?y=1&z", "{$v}", "{$w}", " ",
                "，",
                "文字", "abc", "?", "#f", ".", "(", ")", "&", ";", "/", "https://", ":", "track_code_bid=1",
            ]
            var text = ""
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                text += parts.randomElement(using: &random) ?? ""
            }
            let values = [
                "v": ["", "k", "https://v.example/", " "].randomElement(using: &random) ?? "", "w": "7",
            ]
            let expected = try ContentTemplate(text).render(values, tracking: Self.today)
            var found = try await render(text, links, values)
            for link in try await store.links(of: Self.today, after: nil, limit: 50) {
                found = found.replacing("\(Self.base)/s/\(link.link.code)", with: link.link.url)
            }
            #expect(found == expected, "\(text)")
        }
    }

    @Test
    func `length and charge are those of the short text, and its links are stored before it is accepted`()
        async throws
    {
        let address = "https://www.a.example/" + String(repeating: "p", count: 80)
        func charge(_ shortens: Bool) async throws -> (charge: Int, content: String, clicks: Int) {
            var charged = (charge: 0, content: "", clicks: 0)
            try await PushBench.use { bench in
                var plan = BenchPlan()
                plan.weights = (tencent: 1, aliyun: 0)
                let engine = try await bench.open(plan)
                let calendar = BusinessCalendar(zone: PushBench.zone)
                let chain = SendChain(
                    templates: engine.store,
                    ledger: engine.ledger,
                    queue: engine.queue,
                    calendar: calendar,
                    links: shortens
                        ? ShortLinks(base: Self.base, store: engine.store, clock: bench.clock.calendar) : nil,
                    clock: bench.clock.calendar
                )
                let template = try await engine.template("活动详情 \(address)")
                let param = MessageParam(bizID: nil, receivers: ["13800130100"], variables: [:])
                let receipt = try await chain.accept(SendRequest(template: template, params: [param]))
                let message = try #require(receipt.verdicts.first).result.get()
                let id = try #require(receipt.businessID)
                charged.clicks = try await engine.store.links(of: id, after: nil, limit: 9).count
                try await engine.settle()
                let record = try await engine.record(message)
                (charged.charge, charged.content) = (record.charge, record.content)
            }
            return charged
        }
        let long = try await charge(false)
        let short = try await charge(true)
        #expect(long.charge > 1 && short.charge == 1)
        #expect(long.content.contains(address) && !short.content.contains(address))
        #expect(short.content.contains("https://t.cn/s/"))
        #expect(long.clicks == 0 && short.clicks == 1)
    }

    @Test func `nothing is accepted while its links cannot be stored`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            let chain = SendChain(
                templates: engine.store,
                ledger: engine.ledger,
                queue: engine.queue,
                calendar: BusinessCalendar(zone: PushBench.zone),
                links: ShortLinks(base: Self.base, store: DeafLinks(), clock: bench.clock.calendar),
                clock: bench.clock.calendar
            )
            let template = try await engine.template("看 https://a.example/")
            let param = MessageParam(bizID: nil, receivers: ["13800130100"], variables: [:])
            let error = await #expect(throws: SendFault.self) {
                _ = try await chain.accept(SendRequest(template: template, params: [param]))
            }
            #expect(error?.code == .unavailable)
            let found = try await engine.store.records(.template(template), state: nil, before: nil, limit: 1)
            #expect(found.isEmpty)
        }
    }
}

/// Does not answer.
private struct DeafLinks: LinkStore {
    private static let silence = StoreError(.unavailable, during: "test")

    func keepLink(_ link: TrackedLink) async throws(StoreError) -> TrackedLink { throw Self.silence }
    func link(_ code: String) async throws(StoreError) -> TrackedLink? { throw Self.silence }
    func addClicks(_ clicks: [ClickHour: Int]) async throws(StoreError) { throw Self.silence }
    func links(
        of businessID: BusinessID,
        after code: String?,
        limit: Int
    ) async throws(StoreError) -> [LinkClicks] { throw Self.silence }
    func clicks(of run: CampaignRunID, limit: Int) async throws(StoreError) -> CampaignClicks? {
        throw Self.silence
    }
}
