import Groundwork
import PushEngine

/// Writes the messages of DingTalk's robots; each kind has its own capitals.
enum DingTalkRobotMessage {
    /// The body of a call.
    ///
    /// - Parameters:
    ///   - content: what is said.
    ///   - mentions: who is called by name.
    /// - Returns: the body.
    /// - Throws: `UnfitContent` when the content lacks something, or is of a kind that robots do not have.
    static func body(_ content: RenderedContent, to mentions: Mentions) throws(UnfitContent) -> [UInt8] {
        switch content.sendType {
        case .text:
            let text = try content.text("content")
            return message("text", ["content": .text(naming(mentions, in: text))], at: mentions)
        case .markdown:
            let text = try content.text("content")
            return message(
                "markdown",
                ["title": .text(try content.text("title")), "text": .text(naming(mentions, in: text))],
                at: mentions
            )
        case .link: return message("link", try link(content))
        case .actionCard: return message("actionCard", try card(content))
        case .news:
            let links = try content.list("feedCards", 1...Self.linkLimit)
            return message("feedCard", ["links": .list(try links.map(feedLink))])
        default: throw UnfitContent("send_type")
        }
    }

    /// A sanity limit: the documentation names none.
    private static let linkLimit = 50

    private static func message(_ type: String, _ object: WireObject, at mentions: Mentions? = nil) -> [UInt8]
    {
        var body: WireObject = ["msgtype": .text(type)]
        body.append(type, .object(object))
        if let mentions {
            body.append(
                "at",
                .object([
                    "atMobiles": .list(mentions.mobiles.map { .text($0) }),
                    "atUserIds": .list(mentions.ids.map { .text($0) }),
                    "isAtAll": .bool(mentions.isAll),
                ])
            )
        }
        return WireValue.object(body).json
    }

    /// The text with whoever is mentioned named in it: those who are not are not told.
    private static func naming(_ mentions: Mentions, in text: String) -> String {
        let missing = (mentions.mobiles + mentions.ids).map { "@" + $0 }.filter { !isNamed($0, in: text) }
        return missing.isEmpty ? text : text + "\n\n" + missing.joined(separator: " ")
    }

    /// Whether a name stands in a text, and is not the beginning of another.
    private static func isNamed(_ name: String, in text: String) -> Bool {
        text.ranges(of: name)
            .contains { range in
                text[range.upperBound...].first.map { !$0.isLetter && !$0.isNumber } ?? true
            }
    }

    private static func link(_ content: RenderedContent) throws(UnfitContent) -> WireObject {
        [
            "title": .text(try content.text("title")), "text": .text(try content.text("content")),
            "messageUrl": .text(try content.text("url")), "picUrl": .text(content["picUrl"]),
        ]
    }

    private static func card(_ content: RenderedContent) throws(UnfitContent) -> WireObject {
        var card: WireObject = [
            "title": .text(try content.text("title")), "text": .text(try content.text("content")),
        ]
        let buttons = try DingTalkButton.all(of: content)
        if buttons.count == 1 {
            card.append("singleTitle", .text(buttons[0].title))
            card.append("singleURL", .text(buttons[0].url))
        } else {
            card.append("btnOrientation", .text(DingTalkButton.orientation(of: content)))
            let list = buttons.map { button -> WireValue in
                .object(["title": .text(button.title), "actionURL": .text(button.url)])
            }
            card.append("btns", .list(list))
        }
        return card
    }

    private static func feedLink(_ value: WireValue) throws(UnfitContent) -> WireValue {
        guard let link = value.object, let title = link["title"].text, !title.isEmpty else {
            throw UnfitContent("feedCards_title")
        }
        let url = DingTalkButton.first(of: ["messageURL", "messageUrl", "url"], in: link)
        guard !url.isEmpty else { throw UnfitContent("feedCards_url") }
        let picture = DingTalkButton.first(of: ["picURL", "picUrl"], in: link)
        return .object(["title": .text(title), "messageURL": .text(url), "picURL": .text(picture)])
    }
}

/// A button of DingTalk's action cards, in whichever of its two spellings a content has it.
struct DingTalkButton: Hashable {
    let title: String
    let url: String

    /// What stands on the button of a card that has an address and no buttons.
    private static let defaultTitle = "阅读全文"

    /// The buttons of a content; the one that leads to its address when it has no list of them.
    ///
    /// - Throws: `UnfitContent` when a button lacks something, or nothing can be pressed.
    static func all(of content: RenderedContent) throws(UnfitContent) -> [DingTalkButton] {
        guard let list = content.value("btns").list, !list.isEmpty else {
            let url = content["url"]
            guard !url.isEmpty else { throw UnfitContent("btns_missing") }
            return [DingTalkButton(title: defaultTitle, url: url)]
        }
        return try list.map { value throws(UnfitContent) in
            guard let button = value.object, let title = button["title"].text, !title.isEmpty else {
                throw UnfitContent("btns_title")
            }
            let url = first(of: ["actionURL", "actionUrl", "action_url", "url"], in: button)
            guard !url.isEmpty else { throw UnfitContent("btns_url") }
            return DingTalkButton(title: title, url: url)
        }
    }

    /// `0` for buttons one below the other, `1` for a row of them.
    static func orientation(of content: RenderedContent) -> String {
        content["btnOrientation"] == "1" ? "1" : "0"
    }

    /// The first of some members that holds anything.
    static func first(of names: [String], in object: WireObject) -> String {
        names.lazy.compactMap { object[$0].text }.first { !$0.isEmpty } ?? ""
    }
}
