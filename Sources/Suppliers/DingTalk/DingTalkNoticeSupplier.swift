package import Groundwork
package import PushEngine

extension SupplierKind {
    package static let dingTalkNotice = SupplierKind(rawValue: "dingtalk-notice")
}

extension SupplierForm {
    package static let dingTalkNotice = SupplierForm(
        .dingTalkNotice,
        title: "DingTalk work notice",
        channel: .dingTalkWorkNotice,
        address: "https://oapi.dingtalk.com",
        fields: [
            .required("appKey", "who calls"),
            .secret("appSecret", "what tokens are fetched with"),
            .required("agentId", "the application that notices come from, such as 123456789"),
        ],
        media: DingTalkMedia.rules,
        austin: .same
    ) { DingTalkNoticeSupplier($0, $1) }
}

/// Sends notices to the people of a company through one of its applications at DingTalk.
///
/// One call sends one notice to at most 100 users and brings a single verdict, so a refusal that is about one of them may
/// be resolved by splitting. What DingTalk takes need not
/// arrive: over its limits for a user it says that all is well, and only `results(_:)` tells otherwise.
package struct DingTalkNoticeSupplier: Supplier {
    package let account: AccountID
    package let shapes = [CallShape(recipients: Self.recipientLimit, sameContent: true)]
    package let callLimits: [RateLimit]
    package let recipientLimits: [RateLimit]

    private let credentials: SupplierAccount
    private let endpoint: SupplierEndpoint
    private let source: DingTalkTokenSource
    private let tools: SupplierTools

    private static let recipientLimit = 100

    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        credentials = account
        endpoint = SupplierEndpoint(account.url)
        source = DingTalkTokenSource(account, tools)
        // 5000 people a minute, and whoever is over it is left out without a word: as many calls as never hold more.
        callLimits = account.callLimits(
            [CallRate(5_000 / Self.recipientLimit, per: .seconds(60))],
            countedBy: account["appKey"] + "/" + account["agentId"]
        )
        // Of an internal application; over it the interface answers as if all were well.
        recipientLimits = account.recipientLimits(
            [CallRate(500, per: .seconds(86_400))],
            countedBy: account["appKey"] + "/" + account["agentId"]
        )
        self.tools = tools
    }

    package var tokenSource: (any TokenSource)? { source }

    package var mediaDoor: (any MediaDoor)? {
        DingTalkMediaDoor(
            endpoint: endpoint,
            calls: TokenedCalls(account: credentials, source: source, tools: tools)
        )
    }

    package func check() async throws(SupplierError) {
        _ = try await source.fetchToken(isAfterRejection: false)
    }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        let count = call.recipients.count
        guard !call.namesEverybody else { return .refusingEverybody(count) }
        let body: WireObject
        do throws(UnfitContent) {
            let content = try call.onlyContent(recipients: Self.recipientLimit)
            body = self.body(try DingTalkNoticeMessage.message(content), to: call.recipients)
        } catch {
            return SupplierReply(all: error.verdict, count: count)
        }
        let verdict = await post("asyncsend_v2", body)
            .verdict { response in
                guard let answer = DingTalkAnswer(response) else { return nil }
                if let refusal = answer.refusal { return .refused(refusal) }
                guard answer.isSuccess, let task = answer.members["task_id"].text, !task.isEmpty else {
                    return .ambiguous(detail: "accepted without a reference")
                }
                return .accepted(reference: task, charge: 0)
            }
        guard case .refused(let refusal) = verdict else { return SupplierReply(all: verdict, count: count) }
        let isAboutOne = refusal.isAboutOne
        return SupplierReply(all: verdict, count: count, mayBeSplit: isAboutOne && count > 1)
    }

    /// DingTalk drops the same notice to the same user until its day, China's, is over.
    package func repeatsAreDropped(ofCallAt moment: Moment) -> Moment? {
        let offset: Int64 = 8 * 3_600
        let day = (moment.secondsSinceEpoch + offset) / 86_400
        let midnight = Moment(secondsSinceEpoch: (day + 1) * 86_400 - offset)
        return min(moment + .seconds(1_800), midnight)
    }

    /// Of a call that was made again it is not known by which of the two the notice came.
    package let recallOffer: RecallOffer? = RecallOffer(
        window: DingTalkNoticeSupplier.memory,
        isOfWholeCalls: true,
        coversRepeats: false
    )

    package let resultsAreKnownFor: Duration? = DingTalkNoticeSupplier.memory

    /// For how long DingTalk knows a call.
    private static let memory = Duration.seconds(86_400)

    /// Takes a notice back from everybody who had it in the same call; DingTalk does so for a day.
    package func recall(reference: String, recipients: [String]) async throws(SupplierError) {
        _ = try await askOfTask("recall", ["agent_id": agent, "msg_task_id": Self.number(reference)])
    }

    /// Asks what became of the users of one call; DingTalk knows it for a day.
    package func results(_ question: ResultsQuestion) async throws(SupplierError) -> [SupplierReceipt] {
        let answer = try await askOfTask(
            "getsendresult",
            ["agent_id": agent, "task_id": Self.number(question.reference)]
        )
        guard let result = DingTalkSendResult(answer.members) else {
            throw .malformed("an answer without send_result")
        }
        return result.receipts(for: question)
    }

    /// Asks something about a call, which DingTalk may have forgotten.
    private func askOfTask(_ action: String, _ body: WireObject) async throws(SupplierError) -> DingTalkAnswer
    {
        do { return try await ask(action, body) } catch {
            if case .refused(let refusal) = error, refusal.code == Self.forgotten { throw .tooLate }
            throw error
        }
    }

    /// There is no such task, or not any more.
    private static let forgotten = "400002"

    private var agent: WireValue { Self.number(credentials["agentId"]) }

    /// Ids are numbers on the wire; what is none is sent as it is, and refused.
    private static func number(_ text: String) -> WireValue {
        Int64(text).map { .integer($0) } ?? .text(text)
    }

    private func body(_ message: WireObject, to recipients: [String]) -> WireObject {
        [
            "agent_id": agent, "userid_list": .text(recipients.joined(separator: ",")),
            "msg": .object(message),
        ]
    }

    private func ask(_ action: String, _ body: WireObject) async throws(SupplierError) -> DingTalkAnswer {
        let response = try await post(action, body).response()
        guard let answer = DingTalkAnswer(response) else {
            throw SupplierError(SupplierExchange.verdict(onUnreadable: response))
        }
        if let refusal = answer.refusal { throw .refused(refusal) }
        guard answer.isSuccess else { throw .unavailable(CodedAnswer.contradiction) }
        return answer
    }

    private func post(_ action: String, _ body: WireObject) async -> SupplierExchange {
        let url = endpoint.url + "topapi/message/corpconversation/" + action
        let bytes = WireValue.object(body).json
        let timeouts = tools.timeouts
        return await TokenedCalls(account: credentials, source: source, tools: tools)
            .make { token in
                let query = PercentEncoding.form([(name: "access_token", value: token.reveal())])
                return .json(bytes, to: "\(url)?\(query)", timeouts: timeouts)
            } isRejected: { response in
                DingTalkAnswer(response)?.isTokenRejected ?? false
            }
    }
}

/// Fetches the tokens of one application at DingTalk, which hands out the same one as long as it lasts.
struct DingTalkTokenSource: TokenSource {
    let owner: TokenOwner

    private let credentials: SupplierAccount
    private let tools: SupplierTools
    private let endpoint: SupplierEndpoint

    init(_ account: SupplierAccount, _ tools: SupplierTools) {
        credentials = account
        self.tools = tools
        endpoint = SupplierEndpoint(account.url)
        owner = TokenOwner(
            [account.kind.rawValue, endpoint.url, account["appKey"]],
            secret: account.secret("appSecret")
        )
    }

    func fetchToken(isAfterRejection: Bool) async throws(SupplierError) -> FetchedToken {
        let query = PercentEncoding.form([
            (name: "appkey", value: credentials["appKey"]),
            (name: "appsecret", value: credentials.secret("appSecret").reveal()),
        ])
        let request = HTTPRequest(
            method: "GET",
            url: "\(endpoint.url)gettoken?\(query)",
            timeouts: tools.timeouts
        )
        let response = try await SupplierExchange.make(request, over: tools.http).response()
        guard let answer = DingTalkAnswer(response) else {
            throw SupplierError(SupplierExchange.verdict(onUnreadable: response))
        }
        if let refusal = answer.tokenRefusal { throw .refused(refusal) }
        guard answer.isSuccess, let token = answer.members["access_token"].text, !token.isEmpty,
            let seconds = answer.members["expires_in"].wholeNumber, seconds > 0
        else { throw .unavailable("an answer without a token") }
        return FetchedToken(Secret(token), for: .seconds(seconds))
    }
}
