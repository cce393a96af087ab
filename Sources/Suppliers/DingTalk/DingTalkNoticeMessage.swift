import Groundwork
import PushEngine

/// Writes work notices; their members are spelled with underscores, but for those of a link.
enum DingTalkNoticeMessage {
    /// What `msg` holds.
    ///
    /// - Parameter content: what is said.
    /// - Returns: the message.
    /// - Throws: `UnfitContent` when the content lacks something, is too long, or is of a kind that notices do not have.
    static func message(_ content: RenderedContent) throws(UnfitContent) -> WireObject {
        let (type, object) = try body(content)
        var message: WireObject = ["msgtype": .text(type)]
        message.append(type, .object(object))
        guard WireValue.object(message).json.count <= limit else { throw UnfitContent("too_long") }
        return message
    }

    /// Of the whole message, in bytes.
    private static let limit = 2_048

    private static func body(_ content: RenderedContent) throws(UnfitContent) -> (String, WireObject) {
        switch content.sendType {
        case .text: return ("text", ["content": .text(try content.text("content"))])
        case .image: return ("image", ["media_id": .text(try content.text("mediaId"))])
        case .file: return ("file", ["media_id": .text(try content.text("mediaId"))])
        case .voice:
            return (
                "voice",
                [
                    "media_id": .text(try content.text("mediaId")),
                    "duration": .text(try content.text("duration")),
                ]
            )
        case .link:
            return (
                "link",
                [
                    "messageUrl": .text(try content.text("url")), "picUrl": .text(content["picUrl"]),
                    "title": .text(try content.text("title")), "text": .text(try content.text("content")),
                ]
            )
        case .markdown:
            return (
                "markdown",
                ["title": .text(try content.text("title")), "text": .text(try content.text("content"))]
            )
        case .actionCard: return ("action_card", try card(content))
        case .office: return ("oa", try office(content))
        default: throw UnfitContent("send_type")
        }
    }

    private static func card(_ content: RenderedContent) throws(UnfitContent) -> WireObject {
        var card: WireObject = [
            "title": .text(try content.text("title")), "markdown": .text(try content.text("content")),
        ]
        let buttons = try DingTalkButton.all(of: content)
        if buttons.count == 1 {
            card.append("single_title", .text(buttons[0].title))
            card.append("single_url", .text(buttons[0].url))
        } else {
            card.append("btn_orientation", .text(DingTalkButton.orientation(of: content)))
            let list = buttons.map { button -> WireValue in
                .object(["title": .text(button.title), "action_url": .text(button.url)])
            }
            card.append("btn_json_list", .list(list))
        }
        return card
    }

    private static func office(_ content: RenderedContent) throws(UnfitContent) -> WireObject {
        [
            "message_url": .text(try content.text("url")),
            "head": .object(try content.object("dingDingOaHead")),
            "body": .object(try content.object("dingDingOaBody")),
        ]
    }
}
