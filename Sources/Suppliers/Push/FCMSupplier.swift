import Groundwork
package import PushEngine

extension SupplierKind {
    package static let fcm = SupplierKind(rawValue: "fcm")
}

extension SupplierForm {
    package static let fcm = SupplierForm(
        .fcm,
        title: "Firebase Cloud Messaging",
        channel: .push,
        address: FCMSupplier.address,
        fields: [
            .required("projectId", "the project, `project_id` of the service account's file"),
            .required("clientEmail", "who signs, `client_email` of the file"),
            .secret("privateKey", "what signs, `private_key` of the file"),
            .optional(
                "tokenUrl",
                "`token_uri` of the file; Google's own place without one",
                leadsSecrets: true
            ),
        ],
        refuseUseless: { account throws(CatalogueFault) in
            do throws(SupplierError) {
                _ = try FCMTokenSource.signed("", with: account.secret("privateKey"))
            } catch {
                throw .invalid(field: "config.privateKey", reason: "is no RSA key in PEM")
            }
        },
        adapter: { FCMSupplier($0, $1) }
    )
}

/// Speaks Firebase Cloud Messaging, HTTP v1.
///
/// One call reaches one device. What a device shows is replaced by what comes again under the same tag, which is the
/// call's key. Nobody is told what became of a message.
package struct FCMSupplier: Supplier {
    static let address = "https://fcm.googleapis.com"

    package let account: AccountID
    package let shapes = [CallShape(recipients: 1, sameContent: true)]
    package let callLimits: [RateLimit]
    package let givesReceipts = false

    private let url: String
    private let source: FCMTokenSource
    private let calls: TokenedCalls
    private let tools: SupplierTools

    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        let project = PercentEncoding.encoded(account["projectId"])
        url = SupplierEndpoint(account.url).url + "v1/projects/\(project)/messages:send"
        // firebase.google.com/docs/cloud-messaging/throttling-and-quotas: for each project.
        callLimits = account.callLimits(
            [CallRate(600_000, per: .seconds(60))],
            countedBy: account["projectId"]
        )
        source = FCMTokenSource(account, tools)
        calls = TokenedCalls(account: account, source: source, tools: tools)
        self.tools = tools
    }

    package var tokenSource: (any TokenSource)? { source }

    package func check() async throws(SupplierError) {
        _ = try await source.fetchToken(isAfterRejection: false)
    }

    package func isLasting(_ refusal: Refusal) -> Bool { refusal.code == "UNREGISTERED" }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        guard call.contents.count == 1, let recipient = call.recipients.first, call.recipients.count == 1
        else { return .refused(call, "call_shape") }
        guard let content = PushContent(call.contents[0]) else { return .refused(call, "content") }
        guard content.alert.size + Self.data(of: content).size <= Self.payloadLimit else {
            return .refused(call, "payload_too_large")
        }
        let body = Self.body(content, to: recipient, key: call.requestKey)
        let exchange = await calls.make { token in
            HTTPRequest(
                url: url,
                headers: [
                    ("Content-Type", "application/json; charset=utf-8"),
                    ("Authorization", "Bearer \(token.reveal())"),
                ],
                body: body,
                timeouts: tools.timeouts
            )
        } isRejected: {
            FCMReply.isRejection($0)
        }
        switch exchange {
        case .ended(let verdict): return SupplierReply(verdicts: [verdict])
        case .answered(let response): return SupplierReply(verdicts: [FCMReply.verdict(in: response)])
        }
    }

    private static let payloadLimit = 4_096

    /// What the application gets: texts alone are taken.
    private static func data(of content: PushContent) -> WireObject {
        var data = WireObject()
        for member in content.payload.members { data.append(member.key, .text(member.value.text ?? "")) }
        return data
    }

    private static func body(_ content: PushContent, to recipient: String, key: String) -> [UInt8] {
        var message: WireObject = ["token": .text(recipient), "notification": .object(content.alert)]
        let data = data(of: content)
        if !data.members.isEmpty { message.append("data", .object(data)) }
        message.append(
            "android",
            .object([
                "priority": "high", "ttl": .text("\(PushContent.lifetime.components.seconds)s"),
                "notification": .object(["tag": .text(key)]),
            ])
        )
        message.append(
            "apns",
            .object(["headers": .object(["apns-priority": "10", "apns-collapse-id": .text(key)])])
        )
        // Browsers open nothing else.
        if content.url.hasPrefix("https://") {
            message.append(
                "webpush",
                .object(["fcm_options": .object(["link": .text(content.url)])])
            )
        }
        return WireValue.object(["message": .object(message)]).json
    }
}
