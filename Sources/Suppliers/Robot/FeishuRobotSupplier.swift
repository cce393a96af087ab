import Groundwork
package import PushEngine

extension SupplierKind {
    package static let feishuRobot = SupplierKind(rawValue: "feishu-robot")
}

extension SupplierForm {
    package static let feishuRobot = SupplierForm(
        .feishuRobot,
        title: "Feishu group robot",
        channel: .feishuRobot,
        address: "https://open.feishu.cn",
        fields: [
            RobotWebhook.field,
            .secret("secret", "for a robot whose calls are signed", isRequired: false),
        ],
        austin: .same
    ) { FeishuRobotSupplier($0, $1) }
}

/// Speaks to a group through Feishu's custom robot.
///
/// One call is one message, which mentions the call's recipients where its kind can: `@all` is everybody, all else an id
/// of a user.
package struct FeishuRobotSupplier: Supplier {
    package let account: AccountID
    package let shapes = RobotWebhook.shapes
    package let callLimits: [RateLimit]
    /// A robot says that it took a message, and nothing after that.
    package let givesReceipts = false

    private let webhook: RobotWebhook
    private let secret: Secret
    private let tools: SupplierTools

    private static let bodyLimit = 20 << 10

    /// Makes the adapter of one account.
    ///
    /// Feishu refuses a date more than an hour off.
    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        webhook = RobotWebhook(account)
        secret = account.secret("secret")
        // open.feishu.cn, custom bot: 5 messages a second and 100 a minute.
        callLimits = account.callLimits(
            [CallRate(5), CallRate(100, per: .seconds(60))],
            countedBy: webhook.name
        )
        self.tools = tools
    }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        await webhook.send(
            call,
            over: tools,
            reading: Self.answer,
            refusal: FeishuRobotCodes.refusal
        ) { content throws(UnfitContent) in
            let message = try FeishuRobotMessage.message(content, to: call.recipients)
            var signed = signature
            for member in message.members { signed.append(member.key, member.value) }
            let body = WireValue.object(signed).json
            guard body.count <= Self.bodyLimit else { throw UnfitContent("too_long") }
            return body
        }
    }

    private static func answer(in response: HTTPResponse) -> CodedAnswer? {
        CodedAnswer(response, code: ["code", "StatusCode"], message: "msg")
    }

    private var signature: WireObject {
        guard !secret.isEmpty else { return [:] }
        let now = tools.clock.now.secondsSinceEpoch
        return [
            "timestamp": .text(String(now)), "sign": .text(RequestSigning.feishuRobot(secret, at: now)),
        ]
    }
}

/// What the codes of Feishu's robots mean for us.
enum FeishuRobotCodes {
    static func refusal(_ answer: CodedAnswer) -> Refusal {
        switch answer.code {
        case -1: answer.refusal(.transient)
        // Over 5 a second or 100 a minute; it does not say for how long.
        case 11_232: answer.refusal(.throttled, wait: .seconds(60))
        // The signature or its moment, where the call comes from, and the address.
        case 19_021, 19_022, 19_001: answer.refusal(.badConfig)
        // A missing keyword (19024), parameters (19002), the request as a whole (9499).
        default: answer.refusal(.badContent)
        }
    }
}

/// Writes the messages of Feishu's robots.
enum FeishuRobotMessage {
    /// A message without its signature.
    ///
    /// - Parameters:
    ///   - content: what is said.
    ///   - recipients: who is called by name.
    /// - Returns: the message.
    /// - Throws: `UnfitContent` when the content lacks something, or is of a kind that robots do not have.
    static func message(
        _ content: RenderedContent,
        to recipients: [String]
    ) throws(UnfitContent) -> WireObject {
        switch content.sendType {
        case .text:
            let text = try content.text("content") + "\n" + recipients.map(tag).joined(separator: " ")
            return message("text", ["text": .text(text)])
        case .richText:
            let lines = try content.list("postContent", 1...Self.lineLimit)
            let names = recipients.map { recipient -> WireValue in
                .object(["tag": "at", "user_id": .text(id(recipient))])
            }
            let post: WireObject = [
                "title": .text(content["title"]), "content": .list(lines + [.list(names)]),
            ]
            return message("post", ["post": .object(["zh_cn": .object(post)])])
        case .image: return message("image", ["image_key": .text(try content.text("mediaId"))])
        case .shareChat: return message("share_chat", ["share_chat_id": .text(try content.text("mediaId"))])
        case .actionCard:
            return ["msg_type": "interactive", "card": .object(try content.object("card"))]
        default: throw UnfitContent("send_type")
        }
    }

    /// A sanity limit: the documentation names none but that of the whole body.
    private static let lineLimit = 500

    private static func message(_ type: String, _ content: WireObject) -> WireObject {
        ["msg_type": .text(type), "content": .object(content)]
    }

    private static func id(_ recipient: String) -> String {
        recipient == Mentions.everybody ? "all" : recipient
    }

    /// A name in a text: nothing in an id may end its tag.
    private static func tag(_ recipient: String) -> String {
        let id = id(recipient).replacing("&", with: "&amp;").replacing("\"", with: "&quot;")
            .replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        return "<at user_id=\"\(id)\"></at>"
    }
}
