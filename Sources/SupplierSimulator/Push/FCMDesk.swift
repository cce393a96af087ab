import CryptoExtras
import Groundwork
import Synchronization

/// The simulated Firebase Cloud Messaging, HTTP v1, and Google's place for tokens beside it.
struct FCMDesk: PushDesk {
    let supplier = SimulatedSupplier.fcm
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String {
        name(of: entry, at: ledger[entry].acceptedAt)
    }

    private func name(of entry: UInt32, at milliseconds: Int64) -> String {
        "projects/\(account.appID)/messages/0:\(milliseconds)%\(entry)"
    }

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        switch (request.method, request.path) {
        case ("POST", "/token"): return try issue(request, at: now)
        case ("POST", "/v1/projects/\(account.appID)/messages:send"): return try send(request, at: now)
        default: throw SimulatedRefusal("NOT_FOUND", "Requested entity was not found.", status: 404)
        }
    }

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        if refusal.code == Self.invalidGrant {
            let body: WireObject = [
                "error": .text(refusal.code), "error_description": .text(refusal.message),
            ]
            return SimulatedReply(status: refusal.status, json: body)
        }
        var error: WireObject = [
            "code": .integer(Int64(refusal.status)), "message": .text(refusal.message),
            "status": .text(Self.statuses[refusal.code] ?? refusal.code),
        ]
        var details: [WireValue] = []
        if Self.statuses[refusal.code] != nil {
            details.append(
                .object([
                    "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
                    "errorCode": .text(refusal.code),
                ])
            )
        }
        if refusal.message == Self.badToken.message {
            details.append(
                .object([
                    "@type": "type.googleapis.com/google.rpc.BadRequest",
                    "fieldViolations": .list([.object(["field": "message.token"])]),
                ])
            )
        }
        error.append("details", .list(details))
        return SimulatedReply(
            status: refusal.status,
            json: ["error": .object(error)],
            headers: refusal.status == 429 ? [("Retry-After", "30")] : []
        )
    }

    /// Google's words for the statuses that FCM's own codes come with.
    private static let statuses = [
        "UNREGISTERED": "NOT_FOUND", "INVALID_ARGUMENT": "INVALID_ARGUMENT",
        "QUOTA_EXCEEDED": "RESOURCE_EXHAUSTED",
    ]
    private static let invalidGrant = "invalid_grant"
    private static let quota = SimulatedRefusal("QUOTA_EXCEEDED", "Quota exceeded.", status: 429)
    private static let badToken = SimulatedRefusal(
        "INVALID_ARGUMENT",
        "The registration token is not a valid FCM registration token",
        status: 400
    )

    // Tokens.

    private func issue(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply
    {
        guard let form = request.form, form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer",
            let assertion = form["assertion"], let token = SignedToken(assertion)
        else { throw Self.grant("Not a signed request for a token.") }
        let key = try verify(token, of: request, at: now)
        let value = simulation.world.withLock { world in
            world.tokens[.fcm].issue(to: key.accessKey, lasting: .seconds(3_599), at: now)
        }
        return SimulatedReply(
            json: ["access_token": .text(value), "expires_in": 3_599, "token_type": "Bearer"]
        )
    }

    private func verify(
        _ token: SignedToken,
        of request: SimulatedRequest,
        at now: Moment
    ) throws(SimulatedRefusal) -> SimulatorCredentials.Key {
        let issuer = token.claims["iss"].text
        guard let key = [account.key, account.nextKey].first(where: { $0.accessKey == issuer }) else {
            throw Self.grant("Invalid grant: account not found")
        }
        guard token.header["alg"] == "RS256", token.header["typ"] == "JWT",
            let publicKey = try? _RSA.Signing.PrivateKey(pemRepresentation: key.secretKey.reveal()).publicKey,
            publicKey.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: token.signature),
                for: token.input,
                padding: .insecurePKCS1v1_5
            )
        else { throw Self.grant("Invalid JWT Signature.") }
        guard let issuedAt = token.issuedAt, let end = token.claims["exp"].wholeNumber,
            issuedAt <= now + .seconds(300), now <= Moment(secondsSinceEpoch: end),
            end - issuedAt.secondsSinceEpoch <= 3_600
        else {
            throw Self.grant(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
            )
        }
        guard token.claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging",
            token.claims["aud"].text?.hasSuffix("://\(request.host)/fcm/token") == true
        else { throw Self.grant("Invalid JWT: wrong scope or audience.") }
        return key
    }

    private static func grant(_ message: String) -> SimulatedRefusal {
        SimulatedRefusal(invalidGrant, message, status: 400)
    }

    // Messages.

    private func send(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply
    {
        let (holder, isGood, fits) = simulation.world.withLock { world in
            let value = request.bearer ?? ""
            let holder = world.tokens[.fcm].holder(of: value)
            return (
                holder, world.tokens[.fcm].standing(of: value, holder: holder ?? "", at: now) == .good,
                world.admit("send", [CallRateLimit(600_000, seconds: 60)], of: .fcm, at: now)
            )
        }
        guard isGood else {
            let message = "Request had invalid authentication credentials."
            throw SimulatedRefusal("UNAUTHENTICATED", message, status: 401)
        }
        guard fits else { throw Self.quota }
        let message = try Self.message(in: request)
        let token = message["token"].text ?? ""
        let tag = message["android"].object?["notification"].object?["tag"].text ?? ""
        return try take(
            World.Message(to: token, contentHash: Self.shown(message).hash),
            key: tag,
            usedNextKey: holder == account.nextKey.accessKey,
            at: now,
            refusals: [
                .badRecipient: SimulatedRefusal(
                    "UNREGISTERED",
                    "Requested entity was not found.",
                    status: 404
                ),
                .throttled: Self.quota,
            ]
        ) { entry in
            SimulatedReply(json: ["name": .text(name(of: entry, at: now.millisecondsSinceEpoch))])
        }
    }

    /// What counts for the payload's limit.
    private static func shown(_ message: WireObject) -> WireObject {
        ["notification": message["notification"], "data": message["data"]]
    }

    private static let known: Set<String> = [
        "token", "topic", "condition", "notification", "data", "android", "apns", "webpush", "fcm_options",
    ]

    private static func message(in request: SimulatedRequest) throws(SimulatedRefusal) -> WireObject {
        guard let body = request.object, let message = body["message"].object else {
            throw invalid("Invalid JSON payload received.")
        }
        if let strange = message.members.first(where: { !known.contains($0.key) }) {
            throw invalid("Unknown name \"\(strange.key)\" at 'message'")
        }
        guard ["token", "topic", "condition"].count(where: { !message[$0].isNull }) == 1 else {
            throw invalid("Exactly one of token, topic and condition is needed.")
        }
        let texts = (message["data"].object?.members ?? []).map(\.value)
        guard texts.allSatisfy({ if case .text = $0 { true } else { false } }) else {
            throw invalid("Invalid value at 'message.data' (TYPE_STRING)")
        }
        let lifetime = message["android"].object?["ttl"].text
        guard lifetime.map({ $0.hasSuffix("s") && Double($0.dropLast()) != nil }) ?? true else {
            throw invalid("Invalid value at 'message.android.ttl', Illegal duration format")
        }
        guard shown(message).size <= 4_096 + 30 else { throw invalid("Message too big") }
        let isToken = (message["token"].text ?? "").utf8
            .allSatisfy {
                (48...58).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || "-_".utf8.contains($0)
            }
        guard isToken, message["token"].text?.isEmpty == false else { throw badToken }
        return message
    }

    private static func invalid(_ message: String) -> SimulatedRefusal {
        SimulatedRefusal("INVALID_ARGUMENT", message, status: 400)
    }
}
