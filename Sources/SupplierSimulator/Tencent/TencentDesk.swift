import Groundwork
import Synchronization

/// The simulated Tencent Cloud SMS, API version 2021-01-11.
struct TencentDesk: CalledDesk {
    let supplier = SimulatedSupplier.tencent
    let simulation: Simulation
    let account: SimulatorCredentials.Account
    private let signatures: TencentSignatureCheck

    init(simulation: Simulation, account: SimulatorCredentials.Account) {
        self.simulation = simulation
        self.account = account
        signatures = TencentSignatureCheck(account: account)
    }

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        SimulatedReply(body: TencentWriter.error(refusal, requestID: simulation.requestID()))
    }

    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String {
        TencentWriter.serial(entry, at: ledger[entry].acceptedAt)
    }

    func post(of entries: [UInt32], to url: String, in ledger: SupplierLedger) -> HTTPRequest {
        .receipts(TencentWriter.post(entries.map { TencentWriter.ReceiptRow($0, in: ledger) }), to: url)
    }

    func isTaken(_ response: HTTPResponse) -> Bool { Self.saysZero(response, under: "result") }

    var postWaits: [Duration] { [.seconds(60), .seconds(60)] }

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        guard request.method == "POST" else {
            throw SimulatedRefusal("UnsupportedProtocol", "Only POST is supported.")
        }
        guard request.field("content-type")?.hasPrefix("application/json") == true else {
            throw SimulatedRefusal("UnsupportedProtocol", "The content type has to be application/json.")
        }
        let key = try signatures.verify(request, at: now)
        guard let action = request.field("x-tc-action") else {
            throw SimulatedRefusal(
                "MissingParameter",
                "The request is missing a required parameter `X-TC-Action`."
            )
        }
        guard request.field("x-tc-version") == "2021-01-11" else {
            throw SimulatedRefusal("NoSuchVersion", "There is no such version of the API.")
        }
        guard let region = request.field("x-tc-region"), Self.regions.contains(region) else {
            throw SimulatedRefusal("UnsupportedOperation.UnsuportedRegion", "The region is not supported.")
        }
        let (fits, isRevoked) = simulation.world.withLock { world in
            (
                world.admit(action, [CallRateLimit(Self.limit(action))], of: .tencent, at: now),
                world.revokedKeys.contains(key.accessKey)
            )
        }
        guard !isRevoked else {
            throw SimulatedRefusal("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
        }
        guard fits else {
            throw SimulatedRefusal("RequestLimitExceeded", "Too many requests in this second.")
        }
        switch action {
        case "SendSms": return try send(request.body, usedNextKey: key == account.nextKey, at: now)
        case "PullSmsSendStatus": return try pull(request.body, at: now)
        case "PullSmsReplyStatus": return try pullAnswers(request.body)
        case "PullSmsSendStatusByPhoneNumber": return try look(request.body, at: now)
        case "SendStatusStatistics": return try count(request.body, at: now)
        default: throw SimulatedRefusal("InvalidAction", "There is no such action.")
        }
    }

    /// How many calls of an action a second takes.
    private static func limit(_ action: String) -> Int {
        switch action {
        case "PullSmsSendStatus", "PullSmsReplyStatus": 100
        case "PullSmsSendStatusByPhoneNumber", "SendStatusStatistics": 20
        default: 3_000
        }
    }

    private static let regions: Set<String> = ["ap-guangzhou", "ap-beijing", "ap-nanjing"]

    private func send(
        _ body: [UInt8],
        usedNextKey: Bool,
        at now: Moment
    ) throws(SimulatedRefusal) -> SimulatedReply {
        let request = try Self.read { () throws(JSONError) in try TencentSendRequest(body) }
        let (course, refusal) = simulation.world.withLock { world in
            let course = world.course(of: request.recipients.lazy.compactMap(\.number), at: .tencent)
            return (course, Result { () throws(SimulatedRefusal) in try request.check(account) })
        }
        guard course.isTaken else {
            if course.ending == .throttled {
                throw SimulatedRefusal("RequestLimitExceeded", "The account's rate is exceeded.")
            }
            return SimulatedReply(SimulatedReply(body: []), course: course)
        }
        try refusal.get()
        let verdicts = simulation.world.withLock { world in
            Self.decide(request, account: account, usedNextKey: usedNextKey, at: now, in: &world)
        }
        let answer = TencentWriter.sent(request, verdicts, at: now, requestID: simulation.requestID())
        simulation.ringForPosts()
        return SimulatedReply(SimulatedReply(body: answer), course: course)
    }

    /// Accepts or refuses each number of a request that is taken as a whole.
    private static func decide(
        _ request: TencentSendRequest,
        account: SimulatorCredentials.Account,
        usedNextKey: Bool,
        at now: Moment,
        in world: inout World
    ) -> [TencentWriter.Verdict] {
        let contentFault = request.contentFault(account)
        var verdicts: [TencentWriter.Verdict] = []
        var accepted: [World.Message] = []
        verdicts.reserveCapacity(request.recipients.count)
        accepted.reserveCapacity(request.recipients.count)
        let first = UInt32(world.ledger.count)
        for recipient in request.recipients {
            let script = recipient.number.flatMap { world.script(of: $0) }
            let fault: String? =
                if let contentFault {
                    contentFault
                } else if recipient.number == nil {
                    "InvalidParameterValue.IncorrectPhoneNumber"
                } else if script == .badRecipient {
                    "FailedOperation.PhoneNumberInBlacklist"
                } else if script == .throttled {
                    "LimitExceeded.PhoneNumberDailyLimit"
                } else {
                    nil
                }
            if let fault {
                world.refuse(fault, of: .tencent)
                verdicts.append(.refused(fault))
            } else {
                verdicts.append(.accepted(entry: first + UInt32(accepted.count)))
                accepted.append(
                    World.Message(recipient: recipient.number ?? 0, contentHash: request.contentHash.value)
                )
            }
        }
        if !accepted.isEmpty {
            _ = world.accept(
                accepted,
                by: .tencent,
                usedNextKey: usedNextKey,
                key: request.context,
                fee: request.fee,
                at: now
            )
        }
        return verdicts
    }

    private func pull(_ body: [UInt8], at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        let request = try Self.read { () throws(JSONError) in try TencentQuery(body) }
        try request.check(account)
        let rows = simulation.world.withLock { world in
            guard world.callbacks[.tencent] == nil else { return [TencentWriter.ReceiptRow]() }
            let due = world.receipts[.tencent].takeDue(at: now.millisecondsSinceEpoch, limit: request.limit)
            world.tally[.tencent].receiptsSent += due.count
            return due.map { TencentWriter.ReceiptRow($0, in: world.ledger) }
        }
        return SimulatedReply(body: TencentWriter.pulled(rows, requestID: simulation.requestID()))
    }

    private func pullAnswers(_ body: [UInt8]) throws(SimulatedRefusal) -> SimulatedReply {
        let request = try Self.read { () throws(JSONError) in try TencentQuery(body) }
        try request.check(account)
        let answers = simulation.world.withLock { $0.takeAnswers(of: .tencent, limit: request.limit) }
        let requestID = simulation.requestID()
        return SimulatedReply(body: Self.pulled(answers, under: account.signName, requestID: requestID))
    }

    private func look(_ body: [UInt8], at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        let request = try Self.read { () throws(JSONError) in try TencentQuery(body) }
        try request.check(account)
        guard let recipient = request.recipient, let start = request.start else {
            throw SimulatedRefusal("MissingParameter", "PhoneNumber and SendDateTime are needed.")
        }
        let earliest = max(start, now.secondsSinceEpoch - Self.memory)
        let rows = simulation.world.withLock { world in
            world.ledger.entries(of: recipient)
                .filter { number in
                    let entry = world.ledger[number]
                    let sentAt = entry.acceptedAt / 1_000
                    return world.ledger.call(of: entry).supplier == .tencent && sentAt >= earliest
                        && sentAt <= request.end ?? .max
                        && entry.acceptedAt + Int64(entry.receiptAfter) <= now.millisecondsSinceEpoch
                }
                .dropFirst(request.offset).prefix(request.limit)
                .map { TencentWriter.ReceiptRow($0, in: world.ledger) }
        }
        return SimulatedReply(body: TencentWriter.pulled(rows, requestID: simulation.requestID()))
    }

    /// How far back questions about a number reach, in seconds.
    private static let memory: Int64 = 7 * 86_400

    static func read<Body>(_ body: () throws(JSONError) -> Body) throws(SimulatedRefusal) -> Body {
        do throws(JSONError) {
            return try body()
        } catch {
            throw SimulatedRefusal(
                "FailedOperation.JsonParseFail",
                "The request body cannot be read: \(error)."
            )
        }
    }
}

/// The body of Tencent's two questions for receipts.
struct TencentQuery {
    private(set) var appID = ""
    private(set) var limit = 0
    private(set) var offset = 0
    private(set) var recipient: UInt64?
    /// Seconds since the epoch.
    private(set) var start: Int64?
    private(set) var end: Int64?

    init(_ body: [UInt8]) throws(JSONError) {
        var scanner = JSONScanner(body)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "SmsSdkAppId": appID = try scanner.string()
            case "Limit": limit = Int(clamping: try scanner.integer())
            case "Offset": offset = max(0, Int(clamping: try scanner.integer()))
            case "PhoneNumber": recipient = PhoneDigits.e164(scanner.utf8(of: try scanner.text()))
            case "SendDateTime": start = try scanner.integer()
            case "EndDateTime": end = try scanner.integer()
            default: try scanner.skip()
            }
        }
        try scanner.finish()
    }

    func check(_ account: SimulatorCredentials.Account) throws(SimulatedRefusal) {
        guard appID == account.appID else {
            throw SimulatedRefusal(
                "UnauthorizedOperation.SmsSdkAppIdVerifyFail",
                "The SmsSdkAppId is not yours."
            )
        }
        guard (1...100).contains(limit) else {
            throw SimulatedRefusal("FailedOperation.ParametersOtherError", "Limit is from 1 to 100.")
        }
    }
}
