import Crypto
import Foundation
import Groundwork
package import PushEngine

extension SupplierKind {
    package static let weComRobot = SupplierKind(rawValue: "wecom-robot")
}

extension SupplierForm {
    package static let weComRobot = SupplierForm(
        .weComRobot,
        title: "WeCom group robot",
        channel: .weComRobot,
        address: "https://qyapi.weixin.qq.com",
        fields: [RobotWebhook.field],
        media: WeComMedia.ofRobots,
        austin: .same
    ) { WeComRobotSupplier($0, $1) }
}

/// Speaks to a group through WeCom's robot ("message push"), whose address is all that proves who calls.
///
/// One call is one message. A text mentions the call's recipients: `@all` is everybody, eleven digits or a number with
/// its plus a mobile, all else a user's id; Markdown can mention ids alone, and nothing else mentions anybody.
package struct WeComRobotSupplier: Supplier {
    package let account: AccountID
    package let shapes = RobotWebhook.shapes
    package let callLimits: [RateLimit]
    /// A robot says that it took a message, and nothing after that.
    package let givesReceipts = false

    private let webhook: RobotWebhook
    private let tools: SupplierTools

    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        webhook = RobotWebhook(account)
        // developer.work.weixin.qq.com/document/path/99110: 20 messages a minute.
        callLimits = account.callLimits([CallRate(20, per: .seconds(60))], countedBy: webhook.name)
        self.tools = tools
    }

    package var mediaDoor: (any MediaDoor)? { WeComRobotMediaDoor(webhook: webhook, tools: tools) }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        await webhook.send(call, over: tools, refusal: WeComRobotCodes.refusal) {
            content throws(UnfitContent) in
            try WeComRobotMessage.body(content, to: Mentions(call.recipients))
        }
    }
}

/// What the codes of WeCom's robots mean for us.
enum WeComRobotCodes {
    static func refusal(_ answer: CodedAnswer) -> Refusal {
        switch answer.code {
        case -1: answer.refusal(.transient)
        // Too many in this minute, or at once.
        case 45_009, 45_033: answer.refusal(.throttled, wait: .seconds(60))
        // There is no such robot.
        case 93_000: answer.refusal(.badConfig)
        // The body is wrong: 40058, 44004 and others.
        default: answer.refusal(.badContent)
        }
    }
}

/// Writes the messages of WeCom's robots.
enum WeComRobotMessage {
    /// The body of a call.
    ///
    /// - Parameters:
    ///   - content: what is said.
    ///   - mentions: who is called by name.
    /// - Returns: the body.
    /// - Throws: `UnfitContent` when the content lacks something, is too long, or is of a kind that robots do not have.
    static func body(_ content: RenderedContent, to mentions: Mentions) throws(UnfitContent) -> [UInt8] {
        switch content.sendType {
        case .text: return message("text", try text(content, mentions))
        case .markdown: return message("markdown", ["content": .text(try markdown(content, mentions))])
        case .image: return message("image", try image(content))
        case .news: return message("news", ["articles": .list(try content.list("articles", 1...8))])
        case .file: return message("file", ["media_id": .text(try content.text("mediaId"))])
        case .voice: return message("voice", ["media_id": .text(try content.text("mediaId"))])
        case .templateCard: return message("template_card", try content.object("templateCard"))
        default: throw UnfitContent("send_type")
        }
    }

    private static let textLimit = 2_048
    private static let markdownLimit = 4_096
    /// Of a picture, before it is encoded.
    private static let imageLimit = 2 << 20

    private static func message(_ type: String, _ object: WireObject) -> [UInt8] {
        var body: WireObject = ["msgtype": .text(type)]
        body.append(type, .object(object))
        return WireValue.object(body).json
    }

    private static func text(
        _ content: RenderedContent,
        _ mentions: Mentions
    ) throws(UnfitContent) -> WireObject {
        let names = mentions.ids + (mentions.isAll ? [Mentions.everybody] : [])
        return [
            "content": .text(try content.text("content", atMost: textLimit)),
            "mentioned_list": .list(names.map { .text($0) }),
            "mentioned_mobile_list": .list(mentions.mobiles.map { .text($0) }),
        ]
    }

    private static func markdown(
        _ content: RenderedContent,
        _ mentions: Mentions
    ) throws(UnfitContent) -> String {
        let text = try content.text("content", atMost: markdownLimit)
        var named = text
        for mention in mentions.ids.map({ "<@\($0)>" }) where !text.contains(mention) {
            let more = (named == text ? "\n" : " ") + mention
            // The group reads the text all the same; nobody is called by name for whom there is no room.
            guard named.utf8.count + more.utf8.count <= markdownLimit else { break }
            named += more
        }
        return named
    }

    /// A picture, and the digest of its bytes; one that the content lacks is made.
    private static func image(_ content: RenderedContent) throws(UnfitContent) -> WireObject {
        let encoded = try content.text("base64", atMost: imageLimit / 3 * 4 + 4)
        guard let picture = Data(base64Encoded: encoded) else { throw UnfitContent("base64_form") }
        guard picture.count <= imageLimit else { throw UnfitContent("too_long") }
        let digest = Insecure.MD5.hash(data: picture).hexDigits
        let given = content["md5"].lowercased()
        guard given.isEmpty || given == digest else { throw UnfitContent("md5_other") }
        return ["base64": .text(encoded), "md5": .text(digest)]
    }
}
