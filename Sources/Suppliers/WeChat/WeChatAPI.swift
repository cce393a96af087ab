import Groundwork
import PushEngine

/// Speaks to WeChat for one application, an official account or a mini-program.
struct WeChatAPI: Sendable {
    let tokens: WeChatTokenSource
    private let endpoint: SupplierEndpoint
    private let calls: TokenedCalls
    private let quota: WeChatCodes.Quota
    private let tools: SupplierTools

    /// Makes what speaks for an application.
    ///
    /// - Parameters:
    ///   - account: the account.
    ///   - secret: its application's secret.
    ///   - quota: how its calls are counted.
    ///   - tools: what it works with.
    init(
        _ account: SupplierAccount,
        secret: Secret,
        counting quota: WeChatCodes.Quota,
        _ tools: SupplierTools
    ) {
        endpoint = SupplierEndpoint(account.url)
        tokens = WeChatTokenSource(endpoint, appID: account["appId"], secret: secret, quota: quota, tools)
        calls = TokenedCalls(account: account, source: tokens, tools: tools)
        self.quota = quota
        self.tools = tools
    }

    /// Sends one message to its one recipient.
    ///
    /// - Parameters:
    ///   - body: the message.
    ///   - path: where to.
    /// - Returns: what WeChat says of it.
    func send(_ body: WireObject, to path: String) async -> SupplierVerdict {
        let exchange = await calls.make { token in
            .json(
                body,
                to: "\(endpoint.url)\(path)?access_token=\(PercentEncoding.encoded(token.reveal()))",
                timeouts: tools.timeouts
            )
        } isRejected: { response in
            CodedAnswer(response).map { WeChatCodes.rejectedToken.contains($0.code) } ?? false
        }
        return exchange.verdict { CodedAnswer($0).map(verdict) }
    }

    private func verdict(_ answer: CodedAnswer) -> SupplierVerdict {
        // Not every answer names its message; then its receipt cannot be told either.
        let reference = answer.members["msgid"].text ?? ""
        switch answer.code {
        case WeChatCodes.duplicate: return .accepted(reference: reference, charge: 0)
        case WeChatCodes.repeatedTooSoon: return .ambiguous(detail: "the same message came a moment before")
        default: return answer.verdict(accepted: reference, refusal: refusal)
        }
    }

    private func refusal(_ answer: CodedAnswer) -> Refusal {
        WeChatCodes.refusal(answer, quota, at: tools.clock.now)
    }
}

/// Fetches the access tokens of one application.
///
/// They are stable ones: whoever asks gets the same token until shortly before its end, so that several who ask do
/// not take it away from each other. After a rejection another is forced.
struct WeChatTokenSource: TokenSource {
    let owner: TokenOwner
    private let url: String
    private let appID: String
    private let quota: WeChatCodes.Quota
    private let tools: SupplierTools

    init(
        _ endpoint: SupplierEndpoint,
        appID: String,
        secret: Secret,
        quota: WeChatCodes.Quota,
        _ tools: SupplierTools
    ) {
        owner = TokenOwner(["wechat", endpoint.url, appID], secret: secret)
        url = endpoint.url + "cgi-bin/stable_token"
        self.appID = appID
        self.quota = quota
        self.tools = tools
    }

    func fetchToken(isAfterRejection: Bool) async throws(SupplierError) -> FetchedToken {
        let body: WireObject = [
            "grant_type": "client_credential", "appid": .text(appID),
            "secret": .text(owner.secret.reveal()), "force_refresh": .bool(isAfterRejection),
        ]
        let request = HTTPRequest.json(body, to: url, timeouts: tools.timeouts)
        let exchange = await SupplierExchange.make(request, over: tools.http)
        return try exchange.token { WeChatCodes.refusal($0, quota, at: tools.clock.now) }
    }
}
