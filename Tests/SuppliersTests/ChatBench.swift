import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// Accounts of the chats, adapters that speak for them to a script, and calls to make.
enum ChatBench {
    /// Suppliers whose calls carry no token.
    static let tokenless: [SupplierKind] = [.dingTalkRobot, .feishuRobot, .weComRobot, .webhook]

    static let clock = ManualClock(Moment(secondsSinceEpoch: 1_700_000_000))

    static func account(
        _ kind: SupplierKind,
        url: String = "http://127.0.0.1:8890/chat",
        secrets: [String: String]? = nil
    ) throws -> SupplierAccount {
        let usual: [String: String] =
            switch kind {
            case .webhook: ["secret": "webhook-secret"]
            case .dingTalkNotice: ["appSecret": "app-secret"]
            case .weComRobot: ["webhook": "https://wecom.example/cgi-bin/webhook/send?key=K"]
            case .feishuRobot: ["webhook": "https://feishu.example/open-apis/bot/v2/hook/K"]
            default: ["webhook": "https://dingtalk.example/robot/send?access_token=K"]
            }
        return SupplierAccount(
            id: AccountID(rawValue: 1),
            name: "test",
            kind: kind,
            channel: try #require(SupplierForms(SupplierCatalogue.forms)[kind]).channel,
            url: url,
            config: AccountConfig(
                kind == .dingTalkNotice ? ["appKey": "app", "agentId": "123"] : [:],
                secrets: (secrets ?? usual).mapValues { Secret($0) }
            )
        )
    }

    static func supplier(
        _ kind: SupplierKind,
        over http: any HTTPClient,
        secrets: [String: String]? = nil,
        callsPerSecond: Int? = nil
    ) throws -> any Supplier {
        var account = try account(kind, secrets: secrets)
        account.callsPerSecond = callsPerSecond
        return SupplierForms(SupplierCatalogue.forms)
            .adapter(of: account, SupplierTools(http: http, clock: clock.calendar))
    }

    /// A call of one content.
    static func call(
        _ content: String = #"{"content":"您好"}"#,
        to recipients: [String] = ["u1", "u2"]
    ) -> SupplierCall {
        SupplierCall(
            requestKey: "k-1",
            recipients: recipients,
            contents: [content],
            contentIndex: recipients.map { _ in 0 }
        )
    }
}

extension SupplierReply {
    /// The code of the refusal of all; nil when they are not all refused alike.
    var code: String? {
        guard case .refused(let refusal)? = verdicts.first, Set(verdicts).count == 1 else { return nil }
        return refusal.code
    }

    /// How long the supplier wants to be left alone that refused all.
    var wait: Duration? {
        if case .refused(let refusal)? = verdicts.first { refusal.wait } else { nil }
    }

    /// Whether all were accepted, under this reference.
    func isAccepted(_ reference: String) -> Bool {
        verdicts.allSatisfy { $0 == .accepted(reference: reference, charge: 0) }
    }
}
