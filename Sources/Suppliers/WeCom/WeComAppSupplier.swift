import Groundwork
package import PushEngine

extension SupplierKind {
    package static let weComApp = SupplierKind(rawValue: "wecom-app")
}

extension SupplierForm {
    package static let weComApp = SupplierForm(
        .weComApp,
        title: "WeCom application",
        channel: .weComApp,
        address: "https://qyapi.weixin.qq.com",
        fields: [
            .required("corpId", "the organisation, such as ww0123456789abcdef"),
            .secret("corpSecret", "the application's secret"),
            .required("agentId", "the application's number, such as 1000002"),
        ],
        media: WeComMedia.ofApplications,
        austin: .weComApp
    ) { WeComAppSupplier($0, $1) }
}

/// Speaks WeCom's application messages.
///
/// A call of one content takes 1000 members and names those that are none. WeCom drops the same content to the same
/// members for half an hour, so a call without an answer may be made again. It does not tell what became of a message,
/// and takes one back within a day.
package struct WeComAppSupplier: Supplier {
    package let account: AccountID
    package let shapes = [CallShape(recipients: Self.recipientLimit, sameContent: true)]
    package let callLimits: [RateLimit]
    package let recipientLimits: [RateLimit]
    package let givesReceipts = false

    private static let recipientLimit = 1_000

    private let endpoint: SupplierEndpoint
    private let agentID: WireValue
    private let tokens: WeComTokenSource
    private let calls: TokenedCalls
    private let tools: SupplierTools

    /// Makes the adapter of one account.
    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        endpoint = SupplierEndpoint(account.url)
        let agent = account["agentId"]
        agentID = Int64(agent).map { .integer($0) } ?? .text(agent)
        tokens = WeComTokenSource(
            endpoint,
            corpID: account["corpId"],
            secret: account.secret("corpSecret"),
            tools
        )
        calls = TokenedCalls(account: account, source: tokens, tools: tools)
        // developer.work.weixin.qq.com, path 96212: by organisation.
        callLimits = account.callLimits(
            [CallRate(10_000, per: .seconds(60)), CallRate(150_000, per: .seconds(3_600))],
            countedBy: account["corpId"]
        )
        // The same page: what is over it is dropped without a word.
        recipientLimits = account.recipientLimits(
            [CallRate(30, per: .seconds(60)), CallRate(1_000, per: .seconds(3_600))],
            countedBy: account["corpId"] + "/" + account["agentId"]
        )
        self.tools = tools
    }

    package var tokenSource: (any TokenSource)? { tokens }

    package var mediaDoor: (any MediaDoor)? { WeComMediaDoor(endpoint: endpoint, calls: calls) }

    package var repeatsAreDroppedFor: Duration? { .seconds(Self.duplicateInterval) }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        let count = call.recipients.count
        guard !call.namesEverybody else { return .refusingEverybody(count) }
        let message: WeComMessage
        do throws(UnfitContent) {
            message = try WeComMessage(try call.onlyContent(recipients: Self.recipientLimit))
        } catch {
            return SupplierReply(all: error.verdict, count: count)
        }
        switch await post(body(message, to: call.recipients), to: "cgi-bin/message/send") {
        case .ended(let verdict): return SupplierReply(all: verdict, count: count)
        case .answered(let response):
            guard let answer = CodedAnswer(response) else {
                return SupplierReply(all: SupplierExchange.verdict(onUnreadable: response), count: count)
            }
            return Self.verdicts(answer, on: call.recipients)
        }
    }

    package func check() async throws(SupplierError) {
        _ = try await tokens.fetchToken(isAfterRejection: false)
    }

    /// What it calls a message by that it dropped as a repeat, nobody says.
    package let recallOffer: RecallOffer? = RecallOffer(
        window: .seconds(86_400),
        isOfWholeCalls: true,
        coversRepeats: false
    )

    /// Takes back the message of a whole call, within 24 hours.
    package func recall(reference: String, recipients: [String]) async throws(SupplierError) {
        let exchange = await post(["msgid": .text(reference)], to: "cgi-bin/message/recall")
        do { _ = try exchange.success(refusal: WeComCodes.refusal) } catch {
            // It knows the message no more; what else could be wrong with a reference that it gave?
            if case .refused(let refusal) = error, refusal.code == WeComCodes.badParameter { throw .tooLate }
            throw error
        }
    }

    /// In seconds, and no longer than we take the same text for a repeat: what comes later is meant, and WeCom would
    /// drop it and say that it was sent.
    private static let duplicateInterval: Int64 = 300

    private func body(_ message: WeComMessage, to members: [String]) -> WireObject {
        var body: WireObject = [
            "touser": .text(members.joined(separator: "|")), "msgtype": .text(message.type),
            "agentid": agentID,
        ]
        body.append(message.type, .object(message.body))
        body.append("enable_duplicate_check", 1)
        body.append("duplicate_check_interval", .integer(Self.duplicateInterval))
        return body
    }

    private func post(_ body: WireObject, to path: String) async -> SupplierExchange {
        await calls.make { token in
            .json(
                body,
                to: "\(endpoint.url)\(path)?access_token=\(PercentEncoding.encoded(token.reveal()))",
                timeouts: tools.timeouts
            )
        } isRejected: { response in
            CodedAnswer(response).map { WeComCodes.rejectedToken.contains($0.code) } ?? false
        }
    }

    /// The verdict on each member: a success names those that it does not hold for.
    private static func verdicts(_ answer: CodedAnswer, on members: [String]) -> SupplierReply {
        let all = answer.verdict(
            accepted: answer.members["msgid"].text ?? "",
            refusal: WeComCodes.refusal
        )
        guard answer.isSuccess else {
            let isAboutSome =
                WeComCodes.fault(of: answer.code) == .badRecipient && answer.code != WeComCodes.allInvalid
            return SupplierReply(
                all: all,
                count: members.count,
                mayBeSplit: isAboutSome && members.count > 1
            )
        }
        let invalid = Self.members(answer.members["invaliduser"])
        let unlicensed = Self.members(answer.members["unlicenseduser"])
        return SupplierReply(
            verdicts: members.map { member in
                // WeCom tells no case apart, and answers in small letters.
                let name = member.lowercased()
                if invalid.contains(name) { return .refused(Refusal(.badRecipient, code: "invaliduser")) }
                if unlicensed.contains(name) {
                    return .refused(Refusal(.badRecipient, code: "unlicenseduser"))
                }
                return all
            }
        )
    }

    private static func members(_ value: WireValue) -> Set<String> {
        Set((value.text ?? "").lowercased().split(separator: "|").map(String.init))
    }
}

/// Fetches the access tokens of one application; who asks again gets the same until it ends.
struct WeComTokenSource: TokenSource {
    let owner: TokenOwner
    private let url: String
    private let corpID: String
    private let tools: SupplierTools

    init(_ endpoint: SupplierEndpoint, corpID: String, secret: Secret, _ tools: SupplierTools) {
        owner = TokenOwner(["wecom", endpoint.url, corpID], secret: secret)
        url = endpoint.url + "cgi-bin/gettoken"
        self.corpID = corpID
        self.tools = tools
    }

    func fetchToken(isAfterRejection: Bool) async throws(SupplierError) -> FetchedToken {
        let query = PercentEncoding.form([("corpid", corpID), ("corpsecret", owner.secret.reveal())])
        let request = HTTPRequest(method: "GET", url: "\(url)?\(query)", timeouts: tools.timeouts)
        let exchange = await SupplierExchange.make(request, over: tools.http)
        return try exchange.token(refusal: WeComCodes.refusal)
    }
}
