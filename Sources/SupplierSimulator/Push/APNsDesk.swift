import Crypto
import Groundwork
import Synchronization

/// The simulated Apple Push Notification service: tokens alone, HTTP/2 alone.
struct APNsDesk: PushDesk {
    let supplier = SimulatedSupplier.apns
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String {
        // Apple calls a message what its sender did; one that its sender did not name gets a name.
        Self.identity(of: ledger.key(of: ledger.call(of: ledger[entry])))
    }

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        guard request.isHTTP2 else {
            var reply = SimulatedReply(body: [])
            reply.kind = .reset
            return reply
        }
        guard request.method == "POST" else {
            throw SimulatedRefusal("MethodNotAllowed", "", status: 405)
        }
        guard request.path.hasPrefix("/3/device/") else { throw SimulatedRefusal("BadPath", "", status: 404) }
        _ = simulation.world.withLock { $0.admit("push", [], of: .apns, at: now) }
        let key = try verify(request, at: now)
        try checkFields(of: request)
        let body = try Self.payload(in: request)
        let device = String(request.path.dropFirst("/3/device/".count))
        guard !device.isEmpty else { throw Self.bad("MissingDeviceToken") }
        guard device.utf8.count == 64, device.allSatisfy(\.isHexDigit) else {
            throw Self.bad("BadDeviceToken")
        }
        let collapse = request.field("apns-collapse-id") ?? ""
        let identity = request.field("apns-id") ?? Self.identity(of: Array(collapse.utf8)[...])
        return try take(
            World.Message(to: device, contentHash: body.hash),
            key: collapse,
            usedNextKey: key == account.nextKey,
            at: now,
            refusals: [
                .badRecipient: SimulatedRefusal("Unregistered", "", status: 410),
                .throttled: SimulatedRefusal("TooManyRequests", "", status: 429),
            ]
        ) { _ in
            var reply = SimulatedReply(body: [])
            reply.headers = [("apns-id", identity)]
            return reply
        }
    }

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        var body: WireObject = ["reason": .text(refusal.code)]
        if refusal.status == 410 {
            body.append("timestamp", .integer(now.millisecondsSinceEpoch - 86_400_000))
        }
        let wait = refusal.code == "TooManyRequests" ? [(name: "Retry-After", value: "20")] : []
        return SimulatedReply(status: refusal.status, json: body, headers: wait)
    }

    private static func bad(_ reason: String, status: Int = 400) -> SimulatedRefusal {
        SimulatedRefusal(reason, "", status: status)
    }

    private static func identity(of key: ArraySlice<UInt8>) -> String {
        let hash = SignatureMaths.sha256(Array(key))
        let digits = Array(hash.prefix(32))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }

    private func verify(
        _ request: SimulatedRequest,
        at now: Moment
    ) throws(SimulatedRefusal) -> SimulatorCredentials.Key {
        guard let text = request.bearer else { throw Self.bad("MissingProviderToken", status: 403) }
        let invalid = Self.bad("InvalidProviderToken", status: 403)
        guard let token = SignedToken(text), let issuedAt = token.issuedAt,
            issuedAt <= now + .seconds(300), token.header["alg"] == "ES256",
            token.claims["iss"].text == SimulatorCredentials.demoTeam,
            let key = [account.key, account.nextKey]
                .first(where: { $0.accessKey == token.header["kid"].text })
        else { throw invalid }
        let (isKnown, isRevoked) = simulation.world.withLock { world in
            (
                world.providerTokens.knows(text, of: key.accessKey),
                world.revokedKeys.contains(key.accessKey)
            )
        }
        guard !isRevoked, isKnown || Self.isSigned(token, with: key) else { throw invalid }
        let standing = simulation.world.withLock { world in
            world.providerTokens.standing(text, of: key.accessKey, issuedAt: issuedAt, at: now)
        }
        switch standing {
        case .good: return key
        case .tooOld: throw Self.bad("ExpiredProviderToken", status: 403)
        case .tooSoon: throw Self.bad("TooManyProviderTokenUpdates", status: 429)
        }
    }

    /// Whether a signature is right: 64 bytes, the two numbers one after the other.
    private static func isSigned(_ token: SignedToken, with key: SimulatorCredentials.Key) -> Bool {
        guard let own = try? P256.Signing.PrivateKey(pemRepresentation: key.secretKey.reveal()),
            let signature = try? P256.Signing.ECDSASignature(rawRepresentation: token.signature)
        else { return false }
        return own.publicKey.isValidSignature(signature, for: token.input)
    }

    private static let types: Set<String> = [
        "alert", "background", "location", "voip", "complication", "fileprovider", "mdm", "liveactivity",
        "pushtotalk",
    ]

    private func checkFields(of request: SimulatedRequest) throws(SimulatedRefusal) {
        guard let topic = request.field("apns-topic"), !topic.isEmpty else { throw Self.bad("MissingTopic") }
        guard topic == account.appID else { throw Self.bad("TopicDisallowed") }
        guard let type = request.field("apns-push-type"), Self.types.contains(type) else {
            throw Self.bad("InvalidPushType")
        }
        guard ["10", "5", "1", nil].contains(request.field("apns-priority")) else {
            throw Self.bad("BadPriority")
        }
        guard request.field("apns-expiration").map({ Int64($0) != nil }) ?? true else {
            throw Self.bad("BadExpirationDate")
        }
        guard (request.field("apns-collapse-id") ?? "").utf8.count <= 64 else {
            throw Self.bad("BadCollapseId")
        }
        let groups = request.field("apns-id")?.split(separator: "-").map(\.utf8.count)
        guard groups.map({ $0 == [8, 4, 4, 4, 12] }) ?? true else { throw Self.bad("BadMessageId") }
    }

    private static func payload(in request: SimulatedRequest) throws(SimulatedRefusal) -> WireObject {
        guard request.body.count <= 4_096 else { throw bad("PayloadTooLarge", status: 413) }
        guard let body = (try? WireValue(json: request.body))?.object, body["aps"].object != nil else {
            throw bad("PayloadEmpty")
        }
        return body
    }
}
