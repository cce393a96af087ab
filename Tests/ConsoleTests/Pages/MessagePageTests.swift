import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Console

/// Messages and templates as support and marketing see them.
@Suite struct MessagePageTests {
    /// Sends one message to each of the numbers.
    private static func send(
        _ bench: ConsoleBench,
        _ phones: [String],
        bizID: String? = nil
    ) async throws -> [MessageID] {
        let template = try await bench.template("your code is {$code}")
        let receivers = phones.map { "\"\($0)\"" }.joined(separator: ",")
        let biz = bizID.map { ",\"bizId\":\"\($0)\"" } ?? ""
        let answer = try await bench.post(
            "/api/v1/send",
            """
            {"code":"send","messageTemplateId":\(template.rawValue),\
            "messageParam":{"receiver":[\(receivers)],"variables":{"code":"1234"}\(biz)}}
            """
        )
        try #require(answer.status == 200, "\(answer.text)")
        let found = try await bench.books.records(.template(template), state: nil, before: nil, limit: 10)
        return found.map(\.id)
    }

    @Test(arguments: [
        (Language.english, "Accepted by KPush", "Waits in the queue."),
        (Language.chinese, "KPush 受理", "正在排队"),
    ])
    func `a message is found by phone, id and business id, and tells its story`(
        language: Language,
        stage: String,
        open: String
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            let ids = try await Self.send(bench, ["13800138000"], bizID: "order-7")
            let id = try #require(ids.first)
            var browser = try await Browser.signedIn(bench, language)
            for typed in ["13800138000", "+86 138-0013-8000", "\(id)", "order-7"] {
                let page = try await browser.get("/messages" + Visit.text(["q": typed]))
                #expect(page.text.contains("href=\"/messages/\(id)\""), "\(typed)")
                #expect(page.words.contains("138****8000"))
                #expect(page.words.contains(typed), "what was typed is repeated")
            }
            let page = try await browser.get("/messages/\(id)").words
            for fact in [stage, open, "138****8000", "your code is 1234", "order-7", "2030-01-15 12:00:00"] {
                #expect(page.contains(fact), "\(fact)")
            }
            #expect(!page.contains("13800138000"))
        }
    }

    @Test func `the story names the supplier and what it said`() async throws {
        try await ConsoleBench.use { bench async throws in
            try await bench.withSimulator { url in
                try await bench.account(.tencent, at: url)
                let id = try #require(try await Self.send(bench, ["13800138000"]).first)
                try await bench.deliver()
                var browser = try await Browser.signedIn(bench)
                let page = try await browser.get("/messages/\(id)").words
                let story = try #require(page.firstRange(of: "Accepted by KPush"))
                let called = try #require(page.firstRange(of: "Supplier called · tencent-main"))
                let answered = try #require(page.firstRange(of: "Supplier answered · tencent-main"))
                #expect(story.lowerBound < called.lowerBound && called.lowerBound < answered.lowerBound)
                #expect(page.contains("The receipt has not come yet."))
                let record = try await bench.books.records(.message(id), state: nil, before: nil, limit: 1)
                    .first
                let reference = try #require(record?.reference)
                #expect(page.contains(reference))
            }
        }
    }

    @Test func `not found says what was searched for`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.get("/messages?q=13900139000").words
            for fact in [
                "phone 13900139000", "message id 13900139000", "business id 13900139000", "Nothing was found",
                "kept for 90 days",
            ] {
                #expect(page.contains(fact), "\(fact)")
            }
            let missing = try await browser.get("/messages/4097")
            #expect(missing.status == 404)
            #expect(missing.words.contains("Message 4097"))
        }
    }

    @Test func `a list goes on where the page before ended`() async throws {
        try await ConsoleBench.use { bench async throws in
            let phones = (0..<60).map { "138001380\($0 + 10)" }
            let ids = try await Self.send(bench, phones)
            let first = try #require(ids.first)
            let record = try await bench.books.records(.message(first), state: nil, before: nil, limit: 1)
                .first
            let template = try #require(record).template
            var browser = try await Browser.signedIn(bench)
            var path: String? = "/messages?template=\(template.rawValue)"
            var seen: [String] = []
            while let next = path {
                let page = try await browser.get(next).text
                seen += page.matches(of: /href="(\/messages\/[0-9]+)"/).map { String($0.1) }
                path = page.firstMatch(of: /href="([^"]+)" rel="next"/)
                    .map { String($0.1).replacing("&amp;", with: "&") }
            }
            #expect(seen.count == 60)
            #expect(Set(seen).count == 60)
        }
    }

    @Test func `takes a waiting message back with a button`() async throws {
        try await ConsoleBench.use { bench async throws in
            let id = try #require(try await Self.send(bench, ["13800138000"]).first)
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.press("/messages/\(id)/recall", on: "/messages/\(id)")
            #expect(page.words.contains("Taken back: it will not be sent."))
            let record = try await bench.books.records(.message(id), state: nil, before: nil, limit: 1).first
            #expect(record?.state == .recalled)
        }
    }

    @Test
    func `offers to take back what a supplier has where it takes messages back, and says what came of it`()
        async throws
    {
        try await ConsoleBench.use { bench async throws in
            func sent(by kind: String, _ config: AccountConfig, to phone: String) async throws -> MessageID {
                let account = SupplierAccount(
                    id: AccountID(rawValue: 0),
                    name: kind,
                    kind: SupplierKind(rawValue: kind),
                    channel: .sms,
                    // Nobody is there.
                    url: "http://127.0.0.1:1",
                    config: config
                )
                let id = try await bench.books.putAccount(account).id
                let message = try #require(try await Self.send(bench, [phone]).first)
                let call = PlannedCall(account: id, members: Members([message.index]))
                let made = try await bench.books.advance(
                    message.batch,
                    outcomes: [],
                    decisions: [],
                    calls: [call]
                )
                let taken = CallResult.sent(reference: "m-1", charge: 0)
                let outcome = IntentOutcome(intent: try #require(made.intents.first), results: [taken])
                _ = try await bench.books.advance(
                    message.batch,
                    outcomes: [outcome],
                    decisions: [],
                    calls: []
                )
                return message
            }
            let weCom = try await sent(
                by: "wecom-app",
                AccountConfig(["corpId": "c", "agentId": "1"], secrets: ["corpSecret": Secret("s")]),
                to: "13800138000"
            )
            let linTong = try await sent(by: "lintong", AccountConfig(), to: "13800138001")
            var browser = try await Browser.signedIn(bench)
            #expect(!(try await browser.get("/messages/\(linTong)").text.contains("/recall")))
            let offer = try await browser.get("/messages/\(weCom)")
            #expect(offer.text.contains("The supplier has it and is asked to take it back."))
            let page = try await browser.press("/messages/\(weCom)/recall", on: "/messages/\(weCom)")
            #expect(page.words.contains("The supplier has not answered: try again."))
            let answer = try await bench.post("/api/v1/recall", #"{"recallMessageIds":["\#(linTong)"]}"#)
            #expect(answer["data.0.result"] == "not_supported")
        }
    }

    @Test(arguments: [(Language.english, "In review", "Changes requested"), (.chinese, "待审批", "已驳回")])
    func `templates are audited and switched with buttons`(
        language: Language,
        waiting: String,
        rejected: String
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            let draft = TemplateDraft(
                name: "greeting",
                messageType: .notice,
                templateType: .technical,
                content: "hello"
            )
            let id = try await bench.books.createTemplate(draft, by: "ann").id
            let path = "/templates/\(id.rawValue)"
            var browser = try await Browser.signedIn(bench, language)
            let list = try await browser.get("/templates").words
            for fact in ["greeting", waiting, "hello"] { #expect(list.contains(fact)) }
            let mute = try await browser.press("\(path)/1/reject", on: path)
            #expect(mute.status == 400)
            let page = try await browser.press("\(path)/1/reject", on: path, ["note": "too <b>short</b>"])
            #expect(page.words.contains(rejected))
            #expect(page.text.contains("too &lt;b&gt;short&lt;/b&gt;"))
            _ = try await bench.books.editTemplate(id, base: 1, draft, by: "ann")
            _ = try await browser.press("\(path)/2/approve", on: path)
            #expect(try await bench.books.template(id)?.sendable?.number == 2)
            _ = try await browser.press("\(path)/stop", on: path)
            #expect(try await bench.books.template(id)?.sendable == nil)
            _ = try await browser.press("\(path)/enable", on: path)
            #expect(try await bench.books.template(id)?.sendable?.number == 2)
        }
    }

    @Test func `an audit that somebody else did before is told as that`() async throws {
        try await ConsoleBench.use { bench async throws in
            let draft = TemplateDraft(
                name: "a",
                messageType: .notice,
                templateType: .technical,
                content: "hello"
            )
            let id = try await bench.books.createTemplate(draft, by: "ann").id
            let path = "/templates/\(id.rawValue)"
            var browser = try await Browser.signedIn(bench)
            let token = try browser.formToken(in: try await browser.get(path))
            _ = try await bench.books.auditTemplate(id, version: 1, approved: true, note: "", by: "bob")
            let answer = try await browser.post("\(path)/1/approve", ["form_token": token])
            #expect(answer.status == 409)
            #expect(answer.words.contains("Not possible in its present state"))
            #expect(answer.text.contains("href=\"\(path)\""), "the way back leads to the template")
        }
    }

    @Test func `names and texts that are HTML stay texts`() async throws {
        try await ConsoleBench.use { bench async throws in
            let hostile = "<script>alert('1')</script>\"><img src=x onerror=alert(1)>"
            let draft = TemplateDraft(
                name: hostile,
                messageType: .notice,
                templateType: .technical,
                content: "hello <i>{$name}</i>"
            )
            let id = try await bench.books.createTemplate(draft, by: hostile).id
            _ = try await bench.books.auditTemplate(
                id,
                version: 1,
                approved: true,
                note: hostile,
                by: hostile
            )
            let crowd = try await bench.crowd("phone,name\n13800138000,<u>Ann</u>\n", name: "<s>.csv")
            let campaign = try await bench.parts.campaigns.create(
                CampaignDraft(
                    name: hostile,
                    template: id,
                    crowd: crowd.digest,
                    schedule: .manual,
                    createdBy: hostile
                )
            )
            let run = try await bench.read(campaign)
            var browser = try await Browser.signedIn(bench)
            for path in [
                "/", "/campaigns", "/campaigns/\(campaign.id.rawValue)", "/templates",
                "/templates/\(id.rawValue)",
                "/messages?run=\(run.id.rawValue)", "/messages" + Visit.text(["q": hostile]),
                "/jobs" + Visit.text(["q": hostile]), "/messages/\(hostile.percentEncoded)",
                "/campaigns/\(hostile.percentEncoded)", "/?done=\(hostile.percentEncoded)",
            ] {
                let page = try await browser.get(path).text
                for tag in ["<script>", "<img", "<i>{", "<u>", "<s>"] {
                    #expect(!page.contains(tag), "\(path) \(tag)")
                }
                // An attribute that could be left would let the rest in.
                #expect(!page.contains("\"><img"), "\(path)")
            }
        }
    }
}
