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
        ]
    ) { DingTalkRobotSupplier($0, $1) }
}

/// Speaks to a group through DingTalk's custom robot.
///
/// One call is one message, which mentions the call's recipients: `@all` is everybody, eleven digits or a number with
/// its plus a mobile, all else a user's id. Kinds of message that can mention nobody go to the group all the same.
package struct DingTalkRobotSupplier: Supplier {
    package let account: AccountID
    package let shapes = [CallShape(recipients: Self.recipientLimit, sameContent: true)]
    package let callLimits: [RateLimit]
    /// A robot says that it took a message, and nothing after that.
    package let givesReceipts = false

    private let webhook: RobotWebhook
    private let secret: Secret
    private let tools: SupplierTools

    private static let recipientLimit = 50

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
        let count = call.recipients.count
        let body: [UInt8]
        do throws(UnfitContent) {
            let content = try call.onlyContent(recipients: Self.recipientLimit)
            body = try DingTalkRobotMessage.body(content, to: Mentions(call.recipients))
        } catch {
            return SupplierReply(all: error.verdict, count: count)
        }
        let exchange = await webhook.post(body, adding: signature, over: tools)
        let verdict = exchange.verdict { response in
            CodedAnswer(response)
                .map { $0.verdict(accepted: call.requestKey, refusal: DingTalkRobotCodes.refusal) }
        }
        return SupplierReply(all: verdict, count: count)
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
