import Groundwork
import Synchronization

/// The simulated WeChat, for one application: an official account or a mini-program.
struct WeChatDesk: CalledDesk {
    let supplier: SimulatedSupplier
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        ErrcodeWriter.refusal(refusal, requestID: simulation.requestID())
    }

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        switch (request.path, supplier) {
        case ("/cgi-bin/token", _): return try token(request, at: now)
        case ("/cgi-bin/stable_token", _): return try stableToken(request, at: now)
        case ("/cgi-bin/message/template/send", .weChatOfficialAccount),
            ("/cgi-bin/message/subscribe/send", .weChatMiniProgram):
            return try send(request, at: now)
        default: throw SimulatedRefusal("40066", "invalid url")
        }
    }

    // Tokens.

    private static let lifetime = Duration.seconds(7_200)

    /// The older of the two ways: each call makes a new token, and the one before lasts five minutes more.
    private func token(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply
    {
        guard request.method == "GET" else { throw SimulatedRefusal("43001", "require GET method") }
        let parameters = request.parameters
        try check(
            grant: parameters["grant_type"],
            appID: parameters["appid"],
            secret: parameters["secret"]
        )
        try admit("token", [CallRateLimit(2_000, seconds: 86_400)], at: now)
        let value = simulation.world.withLock { world in
            world.tokens[supplier]
                .issue(
                    to: classicHolder,
                    lasting: Self.lifetime,
                    endingOthersAfter: .seconds(300),
                    at: now
                )
        }
        return ErrcodeWriter.token(value, for: Self.lifetime, naming: false)
    }

    /// The newer way: the same token for all until its last five minutes, unless another is forced.
    private func stableToken(
        _ request: SimulatedRequest,
        at now: Moment
    ) throws(SimulatedRefusal) -> SimulatedReply {
        let body = try request.jsonBody()
        try check(grant: body["grant_type"].text, appID: body["appid"].text, secret: body["secret"].text)
        let limits = [CallRateLimit(10_000, seconds: 60), CallRateLimit(500_000, seconds: 86_400)]
        try admit("stable_token", limits, at: now)
        let isForced = body["force_refresh"].truth ?? false
        let token = simulation.world.withLock { world -> (value: String, rest: Duration)? in
            var isMade = false
            if isForced {
                guard let isAllowed = world.weChat[supplier].force(at: now) else { return nil }
                isMade = isAllowed
            }
            if !isMade, let (value, until) = world.tokens[supplier].token(of: account.key.accessKey, at: now),
                isForced || until - now > .seconds(300)
            {
                return (value, until - now)
            }
            let value = world.tokens[supplier]
                .issue(
                    to: account.key.accessKey,
                    lasting: Self.lifetime,
                    endingOthersAfter: isMade ? .zero : .seconds(300),
                    at: now
                )
            return (value, Self.lifetime)
        }
        guard let token else { throw SimulatedRefusal("45009", "reach max api daily quota limit") }
        return ErrcodeWriter.token(token.value, for: token.rest, naming: false)
    }

    private func check(grant: String?, appID: String?, secret: String?) throws(SimulatedRefusal) {
        guard grant == "client_credential" else { throw SimulatedRefusal("40002", "invalid grant_type") }
        guard appID == account.key.accessKey else { throw SimulatedRefusal("40013", "invalid appid") }
        let secrets = [account.key.secretKey, account.nextKey.secretKey]
        guard secrets.contains(where: { $0.matches(secret ?? "") }) else {
            throw SimulatedRefusal("40125", "invalid appsecret")
        }
        let isRevoked = simulation.world.withLock { $0.revokedKeys.contains(account.key.accessKey) }
        guard !isRevoked else { throw SimulatedRefusal("40243", "AppSecret is frozen") }
    }

    /// The two ways do not know each other's tokens.
    private var classicHolder: String { account.key.accessKey + "/classic" }

    /// Lets calls pass that carry a token of this application.
    private func checkToken(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) {
        guard let token = request.parameters["access_token"], !token.isEmpty else {
            throw SimulatedRefusal("41001", "access_token missing")
        }
        let standings = simulation.world.withLock { world in
            guard !world.revokedKeys.contains(account.key.accessKey) else { return [TokenBook.Standing]() }
            return [account.key.accessKey, classicHolder]
                .map { world.tokens[supplier].standing(of: token, holder: $0, at: now) }
        }
        guard !standings.contains(.good) else { return }
        guard !standings.contains(.expired) else {
            throw SimulatedRefusal("42001", "access_token expired")
        }
        throw SimulatedRefusal(
            "40001",
            "invalid credential, access_token is invalid or not latest"
        )
    }

    // Messages.

    private func send(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply
    {
        let body = try request.jsonBody()
        try checkToken(request, at: now)
        let ownQuota = supplier == .weChatMiniProgram ? 10_000_000 : 100_000
        let quota = simulation.settings.dailyCalls[supplier] ?? ownQuota
        try admit("send", [CallRateLimit(quota, seconds: 86_400)], at: now)
        let message = try WeChatSendRequest(body, isOfficialAccount: supplier == .weChatOfficialAccount)
        let recipient = RecipientNumber.of(message.openID)
        let course = simulation.world.withLock { $0.course(of: [recipient], at: supplier) }
        guard course.isTaken else {
            if course.ending == .throttled { throw SimulatedRefusal("45011", "api freq out of limit") }
            return SimulatedReply(SimulatedReply(body: []), course: course)
        }
        guard message.template == account.templateID else {
            throw SimulatedRefusal("40037", "invalid template_id")
        }
        let isKept = simulation.settings.consents
        let entry = try simulation.world
            .withLock { world in
                Result { () throws(SimulatedRefusal) in
                    try take(message, consents: isKept, at: now, in: &world)
                }
            }
            .get()
        simulation.ringForPosts()
        return SimulatedReply(
            ErrcodeWriter.success(["msgid": .integer(Self.messageID(entry))]),
            course: course
        )
    }

    /// Accepts a message, unless it was accepted before; returns its number in the ledger.
    private func take(
        _ message: WeChatSendRequest,
        consents: Int,
        at now: Moment,
        in world: inout World
    ) throws(SimulatedRefusal) -> UInt32 {
        let known = WeChatMemory.ClientMessage(openID: message.openID, id: message.clientID)
        if !message.clientID.isEmpty, let before = world.weChat[supplier].sent.value(of: known, at: now) {
            return before.value
        }
        switch world.script(of: RecipientNumber.of(message.openID)) {
        case .badRecipient where supplier == .weChatOfficialAccount:
            throw SimulatedRefusal("43004", "require subscribe")
        case .badRecipient: throw SimulatedRefusal("43101", "user refuse to accept the msg")
        case .throttled: throw SimulatedRefusal("45047", "out of response count limit")
        default: break
        }
        if supplier == .weChatMiniProgram {
            let consent = WeChatMemory.Consent(openID: message.openID, template: message.template)
            guard world.weChat[supplier].use(consent, usual: consents) else {
                throw SimulatedRefusal("43101", "user refuse to accept the msg")
            }
        }
        let entry = world.accept(
            [World.Message(to: message.openID, contentHash: message.contentHash)],
            by: supplier,
            usedNextKey: false,
            key: Array(message.clientID.utf8)[...],
            at: now
        )
        if !message.clientID.isEmpty { world.weChat[supplier].sent.note(entry, for: known, at: now) }
        return entry
    }

    private func admit(
        _ name: String,
        _ limits: [CallRateLimit],
        at now: Moment
    ) throws(SimulatedRefusal) {
        // Days are those of China.
        let fits = simulation.world.withLock {
            $0.admit(name, limits, of: supplier, at: now + CivilTime.china)
        }
        guard fits else { throw SimulatedRefusal("45009", "reach max api daily quota limit") }
    }

    /// A number that takes 64 bits, as WeChat's do.
    static func messageID(_ entry: UInt32) -> Int64 { 2_794_188_253_000_000_000 + Int64(entry) }

    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String { String(Self.messageID(entry)) }
}
