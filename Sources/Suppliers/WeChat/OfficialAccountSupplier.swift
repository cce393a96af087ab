import Groundwork
package import PushEngine

extension SupplierKind {
    package static let weChatOfficialAccount = SupplierKind(rawValue: "wechat-oa")
}

extension SupplierForm {
    package static let weChatOfficialAccount = SupplierForm(
        .weChatOfficialAccount,
        title: "WeChat official account",
        channel: .officialAccount,
        address: "https://api.weixin.qq.com",
        fields: [
            .required("appId", "the account's AppID, such as wx0123456789abcdef"),
            .secret("secret", "the account's AppSecret"),
        ] + WeChatEvents.fields,
        austin: .same
    ) { OfficialAccountSupplier($0, $1) }
}

/// Speaks WeChat's template messages for one official account.
///
/// A call has one recipient, an openid; its key travels as `client_msg_id`, under which WeChat sends one message to
/// one openid within 10 minutes. What became of a message comes as an event.
package struct OfficialAccountSupplier: Supplier {
    package let account: AccountID
    package let shapes = [CallShape(recipients: 1, sameContent: true)]
    package let callLimits: [RateLimit]

    private let api: WeChatAPI
    private let events: WeChatEvents

    /// Makes the adapter of one account.
    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        // It counts by days; how many of them an account has depends on its followers.
        callLimits = account.callLimits([], countedBy: account["appId"])
        api = WeChatAPI(account, secret: account.secret("secret"), counting: .daily, tools)
        events = WeChatEvents(account)
    }

    package var tokenSource: (any TokenSource)? { api.tokens }

    package var repeatsAreDroppedFor: Duration? { .seconds(600) }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        let body: WireObject
        do { body = try Self.body(call) } catch {
            return SupplierReply(all: error.verdict, count: call.recipients.count)
        }
        return SupplierReply(verdicts: [await api.send(body, to: "cgi-bin/message/template/send")])
    }

    package func check() async throws(SupplierError) {
        _ = try await api.tokens.fetchToken(isAfterRejection: false)
    }

    package func isLasting(_ refusal: Refusal) -> Bool { WeChatCodes.lasting.contains(refusal.code) }

    package func open(_ callback: SupplierCallback) throws(SupplierError) -> CallbackContents {
        try events.open(callback) {
            $0["Event"].text == Self.receiptEvent || WeChatEvents.word(in: $0) != nil
        }
    }

    package func readReceipts(_ raw: [UInt8]) throws(SupplierError) -> ReceiptPage {
        let event = try WeChatEvents.event(raw)
        if let word = WeChatEvents.word(in: event) {
            return ReceiptPage(receipts: [], raw: raw, words: [word])
        }
        guard event["Event"].text == Self.receiptEvent else {
            throw .malformed("an event that is no receipt")
        }
        guard let openID = event["FromUserName"].text, !openID.isEmpty,
            let message = event["MsgID"].text, !message.isEmpty, let status = event["Status"].text,
            let at = event["CreateTime"].wholeNumber.flatMap({ Moment(toldInSeconds: $0) })
        else { return ReceiptPage(receipts: [], raw: raw, malformed: 1) }
        let receipt = SupplierReceipt(
            recipient: openID,
            requestKey: nil,
            reference: message,
            delivered: status == "success",
            // Some failures are written with a blank after the colon, some without.
            code: status.replacing(": ", with: ":"),
            at: at
        )
        return ReceiptPage(receipts: [receipt], raw: raw)
    }

    private static let receiptEvent = "TEMPLATESENDJOBFINISH"

    private static func body(_ call: SupplierCall) throws(UnfitContent) -> WireObject {
        let content = try call.onlyContent(recipients: 1)
        var body: WireObject = [
            "touser": .text(call.recipients[0]), "template_id": .text(try content.text("templateId")),
        ]
        body.append(unlessEmpty: content["url"], "url")
        // An object without an application is refused, so there is none when none is wanted.
        if !content["miniProgramId"].isEmpty {
            var program: WireObject = ["appid": .text(content["miniProgramId"])]
            program.append(unlessEmpty: content["path"], "pagepath")
            body.append("miniprogram", .object(program))
        }
        body.append("client_msg_id", .text(call.requestKey))
        body.append("data", .object(try content.templateData("officialAccountParam")))
        return body
    }
}

extension RenderedContent {
    /// The values of a template's variables as WeChat wants them, each in an object of its own.
    ///
    /// - Parameter name: the field that holds them; a value that is an object already stays as it is.
    /// - Returns: the values.
    /// - Throws: `UnfitContent` when there are none.
    func templateData(_ name: String) throws(UnfitContent) -> WireObject {
        let values = try object(name)
        guard !values.members.isEmpty else { throw UnfitContent("\(name)_missing") }
        var data = WireObject()
        for member in values.members {
            let isWhole = member.value.object != nil
            data.append(
                member.key,
                isWhole ? member.value : .object(["value": .text(member.value.text ?? "")])
            )
        }
        return data
    }
}
