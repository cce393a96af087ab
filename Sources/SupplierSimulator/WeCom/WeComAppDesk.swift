import Groundwork
import Synchronization

/// The simulated WeCom, for the messages of one application.
///
/// Members whose names begin with `unlicensed` have no licence; all others are known.
struct WeComAppDesk: CalledDesk {
    let supplier = SimulatedSupplier.weComApp
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        ErrcodeWriter.refusal(refusal, requestID: simulation.requestID())
    }

    /// The reference of a call is that of its first message.
    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String {
        Self.messageID(ledger.first(of: ledger[entry]))
    }

    private static let prefix = "KPUSHSIM-"

    private static func messageID(_ entry: UInt32) -> String { prefix + String(entry) }

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        switch request.path {
        case "/cgi-bin/gettoken": return try token(request, at: now)
        case "/cgi-bin/message/send": return try send(request, at: now)
        case "/cgi-bin/message/recall": return try recall(request, at: now)
        case "/cgi-bin/media/upload": return try upload(request, at: now)
        default: throw SimulatedRefusal("40066", "invalid url")
        }
    }

    // Tokens.

    private static let lifetime = Duration.seconds(7_200)

    private func token(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply
    {
        guard request.method == "GET" else { throw SimulatedRefusal("43001", "require GET method") }
        let parameters = request.parameters
        guard parameters["corpid"] == account.key.accessKey else {
            throw SimulatedRefusal("40013", "invalid corpid")
        }
        let secrets = [account.key.secretKey, account.nextKey.secretKey]
        guard secrets.contains(where: { $0.matches(parameters["corpsecret"] ?? "") }) else {
            throw SimulatedRefusal("40001", "invalid credential")
        }
        try admit("gettoken", at: now)
        let (value, rest) = simulation.world.withLock { world in
            // Whoever asks again gets the same, until it ends.
            if let (value, until) = world.tokens[.weComApp].token(of: account.key.accessKey, at: now) {
                return (value, until - now)
            }
            let value = world.tokens[.weComApp]
                .issue(
                    to: account.key.accessKey,
                    lasting: Self.lifetime,
                    at: now
                )
            return (value, Self.lifetime)
        }
        return ErrcodeWriter.token(value, for: rest, naming: true)
    }

    private func checkToken(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) {
        guard let token = request.parameters["access_token"], !token.isEmpty else {
            throw SimulatedRefusal("41001", "access_token missing")
        }
        let standing = simulation.world.withLock {
            $0.tokens[.weComApp].standing(of: token, holder: account.key.accessKey, at: now)
        }
        switch standing {
        case .good: break
        case .expired: throw SimulatedRefusal("42001", "access_token expired")
        case .unknown: throw SimulatedRefusal("40014", "invalid access_token")
        }
    }

    private func admit(_ name: String, at now: Moment) throws(SimulatedRefusal) {
        let limits = [CallRateLimit(10_000, seconds: 60), CallRateLimit(150_000, seconds: 3_600)]
        let (isRevoked, fits) = simulation.world.withLock { world in
            (
                world.revokedKeys.contains(account.key.accessKey),
                world.admit(name, limits, of: .weComApp, at: now)
            )
        }
        guard !isRevoked else { throw SimulatedRefusal("50003", "app disabled") }
        guard fits else { throw SimulatedRefusal("45009", "api freq out of limit") }
    }

    // Media.

    private func upload(
        _ request: SimulatedRequest,
        at now: Moment
    ) throws(SimulatedRefusal) -> SimulatedReply {
        guard request.method == "POST" else { throw SimulatedRefusal("43002", "require POST method") }
        try checkToken(request, at: now)
        try admit("upload", at: now)
        return SimulatedReply(
            try simulation.takeMedia(
                request,
                type: request.parameters["type"] ?? "",
                MediaLimit.weComApp,
                least: 6,
                at: .weComApp,
                of: account.key.accessKey,
                for: .seconds(3 * 86_400),
                at: now
            )
        )
    }

    // Messages.

    private func send(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply
    {
        let body = try request.jsonBody()
        try checkToken(request, at: now)
        try admit("send", at: now)
        let message = try WeComSendRequest(body, agentID: account.appID)
        let type = body["msgtype"].text ?? ""
        try simulation.checkMedia(
            in: body[type].object ?? [:],
            type,
            at: .weComApp,
            of: account.key.accessKey,
            at: now
        )
        let course = simulation.world.withLock {
            $0.course(of: message.members.map { RecipientNumber.of($0) }, at: .weComApp)
        }
        guard course.isTaken else {
            if course.ending == .throttled { throw SimulatedRefusal("45009", "api freq out of limit") }
            return SimulatedReply(SimulatedReply(body: []), course: course)
        }
        let sent = simulation.world.withLock { take(message, at: now, in: &$0) }
        guard sent.good > 0 else { throw SimulatedRefusal("81013", "user & party & tag all invalid") }
        let answer = ErrcodeWriter.success([
            "invaliduser": .text(sent.invalid.joined(separator: "|")), "invalidparty": "", "invalidtag": "",
            "unlicenseduser": .text(sent.unlicensed.joined(separator: "|")),
            "msgid": .text(Self.messageID(sent.reference)),
        ])
        return SimulatedReply(answer, course: course)
    }

    /// What becomes of a message's members.
    private struct Sent {
        var invalid: [String] = []
        var unlicensed: [String] = []
        /// How many are none of these; some of them may get nothing all the same.
        var good = 0
        /// The first message that the call is named by.
        var reference: UInt32 = 0
    }

    private func take(_ message: WeComSendRequest, at now: Moment, in world: inout World) -> Sent {
        var sent = Sent()
        var accepted: [World.Message] = []
        var before: UInt32?
        for member in message.members {
            let number = RecipientNumber.of(member)
            let script = world.script(of: number)
            if script == .badRecipient {
                world.refuse("invaliduser", of: .weComApp)
                sent.invalid.append(member.lowercased())
                continue
            }
            if member.lowercased().hasPrefix("unlicensed") {
                world.refuse("unlicenseduser", of: .weComApp)
                sent.unlicensed.append(member.lowercased())
                continue
            }
            sent.good += 1
            let delivery = WeComMemory.Delivery(member: number, contentHash: message.contentHash)
            if let interval = message.duplicateInterval,
                let known = world.weCom.deliveries.value(of: delivery, at: now), now - known.at < interval
            {
                before = known.value
                world.refuse("duplicate", of: .weComApp)
                continue
            }
            // Who gets too much gets nothing, and nobody is told.
            let fits = world.weCom.admits(member, at: now) || !world.limitsRates
            guard fits, script != .throttled else {
                world.refuse("dropped", of: .weComApp)
                continue
            }
            accepted.append(World.Message(to: member, contentHash: message.contentHash))
        }
        let first = UInt32(world.ledger.count)
        sent.reference = accepted.isEmpty ? before ?? first : first
        guard !accepted.isEmpty else { return sent }
        _ = world.accept(accepted, by: .weComApp, usedNextKey: false, key: [], at: now)
        for taken in accepted {
            let delivery = WeComMemory.Delivery(member: taken.recipient, contentHash: message.contentHash)
            world.weCom.deliveries.note(first, for: delivery, at: now)
        }
        return sent
    }

    private func recall(
        _ request: SimulatedRequest,
        at now: Moment
    ) throws(SimulatedRefusal) -> SimulatedReply {
        let body = try request.jsonBody()
        try checkToken(request, at: now)
        try admit("recall", at: now)
        let name = body["msgid"].text ?? ""
        let number = name.hasPrefix(Self.prefix) ? UInt32(name.dropFirst(Self.prefix.count)) : nil
        let isRecalled = simulation.world.withLock { world in
            guard let number, number < UInt32(world.ledger.count) else { return false }
            let entry = world.ledger[number]
            let age = now.millisecondsSinceEpoch - entry.acceptedAt
            guard world.ledger.call(of: entry).supplier == .weComApp, world.ledger.first(of: entry) == number,
                age <= 86_400_000
            else { return false }
            if world.weCom.recalled.insert(number).inserted { world.tally[.weComApp].recalled += 1 }
            return true
        }
        guard isRecalled else { throw SimulatedRefusal("40058", "invalid Request Parameter: msgid") }
        return ErrcodeWriter.success()
    }
}
