import Groundwork
package import PushEngine

extension SupplierKind {
    package static let getui = SupplierKind(rawValue: "getui")
}

extension SupplierForm {
    package static let getui = SupplierForm(
        .getui,
        title: "GeTui",
        channel: .push,
        address: "https://restapi.getui.com/v2",
        fields: [
            .required("appId", "the application"),
            .required("appKey", "who signs"),
            .secret("masterSecret", "what signs"),
        ],
        austin: .same
    ) { GeTuiSupplier($0, $1) }
}

/// Speaks GeTui, REST API version 2.
///
/// One call reaches one device. Its key travels as `request_id`, which GeTui takes once. It tells in the answer whether
/// the device was online; receipts are for its largest customers alone, and none are read here.
package struct GeTuiSupplier: Supplier {
    package let account: AccountID
    package let shapes = [CallShape(recipients: 1, sameContent: true)]
    package let callLimits: [RateLimit]
    package let givesReceipts = false
    /// GeTui drops a call that comes again without saying for how long; as long as this nobody doubts it.
    package let repeatsAreDroppedFor: Duration? = .seconds(600)

    private let url: String
    private let source: GeTuiTokenSource
    private let calls: TokenedCalls
    private let tools: SupplierTools

    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        url = Self.address(of: account)
        // Agreed with each customer.
        callLimits = account.callLimits([], countedBy: account["appKey"])
        source = GeTuiTokenSource(account, tools)
        calls = TokenedCalls(account: account, source: source, tools: tools)
        self.tools = tools
    }

    package var tokenSource: (any TokenSource)? { source }

    package func check() async throws(SupplierError) {
        _ = try await source.fetchToken(isAfterRejection: false)
    }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        guard call.contents.count == 1, let device = call.recipients.first, call.recipients.count == 1 else {
            return .refused(call, "call_shape")
        }
        guard let content = PushContent(call.contents[0]) else { return .refused(call, "content") }
        let push: WireObject = [
            "request_id": .text(Self.requestID(call.requestKey)),
            "settings": .object([
                "ttl": .integer(PushContent.lifetime.wholeMilliseconds),
                "strategy": .object(["default": 1]),
            ]),
            "audience": .object(["cid": .list([.text(device)])]),
            "push_message": .object(["notification": .object(Self.notification(content))]),
            "push_channel": .object(Self.channels(content)),
        ]
        switch await post("push/single/cid", push) {
        case .ended(let verdict): return SupplierReply(verdicts: [verdict])
        case .answered(let response):
            return SupplierReply(verdicts: [GeTuiReply.verdict(on: device, in: response)])
        }
    }

    /// Messages live for as long as this, on their way or on a screen; who repeats a call hears of the first.
    package let recallOffer: RecallOffer? = RecallOffer(
        window: .seconds(86_400),
        isOfWholeCalls: false,
        coversRepeats: true
    )

    /// Stops what is on its way, and takes off the devices what they show already.
    package func recall(reference: String, recipients: [String]) async throws(SupplierError) {
        // One that is not on its way any more cannot be stopped, which is no reason not to take it off.
        let stop = await make("task/\(PercentEncoding.encoded(reference))", method: "DELETE", body: [])
        if case .ended(let verdict) = stop { throw SupplierError(verdict) }
        for device in recipients {
            let revoke: WireObject = ["old_task_id": .text(reference), "force": false]
            let push: WireObject = [
                "request_id": .text(Self.requestID("recall/\(reference)/\(device)")),
                "audience": .object(["cid": .list([.text(device)])]),
                "push_message": .object(["revoke": .object(revoke)]),
                "push_channel": .object([
                    "android": .object([
                        "ups": .object(["revoke": .object(["old_task_id": .text(reference)])])
                    ])
                ]),
            ]
            switch await post("push/single/cid", push) {
            case .ended(let verdict): throw SupplierError(verdict)
            case .answered(let response):
                // Whatever it says of the device, the message is taken off or never was there.
                _ = try GeTuiReply.data(in: response)
            }
        }
    }

    static func address(of account: SupplierAccount) -> String {
        SupplierEndpoint(account.url).url + PercentEncoding.encoded(account["appId"]) + "/"
    }

    /// A key in the 10 to 32 characters that GeTui takes.
    static func requestID(_ key: String) -> String {
        switch key.utf8.count {
        case 0..<10: key + String(repeating: "-", count: 10 - key.utf8.count)
        case 10...32: key
        default: String(RequestSigning.sha256Hex(key.utf8).prefix(32))
        }
    }

    private static func notification(_ content: PushContent) -> WireObject {
        var notification = content.alert
        if !content.url.isEmpty {
            notification.append("click_type", "url")
            notification.append("url", .text(content.url))
        } else if !content.data.isEmpty {
            notification.append("click_type", "payload")
            notification.append("payload", .text(Self.json(content.payload)))
        } else {
            notification.append("click_type", "startapp")
        }
        return notification
    }

    /// The ways to devices on which GeTui itself does not run at the moment.
    private static func channels(_ content: PushContent) -> WireObject {
        [
            "android": .object(["ups": .object(["notification": .object(notification(content))])]),
            "ios": .object([
                "type": "notify", "payload": .text(json(content.payload)),
                "aps": .object(["alert": .object(content.alert), "content-available": 0, "sound": "default"]),
                "auto_badge": "+1",
            ]),
        ]
    }

    private static func json(_ object: WireObject) -> String {
        String(decoding: WireValue.object(object).json, as: UTF8.self)
    }

    private func post(_ path: String, _ body: WireObject) async -> SupplierExchange {
        await make(path, method: "POST", body: WireValue.object(body).json)
    }

    private func make(_ path: String, method: String, body: [UInt8]) async -> SupplierExchange {
        await calls.make { token in
            HTTPRequest(
                method: method,
                url: url + path,
                headers: [
                    ("Content-Type", "application/json;charset=utf-8"), ("token", token.reveal()),
                ],
                body: body,
                timeouts: tools.timeouts
            )
        } isRejected: {
            GeTuiReply.isRejection($0)
        }
    }
}

/// Fetches GeTui's tokens; a new one leaves those before it good.
struct GeTuiTokenSource: TokenSource {
    let owner: TokenOwner
    private let url: String
    private let appKey: String
    private let masterSecret: Secret
    private let tools: SupplierTools

    init(_ account: SupplierAccount, _ tools: SupplierTools) {
        url = GeTuiSupplier.address(of: account) + "auth"
        appKey = account["appKey"]
        masterSecret = account.secret("masterSecret")
        owner = TokenOwner([account.kind.rawValue, url, appKey], secret: masterSecret)
        self.tools = tools
    }

    func fetchToken(isAfterRejection: Bool) async throws(SupplierError) -> FetchedToken {
        let now = tools.clock.now
        let timestamp = String(now.millisecondsSinceEpoch)
        let body: WireObject = [
            "sign": .text(Self.signature(appKey: appKey, timestamp: timestamp, masterSecret: masterSecret)),
            "timestamp": .text(timestamp), "appkey": .text(appKey),
        ]
        let request = HTTPRequest(
            url: url,
            headers: [("Content-Type", "application/json;charset=utf-8")],
            body: WireValue.object(body).json,
            timeouts: tools.timeouts
        )
        switch await SupplierExchange.make(request, over: tools.http) {
        case .ended(let verdict): throw SupplierError(verdict)
        case .answered(let response):
            let data = try GeTuiReply.data(in: response)
            guard let token = data["token"].text,
                let end = data["expire_time"].wholeNumber.flatMap({ Moment(toldInMilliseconds: $0) })
            else {
                throw .malformed("an answer without a token")
            }
            return FetchedToken(Secret(token), for: end - now)
        }
    }

    static func signature(appKey: String, timestamp: String, masterSecret: Secret) -> String {
        RequestSigning.sha256Hex((appKey + timestamp + masterSecret.reveal()).utf8)
    }
}
