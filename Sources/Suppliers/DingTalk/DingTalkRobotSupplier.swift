import Groundwork
package import PushEngine

extension SupplierKind {
    package static let dingTalkRobot = SupplierKind(rawValue: "dingtalk-robot")
}

extension SupplierForm {
    package static let dingTalkRobot = SupplierForm(
        .dingTalkRobot,
        title: "DingTalk group robot",
        channel: .dingTalkRobot,
        address: "https://oapi.dingtalk.com",
        fields: [
            RobotWebhook.field,
            .secret("secret", "what begins with SEC, for a robot whose calls are signed", isRequired: false),
        ],
        austin: .same
    ) { DingTalkRobotSupplier($0, $1) }
}

/// Speaks to a group through DingTalk's custom robot.
///
/// One call is one message, which mentions the call's recipients: `@all` is everybody, eleven digits or a number with
/// its plus a mobile, all else a user's id. Kinds of message that can mention nobody go to the group all the same.
package struct DingTalkRobotSupplier: Supplier {
    package let account: AccountID
    package let shapes = RobotWebhook.shapes
    package let callLimits: [RateLimit]
    /// A robot says that it took a message, and nothing after that.
    package let givesReceipts = false

    private let webhook: RobotWebhook
    private let secret: Secret
    private let tools: SupplierTools

    /// Makes the adapter of one account.
    ///
    /// DingTalk refuses a date more than an hour off.
    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        webhook = RobotWebhook(account)
        secret = account.secret("secret")
        // open.dingtalk.com, custom robot: 20 messages a minute; one more, and it says nothing for ten minutes.
        callLimits = account.callLimits([CallRate(20, per: .seconds(60))], countedBy: webhook.name)
        self.tools = tools
    }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        await webhook.send(call, adding: signature, over: tools, refusal: DingTalkRobotCodes.refusal) {
            content throws(UnfitContent) in
            try DingTalkRobotMessage.body(content, to: Mentions(call.recipients))
        }
    }

    private var signature: [(name: String, value: String)] {
        guard !secret.isEmpty else { return [] }
        let now = tools.clock.now.millisecondsSinceEpoch
        return [
            (name: "timestamp", value: String(now)),
            (name: "sign", value: RequestSigning.dingTalkRobot(secret, at: now)),
        ]
    }
}

/// What the codes of DingTalk's robots mean for us.
enum DingTalkRobotCodes {
    static func refusal(_ answer: CodedAnswer) -> Refusal {
        switch answer.code {
        case -1: answer.refusal(.transient)
        // Too fast: the robot is silent for ten minutes.
        case 130_101, 410_100, 90_030: answer.refusal(.throttled, wait: .seconds(600))
        // A check that the robot's owner chose failed; only the words tell which.
        case 310_000:
            answer.refusal(isOfKeyword(answer.message) ? .badContent : .badConfig)
        // There is no such token.
        case 300_001, 400_101: answer.refusal(.badConfig)
        // Of a kind that is not known (400105), and what must not be said (43xxxx).
        default: answer.refusal(.badContent)
        }
    }

    /// Whether the check was for words that each message must hold; it is told in either language.
    private static func isOfKeyword(_ message: String) -> Bool {
        message.lowercased().contains("keyword") || message.contains("关键词")
    }
}
