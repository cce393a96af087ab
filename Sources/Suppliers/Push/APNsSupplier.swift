import Crypto
import Groundwork
package import PushEngine

extension SupplierKind {
    package static let apns = SupplierKind(rawValue: "apns")
}

extension SupplierForm {
    package static let apns = SupplierForm(
        .apns,
        title: "Apple Push Notification service",
        channel: .push,
        address: APNsSupplier.production,
        fields: [
            .required("teamId", "the team, such as DEF123GHIJ"),
            .required("keyId", "the key's id, such as ABC123DEFG"),
            .secret("privateKey", "the key, what is in its .p8 file"),
            .required("topic", "the application's bundle id"),
            .optional(
                "environment",
                "production without one; sandbox for applications that are being built",
                choices: ["production", "sandbox"]
            ),
        ],
        refuseUseless: { account throws(CatalogueFault) in
            // What the reader says of a text that is no key is nothing that anybody could act on.
            guard (try? P256.Signing.PrivateKey(pemRepresentation: account.secret("privateKey").pem)) != nil
            else {
                throw .invalid(field: "config.privateKey", reason: "is no key such as Apple's .p8 files hold")
            }
        },
        adapter: { APNsSupplier($0, $1) }
    )
}

/// Speaks the Apple Push Notification service with tokens, over HTTP/2.
///
/// One call reaches one device. What a device shows is replaced by what comes again under the same collapse id, which
/// is the call's key. Nobody is told what became of a message.
package struct APNsSupplier: Supplier {
    static let production = "https://api.push.apple.com"
    static let sandbox = "https://api.sandbox.push.apple.com"

    package let account: AccountID
    package let shapes = [CallShape(recipients: 1, sameContent: true)]
    package let callLimits: [RateLimit]
    package let givesReceipts = false

    private let url: String
    private let topic: String
    private let source: APNsTokenSource
    private let calls: TokenedCalls
    private let tools: SupplierTools

    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        let given = SupplierEndpoint(account.url)
        let isAway =
            account["environment"] == "sandbox" && given.host == SupplierEndpoint(Self.production).host
        url = (isAway ? SupplierEndpoint(Self.sandbox).url : given.url) + "3/device/"
        topic = account["topic"]
        // Apple publishes no rate.
        callLimits = account.callLimits([], countedBy: account["keyId"])
        source = APNsTokenSource(account, tools.clock)
        calls = TokenedCalls(account: account, source: source, tools: tools)
        self.tools = tools
    }

    package var tokenSource: (any TokenSource)? { source }

    /// Sends to a device that cannot exist: Apple says so only to those whom it knows.
    package func check() async throws(SupplierError) {
        let alert: WireObject = ["title": "check", "body": "check"]
        switch await post(Self.body(alert, WireObject()), to: "00", key: RequestSigning.nonce()) {
        case .refused(let refusal) where refusal.fault == .badRecipient: return
        case let verdict: throw SupplierError(verdict)
        }
    }

    package func isLasting(_ refusal: Refusal) -> Bool {
        ["Unregistered", "ExpiredToken"].contains(refusal.code)
    }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        guard call.contents.count == 1, let device = call.recipients.first, call.recipients.count == 1 else {
            return .refused(call, "call_shape")
        }
        guard let content = PushContent(call.contents[0]) else { return .refused(call, "content") }
        // It becomes a part of the address.
        guard Self.isToken(device) else { return .refused(call, "device_token", .badRecipient) }
        let body = Self.body(content.alert, content.payload)
        guard body.count <= Self.payloadLimit else { return .refused(call, "payload_too_large") }
        return SupplierReply(verdicts: [await post(body, to: device, key: call.requestKey)])
    }

    private static let payloadLimit = 4_096

    private static func isToken(_ device: String) -> Bool {
        (2...200).contains(device.utf8.count) && device.utf8.count % 2 == 0
            && device.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                    UInt8(ascii: "A")...UInt8(ascii: "F"):
                    true
                default: false
                }
            }
    }

    private static func body(_ alert: WireObject, _ payload: WireObject) -> [UInt8] {
        var body: WireObject = ["aps": .object(["alert": .object(alert), "sound": "default"])]
        for member in payload.members where member.key != "aps" { body.append(member.key, member.value) }
        return WireValue.object(body).json
    }

    private func post(_ body: [UInt8], to device: String, key: String) async -> SupplierVerdict {
        let identity = Self.identity(of: key)
        let expiration = (tools.clock.now + PushContent.lifetime).secondsSinceEpoch
        let exchange = await calls.make { token in
            HTTPRequest(
                url: url + device,
                headers: [
                    ("authorization", "bearer \(token.reveal())"), ("content-type", "application/json"),
                    ("apns-topic", topic), ("apns-push-type", "alert"), ("apns-priority", "10"),
                    ("apns-id", identity), ("apns-expiration", String(expiration)),
                    ("apns-collapse-id", String(key.prefix(64))),
                ],
                body: body,
                timeouts: tools.timeouts,
                version: .two
            )
        } isRejected: {
            APNsReply.isRejection($0)
        }
        return switch exchange {
        case .ended(let verdict): verdict
        case .answered(let response): APNsReply.verdict(in: response)
        }
    }

    /// A call's id in the form that Apple takes: the same for the same key.
    private static func identity(of key: String) -> String {
        let digits = Array(SHA256.hash(data: Array(key.utf8)).prefix(16).hexDigits)
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return groups.map { String(digits[$0]) }.joined(separator: "-")
    }
}

/// Signs the tokens of an APNs key.
///
/// They come from nowhere else, but Apple wants each to be used for 20 minutes at least and for an hour at most: all
/// processes share one, as they share what others fetch.
struct APNsTokenSource: TokenSource {
    /// How long a token is used; a little is left of the hour for clocks that are off.
    static let lifetime = Duration.seconds(2_400)

    let owner: TokenOwner
    private let teamID: String
    private let keyID: String
    private let privateKey: Secret
    private let clock: any WallClock

    init(_ account: SupplierAccount, _ clock: any WallClock) {
        teamID = account["teamId"]
        keyID = account["keyId"]
        privateKey = account.secret("privateKey")
        owner = TokenOwner([account.kind.rawValue, teamID, keyID], secret: privateKey)
        self.clock = clock
    }

    func fetchToken(isAfterRejection: Bool) async throws(SupplierError) -> FetchedToken {
        let input = signingInput(at: clock.now)
        do {
            let key = try P256.Signing.PrivateKey(pemRepresentation: privateKey.pem)
            let signature = try key.signature(for: Array(input.utf8))
            return FetchedToken(
                JSONWebToken.token(input, signature: signature.rawRepresentation),
                for: Self.lifetime
            )
        } catch {
            throw .badPrivateKey
        }
    }

    /// What is signed at a moment.
    func signingInput(at moment: Moment) -> String {
        JSONWebToken.signingInput(
            header: ["alg": "ES256", "kid": .text(keyID)],
            claims: ["iss": .text(teamID), "iat": .integer(moment.secondsSinceEpoch)]
        )
    }
}
