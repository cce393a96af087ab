import Groundwork
import Testing

@testable import PushEngine

/// Contents that are JSON objects.
@Suite struct ContentObjectTests {
    private static func compile(_ text: String, _ channel: Channel) throws(ContentFault) -> ContentTemplate {
        try ContentTemplate(text, form: channel.contentForm)
    }

    private static func tracking() throws -> BusinessID {
        let day = try #require(CalendarDay(year: 2023, month: 8, day: 15))
        return try #require(BusinessID(templateType: 20, template: 17, day: day))
    }

    @Test func `whatever a value holds, the content stays the object that was written`() throws {
        let template = try Self.compile(#"{"title":"Hi {$name}","content":"{$text}","url":""}"#, .push)
        #expect(template.variables == ["name", "text"])
        for value in [#"","url":"https://evil.example""#, "\\", "\u{1}\n\t", "{$name}", "中😀", "}"] {
            let text = try template.render(["name": value, "text": value])
            let content = try RenderedContent(text)
            #expect(content["title"] == "Hi " + value)
            #expect(content["content"] == value)
            #expect(content["url"].isEmpty)
        }
    }

    @Test func `a value in a page is no page`() throws {
        let template = try Self.compile(#"{"title":"<{$a}>","content":"<p class=\"x\">{$a}</p>"}"#, .email)
        let content = try RenderedContent(try template.render(["a": "<b>\"\\\n&"]))
        #expect(content["title"] == "<<b>\"\\\n&>")
        #expect(content["content"] == "<p class=\"x\">&lt;b&gt;&quot;\\\n&amp;</p>")
    }

    @Test func `a value in a link is a part of it, and one that begins it may be all of it`() throws {
        let text = #"{"title":"t","content":"c","url":"https://a.b/c?id={$id}"}"#
        let part = try RenderedContent(try Self.compile(text, .push).render(["id": "a&b=c#d"]))
        #expect(part["url"] == "https://a.b/c?id=a%26b%3Dc%23d")
        let whole = try Self.compile(#"{"title":"t","content":"c","url":"{$url}"}"#, .push)
        #expect(try RenderedContent(whole.render(["url": "https://a.b/c?x=1"]))["url"] == "https://a.b/c?x=1")
    }

    @Test func `links that people follow are tracked, and addresses of files are not`() throws {
        let text = #"{"title":"t","content":"<a href=\"https://a.b/c\">x</a>","url":"https://f.g/h.pdf"}"#
        let mail = try RenderedContent(try Self.compile(text, .email).render([:], tracking: Self.tracking()))
        #expect(mail["content"] == #"<a href="https://a.b/c?track_code_bid=2000001720230815">x</a>"#)
        #expect(mail["url"] == "https://f.g/h.pdf")
        let news = """
            {"sendType":"40","articles":[{"title":"{$t}","url":"https://a.b/{$t}","picurl":"https://p.q/{$t}.png"}]}
            """
        let chat = try Self.compile(news, .weComApp).render(["t": "x y"], tracking: Self.tracking())
        let article = try #require(try RenderedContent(chat).value("articles").list?.first?.object)
        #expect(article["url"] == "https://a.b/x%20y?track_code_bid=2000001720230815")
        #expect(article["picurl"] == "https://p.q/x y.png")
    }

    @Test func `a value in a chat mentions nobody, and one in an article is no page`() throws {
        let robot = try Self.compile(#"{"content":"<at user_id=\"ou_1\"></at> {$a}"}"#, .feishuRobot)
        let said = try RenderedContent(robot.render(["a": #"<at user_id="all"></at>"#]))["content"]
        #expect(said == #"<at user_id="ou_1"></at> ＜at user_id="all">＜/at>"#)
        let news = #"{"sendType":"140","mpNewsArticle":[{"title":"{$a}","content":"<p>{$a}</p>"}]}"#
        let article = try #require(
            try RenderedContent(Self.compile(news, .weComApp).render(["a": "<b>"]))
                .value("mpNewsArticle").list?
                .first?
                .object
        )
        #expect(article["title"] == "<b>")
        #expect(article["content"] == "<p>&lt;b&gt;</p>")
    }

    @Test func `a value in the address of a mini-program's page adds no parameter`() throws {
        let text = #"{"templateId":"t","miniProgramParam":{"k":"v"},"page":"pages/a?id={$id}"}"#
        let content = try RenderedContent(
            try Self.compile(text, .miniProgram).render(["id": "1&admin=1"], tracking: Self.tracking())
        )
        #expect(content["page"] == "pages/a?id=1%26admin%3D1")
    }

    @Test func `a list that is written as text is a list`() throws {
        let text =
            #"{"sendType":"120","title":"t","content":"c","btns":"[{\"title\":\"{$a}\",\"actionURL\":\"https://a.b\"}]"}"#
        let content = try RenderedContent(try Self.compile(text, .dingTalkRobot).render(["a": "\"]"]))
        #expect(content.value("btns").list?.first?.object?["title"] == "\"]")
    }

    @Test func `rows of a crowd are rendered as single messages are`() async throws {
        let text = #"{"title":"Hi {$name}","content":"<p>{$name}</p>","url":""}"#
        let template = try Self.compile(text, .email)
        let batch = try await CrowdText("userId,name\n13800138000,\"A \"\"&\"\" B\"\n").batch()
        var texts = RenderedTexts()
        Renderer(template, columns: [1], tracking: try Self.tracking()).render(batch, into: &texts)
        #expect(
            try texts.text(0) == template.render(["name": "A \"&\" B"], tracking: Self.tracking())
        )
    }

    @Test(arguments: [
        ("hi", ContentFault.notAnObject), ("[]", .notAnObject),
        (#"{"title":"t"}"#, .missing(field: "content")),
        (#"{"title":"","content":"c"}"#, .missing(field: "title")),
        (
            #"{"title":"t","content":"c","x":1}"#,
            .unknown(field: "x", known: ["title", "content", "url", "data"])
        ), (#"{"title":["t"],"content":"c"}"#, .wrongKind(field: "title", "a text")),
        (#"{"title":"t","content":"c","data":"d"}"#, .wrongKind(field: "data", "a list or an object")),
        (#"{"title":"t {$","content":"c"}"#, .syntax(.unterminated(offset: 2))),
    ])
    func `what is no content of the channel is refused by field`(text: String, fault: ContentFault) {
        #expect(throws: fault) { try Self.compile(text, .push) }
    }

    @Test func `a chat shows only the kinds of message that it has`() throws {
        #expect(throws: ContentFault.self) { try Self.compile(#"{"sendType":"130"}"#, .feishuRobot) }
        let post = try Self.compile(#"{"sendType":"150","postContent":[]}"#, .feishuRobot)
        #expect(try RenderedContent(try post.render([:])).sendType == .richText)
    }
}
