import Crypto
import Groundwork
package import PushEngine

extension SupplierKind {
    package static let huawei = SupplierKind(rawValue: "huawei")
}

extension SupplierForm {
    package static let huawei = SupplierForm(
        .huawei,
        title: "Huawei Push Kit",
        channel: .push,
        address: HuaweiSupplier.address,
        fields: [
            .required("appId", "the application"),
            .secret("appSecret", "what proves that we speak for it"),
            .secret(
                "callbackKey",
                "what receipts are signed with; none are taken without one",
                isRequired: false
            ),
            .optional("callbackUser", "the user name given for the receipts, which is signed with them"),
        ]
    ) { HuaweiSupplier($0, $1) }
}

/// Speaks Huawei Push Kit, API version 1.
///
/// One call reaches up to 1000 devices with one content and tells which of them do not exist. Its key travels as
/// `bi_tag`, which receipts bring back.
package struct HuaweiSupplier: Supplier {
    static let address = "https://push-api.cloud.huawei.com"

    package let account: AccountID
    package let shapes = [CallShape(recipients: 1_000, sameContent: true)]
    package let callLimits: [RateLimit]
    package let givesReceipts: Bool

    private let credentials: SupplierAccount
    private let url: String
    private let source: HuaweiTokenSource
    private let calls: TokenedCalls
    private let tools: SupplierTools

    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        credentials = account
        let application = PercentEncoding.encoded(account["appId"])
        url = SupplierEndpoint(account.url).url + "v1/\(application)/messages:send"
        givesReceipts = !account.secret("callbackKey").isEmpty
        // Huawei publishes no rate, and answers with 503 beyond it.
        callLimits = account.callLimits([], countedBy: account["appId"])
        source = HuaweiTokenSource(account, tools)
        calls = TokenedCalls(account: account, source: source, tools: tools)
        self.tools = tools
    }

    package var tokenSource: (any TokenSource)? { source }

    package func check() async throws(SupplierError) {
        _ = try await source.fetchToken(isAfterRejection: false)
    }

    /// All, or some, of a call's tokens are dead.
    package func isLasting(_ refusal: Refusal) -> Bool {
        [HuaweiReply.partialSuccess, "80300007"].contains(refusal.code)
    }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        let count = call.recipients.count
        guard call.contents.count == 1, (1...1_000).contains(count) else {
            return .refused(call, "call_shape")
        }
        guard let content = PushContent(call.contents[0]) else { return .refused(call, "content") }
        var message = Self.message(content, key: call.requestKey)
        guard message.size <= Self.payloadLimit else { return .refused(call, "payload_too_large") }
        message.append("token", .list(call.recipients.map { .text($0) }))
        let body = WireValue.object(["validate_only": false, "message": .object(message)]).json
        let exchange = await calls.make { token in
            HTTPRequest(
                url: url,
                headers: [
                    ("Content-Type", "application/json; charset=utf-8"),
                    ("Authorization", "Bearer \(token.reveal())"),
                ],
                body: body,
                timeouts: tools.timeouts
            )
        } isRejected: {
            HuaweiReply.isRejection($0)
        }
        switch exchange {
        // What others say when they are down, Huawei says when it is asked too much.
        case .ended(.refused(let refusal)) where refusal.code == "http.503":
            let throttled = Refusal(.throttled, code: refusal.code, wait: refusal.wait)
            return SupplierReply(all: .refused(throttled), count: count)
        case .ended(let verdict): return SupplierReply(all: verdict, count: count)
        case .answered(let response): return HuaweiReply.verdicts(on: call, in: response)
        }
    }

    package func open(_ callback: SupplierCallback) throws(SupplierError) -> CallbackContents {
        guard HuaweiReceipts.isGenuine(callback, for: credentials) else { throw .notGenuine }
        return .receipts(callback.body, answer: CallbackAnswer(json: ["code": "0", "message": "success"]))
    }

    package func readReceipts(_ raw: [UInt8]) throws(SupplierError) -> ReceiptPage {
        try HuaweiReceipts.read(raw)
    }

    private static let payloadLimit = 4_096

    private static func message(_ content: PushContent, key: String) -> WireObject {
        var message = WireObject()
        if !content.payload.members.isEmpty {
            let data = WireValue.object(content.payload).json
            message.append("data", .text(String(decoding: data, as: UTF8.self)))
        }
        // 2 opens an address, 3 the application.
        let click: WireObject =
            content.url.isEmpty ? ["type": 3] : ["type": 2, "url": .text(content.url)]
        var notification = content.alert
        notification.append("click_action", .object(click))
        notification.append("notify_id", .integer(notificationID(of: key)))
        message.append(
            "android",
            .object([
                "ttl": .text("\(PushContent.lifetime.components.seconds)s"), "bi_tag": .text(key),
                "notification": .object(notification),
            ])
        )
        return message
    }

    /// A number by which a device tells that it shows something already: the same for the same key.
    private static func notificationID(of key: String) -> Int64 {
        SHA256.hash(data: Array(key.utf8)).prefix(4).reduce(0) { $0 << 8 | Int64($1) } & 0x7FFF_FFFF
    }
}

/// Fetches Huawei's tokens.
struct HuaweiTokenSource: TokenSource {
    let owner: TokenOwner
    private let tokenURL: String
    private let appID: String
    private let appSecret: Secret
    private let tools: SupplierTools

    init(_ account: SupplierAccount, _ tools: SupplierTools) {
        tokenURL = account.tokenAddress(
            "https://oauth-login.cloud.huawei.com/oauth2/v3/token",
            besides: HuaweiSupplier.address,
            orBelow: "oauth2/v3/token"
        )
        appID = account["appId"]
        appSecret = account.secret("appSecret")
        owner = TokenOwner([account.kind.rawValue, tokenURL, appID], secret: appSecret)
        self.tools = tools
    }

    func fetchToken(isAfterRejection: Bool) async throws(SupplierError) -> FetchedToken {
        try await OAuthTokens.fetch(
            from: tokenURL,
            [
                ("grant_type", "client_credentials"), ("client_id", appID),
                ("client_secret", appSecret.reveal()),
            ],
            tools
        )
    }
}
