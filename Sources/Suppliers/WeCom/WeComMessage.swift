import Groundwork
import PushEngine

/// A message as WeCom's applications send it: its type, and the member of that name.
struct WeComMessage {
    let type: String
    let body: WireObject

    /// Puts a content into WeCom's form.
    ///
    /// - Parameter content: what was rendered.
    /// - Throws: `UnfitContent` when something is missing or WeCom would cut it.
    init(_ content: RenderedContent) throws(UnfitContent) {
        switch content.sendType {
        case .text:
            // developer.work.weixin.qq.com, path 90236: what is longer is cut.
            self.init("text", ["content": .text(try content.text("content", atMost: 2_048))])
        case .markdown:
            self.init("markdown", ["content": .text(try content.text("content", atMost: 2_048))])
        case .image: self.init("image", ["media_id": .text(try content.text("mediaId"))])
        case .voice: self.init("voice", ["media_id": .text(try content.text("mediaId"))])
        case .file: self.init("file", ["media_id": .text(try content.text("mediaId"))])
        case .video: self.init("video", try Self.video(content))
        case .textCard: self.init("textcard", try Self.card(content))
        case .news: self.init("news", ["articles": .list(try Self.articles(content.value("articles")))])
        case .keptNews:
            let articles = try Self.articles(content.value("mpNewsArticle"), "mpNewsArticle")
            self.init("mpnews", ["articles": .list(articles)])
        case .miniProgramNotice: self.init("miniprogram_notice", try Self.notice(content))
        case .templateCard:
            self.init("template_card", try content.object("templateCard"))
        case .link, .actionCard, .office, .richText, .shareChat:
            throw UnfitContent("send_type")
        }
    }

    private init(_ type: String, _ body: WireObject) {
        self.type = type
        self.body = body
    }

    private static func video(_ content: RenderedContent) throws(UnfitContent) -> WireObject {
        var video: WireObject = ["media_id": .text(try content.text("mediaId"))]
        video.append(unlessEmpty: content["title"], "title")
        video.append(unlessEmpty: content["description"], "description")
        return video
    }

    private static func card(_ content: RenderedContent) throws(UnfitContent) -> WireObject {
        var card: WireObject = [
            "title": .text(try content.text("title")),
            "description": .text(try content.text("description")),
            "url": .text(try content.text("url", atMost: 2_048)),
        ]
        card.append(unlessEmpty: content["btnTxt"], "btntxt")
        return card
    }

    private static func notice(_ content: RenderedContent) throws(UnfitContent) -> WireObject {
        var notice: WireObject = ["appid": .text(try content.text("appId"))]
        notice.append(unlessEmpty: content["page"], "page")
        notice.append("title", .text(try content.text("title")))
        notice.append(unlessEmpty: content["description"], "description")
        if content["emphasisFirstItem"] == "true" { notice.append("emphasis_first_item", true) }
        let items = Self.items(content.value("contentItems"))
        guard items.count <= 10 else { throw UnfitContent("contentItems_count") }
        if !items.isEmpty { notice.append("content_item", .list(items)) }
        return notice
    }

    /// Names and values, which templates write as an object or as WeCom itself has them.
    private static func items(_ value: WireValue) -> [WireValue] {
        guard let object = value.object else { return value.list ?? [] }
        return object.members.map { .object(["key": .text($0.key), "value": .text($0.value.text ?? "")]) }
    }

    /// One to eight articles, their members spelled as WeCom does.
    private static func articles(
        _ value: WireValue,
        _ field: String = "articles"
    ) throws(UnfitContent) -> [WireValue] {
        let articles = value.list ?? (value.object == nil ? [] : [value])
        guard !articles.isEmpty else { throw UnfitContent("\(field)_missing") }
        guard articles.count <= 8 else { throw UnfitContent("\(field)_count") }
        return try articles.map { article throws(UnfitContent) in
            guard let members = article.object?.members else { throw UnfitContent("\(field)_kind") }
            var spelled = WireObject()
            for member in members { spelled.append(spellings[member.key] ?? member.key, member.value) }
            return .object(spelled)
        }
    }

    /// The members of articles as templates have them, where WeCom spells them otherwise.
    private static let spellings = [
        "picUrl": "picurl", "appId": "appid", "pagePath": "pagepath", "thumbMediaId": "thumb_media_id",
        "contentSourceUrl": "content_source_url",
    ]
}
