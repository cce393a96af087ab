import Groundwork
package import PushEngine

extension SupplierKind {
    package static let weChatMiniProgram = SupplierKind(rawValue: "wechat-mini")
}

extension SupplierForm {
    package static let weChatMiniProgram = SupplierForm(
        .weChatMiniProgram,
        title: "WeChat mini-program",
        channel: .miniProgram,
        address: "https://api.weixin.qq.com",
        fields: [
            .required("appId", "the mini-program's AppID, such as wx0123456789abcdef"),
            .secret("appSecret", "the mini-program's AppSecret"),
            .optional(
                "miniProgramState",
                "which version of the mini-program a message opens; formal without one",
                choices: ["formal", "trial", "developer"]
            ),
        ] + WeChatEvents.fields,
        austin: .miniProgram
    ) { MiniProgramSupplier($0, $1) }
}

/// Speaks WeChat's subscribe messages for one mini-program.
///
/// A call has one recipient, an openid, and uses up one of the consents that this user gave for the template. WeChat
/// does not know a repeated call from a new one. What became of a message comes as an event.
package struct MiniProgramSupplier: Supplier {
    package let account: AccountID
    package let shapes = [CallShape(recipients: 1, sameContent: true)]
    package let callLimits: [RateLimit]

    private let api: WeChatAPI
    private let events: WeChatEvents
    private let state: String

    /// Makes the adapter of one account.
    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        callLimits = account.callLimits([], countedBy: account["appId"])
        api = WeChatAPI(account, secret: account.secret("appSecret"), counting: .perMinute, tools)
        events = WeChatEvents(account)
        state = account["miniProgramState"]
    }

    package var tokenSource: (any TokenSource)? { api.tokens }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        let body: WireObject
        do { body = try self.body(call) } catch {
            return SupplierReply(all: error.verdict, count: call.recipients.count)
        }
        return SupplierReply(verdicts: [await api.send(body, to: "cgi-bin/message/subscribe/send")])
    }

    package func check() async throws(SupplierError) {
        _ = try await api.tokens.fetchToken(isAfterRejection: false)
    }

    package func open(_ callback: SupplierCallback) throws(SupplierError) -> CallbackContents {
        try events.open(callback) { $0["Event"].text == Self.receiptEvent }
    }

    package func readReceipts(_ raw: [UInt8]) throws(SupplierError) -> ReceiptPage {
        let event = try WeChatEvents.event(raw)
        guard event["Event"].text == Self.receiptEvent, let list = Self.list(event) else {
            throw .malformed("an event that is no receipt")
        }
        let at = event["CreateTime"].wholeNumber.flatMap { Moment(toldInSeconds: $0) }
        let receipts = list.compactMap { entry -> SupplierReceipt? in
            guard let at, let openID = event["FromUserName"].text, !openID.isEmpty,
                let message = entry["MsgID"].text, !message.isEmpty, let code = entry["ErrorCode"].wholeNumber
            else { return nil }
            return SupplierReceipt(
                recipient: openID,
                requestKey: nil,
                reference: message,
                delivered: code == 0,
                code: code == 0 ? "success" : String(code),
                at: at
            )
        }
        return ReceiptPage(receipts: receipts, raw: raw, malformed: list.count - receipts.count)
    }

    private static let receiptEvent = "subscribe_msg_sent_event"

    /// The entries of an event: in XML elements of one name, in JSON a list or a single object.
    private static func list(_ event: WireObject) -> [WireObject]? {
        guard let sent = event["SubscribeMsgSentEvent"].object else { return nil }
        return sent.members.filter { $0.key == "List" }
            .flatMap { $0.value.list ?? [$0.value] }
            .map { $0.object ?? WireObject() }
    }

    private func body(_ call: SupplierCall) throws(UnfitContent) -> WireObject {
        let content = try call.onlyContent(recipients: 1)
        var body: WireObject = [
            "touser": .text(call.recipients[0]), "template_id": .text(try content.text("templateId")),
        ]
        body.append(unlessEmpty: content["page"], "page")
        body.append("miniprogram_state", .text(state.isEmpty ? "formal" : state))
        body.append("lang", "zh_CN")
        body.append("data", .object(try content.templateData("miniProgramParam")))
        return body
    }
}
