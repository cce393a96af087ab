import Groundwork
import Synchronization

/// The simulated Aliyun SMS (Dysms), API version 2017-05-25.
struct AliyunDesk: SupplierDesk {
    let supplier = SimulatedSupplier.aliyun
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    /// Does what the request asks for; refusals are answers too.
    func answer(_ request: SimulatedRequest) -> SimulatedReply {
        if simulation.world.withLock({ $0.isDown(.aliyun) }) { return .outage }
        let now = simulation.clock.now
        do throws(SimulatedRefusal) {
            return try serve(request, at: now)
        } catch {
            simulation.world.withLock { $0.refuse(error.code, of: .aliyun) }
            let body = AliyunWriter.refusal(error, requestID: simulation.requestID(), host: request.host)
            return SimulatedReply(status: error.status, body: body)
        }
    }

    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String {
        AliyunWriter.reference(ledger.first(of: ledger[entry]), at: ledger[entry].acceptedAt)
    }

    func post(of entries: [UInt32], to url: String, in ledger: SupplierLedger) -> HTTPRequest {
        .receipts(AliyunWriter.post(entries.map { AliyunWriter.Row($0, in: ledger) }), to: url)
    }

    func isTaken(_ response: HTTPResponse) -> Bool { Self.saysZero(response, under: "code") }

    var postWaits: [Duration] { [.seconds(60), .seconds(300), .seconds(600)] }

    private func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply
    {
        guard request.method == "POST" || request.method == "GET" else {
            throw SimulatedRefusal("UnsupportedHTTPMethod", "The method is not supported.", status: 405)
        }
        let isForm = request.field("content-type")?.hasPrefix("application/x-www-form-urlencoded") == true
        guard request.body.isEmpty || isForm else {
            throw SimulatedRefusal("InvalidParameter", "The body has to be a form.", status: 400)
        }
        guard let query = FormParameters(request.query.utf8), let form = FormParameters(request.body) else {
            throw SimulatedRefusal("InvalidParameter", "The parameters are not encoded rightly.", status: 400)
        }
        let parameters = query.joined(with: form)
        let passed = try AliyunSignatureCheck(account: account)
            .verify(request, query: query, parameters: parameters, at: now)
        guard passed.version == "2017-05-25" else {
            throw SimulatedRefusal("InvalidVersion", "Specified version is not valid.", status: 400)
        }
        try admit(passed, at: now)
        switch passed.action {
        case "SendSms", "SendBatchSms":
            return try send(passed, parameters, at: now)
        case "QuerySendDetails":
            return try look(parameters, at: now)
        case "QuerySendStatistics":
            return try count(parameters, at: now)
        default:
            throw SimulatedRefusal("InvalidAction.NotFound", "Specified action is not found.", status: 404)
        }
    }

    private func admit(_ passed: AliyunSignatureCheck.Passed, at now: Moment) throws(SimulatedRefusal) {
        let (isRevoked, isNew, fits) = simulation.world.withLock { world in
            (
                world.revokedKeys.contains(passed.key.accessKey), world.takeNonce(passed.nonce, at: now),
                world.admit(passed.action, [CallRateLimit(5_000)], of: .aliyun, at: now)
            )
        }
        guard !isRevoked else {
            throw SimulatedRefusal(
                "InvalidAccessKeyId.NotFound",
                "Specified access key is not found.",
                status: 404
            )
        }
        guard isNew else {
            throw SimulatedRefusal(
                "SignatureNonceUsed",
                "Specified signature nonce was used already.",
                status: 400
            )
        }
        guard fits else { throw Self.throttled }
    }

    private static let throttled = SimulatedRefusal(
        "Throttling.User",
        "Request was denied due to user flow control.",
        status: 400
    )

    private func send(
        _ passed: AliyunSignatureCheck.Passed,
        _ parameters: FormParameters,
        at now: Moment
    ) throws(SimulatedRefusal) -> SimulatedReply {
        let request = try AliyunSendRequest(passed.action, parameters, account: account)
        let (course, scripts) = simulation.world.withLock { world in
            let recipients = request.messages.map(\.recipient)
            return (
                world.course(of: recipients, at: .aliyun), Set(recipients.compactMap { world.script(of: $0) })
            )
        }
        guard course.isTaken else {
            if course.ending == .throttled { throw Self.throttled }
            return SimulatedReply(SimulatedReply(body: []), course: course)
        }
        // One verdict for all: a single number that is refused refuses the call.
        if scripts.contains(.badRecipient) {
            throw SimulatedRefusal("isv.MOBILE_NUMBER_ILLEGAL", "A number is not in service.")
        }
        if scripts.contains(.throttled) {
            throw SimulatedRefusal("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:10")
        }
        let first = simulation.world.withLock { world in
            world.accept(
                request.messages,
                by: .aliyun,
                usedNextKey: passed.key == account.nextKey,
                key: request.key,
                at: now
            )
        }
        let reference = AliyunWriter.reference(first, at: now.millisecondsSinceEpoch)
        let body = AliyunWriter.accepted(reference, requestID: simulation.requestID())
        simulation.ringForPosts()
        return SimulatedReply(SimulatedReply(body: body), course: course)
    }

    /// How far back questions about a number reach.
    private static let memory = Duration.seconds(30 * 86_400)

    private func look(_ parameters: FormParameters, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply
    {
        let number = PhoneDigits.e164(Array((parameters["PhoneNumber"] ?? "").utf8)[...])
        guard let number, let date = parameters["SendDate"], date.utf8.count == 8,
            let size = parameters["PageSize"].flatMap({ Int($0) }), (1...50).contains(size),
            let page = parameters["CurrentPage"].flatMap({ Int($0) }), page >= 1
        else {
            throw SimulatedRefusal("isv.INVALID_PARAMETERS", "PhoneNumber, SendDate, PageSize, CurrentPage.")
        }
        let wanted = parameters["BizId"]
        let earliest = now - Self.memory
        let rows = simulation.world
            .withLock { world in
                world.ledger.entries(of: number).map { AliyunWriter.Row($0, in: world.ledger) }
            }
            .filter { row in
                row.supplier == .aliyun && row.sentAt >= earliest
                    && (wanted.map { $0 == row.reference } ?? true)
                    && CivilTime(row.sentAt, offset: CivilTime.china).compactDate == date
            }
        let shown = rows.dropFirst((page - 1) * size).prefix(size)
        let body = AliyunWriter.details(
            Array(shown),
            total: rows.count,
            template: account.templateID,
            at: now,
            requestID: simulation.requestID()
        )
        return SimulatedReply(body: body)
    }
}
