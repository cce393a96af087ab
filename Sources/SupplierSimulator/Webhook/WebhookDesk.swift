import Groundwork
import Synchronization

/// Somebody who listens to signed webhooks and takes what they say.
struct WebhookDesk: ReceiptlessDesk {
    let supplier = SimulatedSupplier.webhook
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        var reply = SimulatedReply(status: refusal.status, ["error": .text(refusal.message)])
        if refusal.status == 429 { reply.headers = [(name: "Retry-After", value: "30")] }
        return reply
    }

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        guard request.method == "POST" else {
            throw SimulatedRefusal("method", "only POST is taken", status: 405)
        }
        let key = try verify(request, at: now)
        // Counted; there is no limit.
        _ = simulation.world.withLock { $0.admit("post", [], of: supplier, at: now) }
        guard let members = request.object,
            case .text(let requestKey) = members["requestKey"], !requestKey.isEmpty,
            let recipients = members["recipients"].list?.compactMap(\.text),
            (1...100).contains(recipients.count),
            let content = members["content"].object
        else { throw SimulatedRefusal("body", "requestKey, recipients and content are needed", status: 400) }
        let message = ChatMessage(
            to: recipients,
            saying: WireValue.object(content).json,
            key: Array(requestKey.utf8)
        )
        return try take(
            message,
            by: key,
            at: now,
            throttled: SimulatedRefusal("busy", "too many", status: 429)
        ) { unknown in
            let refused = unknown.map { recipient -> WireValue in
                .object(["recipient": .text(recipient), "code": "unknown_recipient"])
            }
            return WireValue.object(refused.isEmpty ? [:] : ["refused": .list(refused)]).json
        }
    }

    /// The key that signed.
    private func verify(
        _ request: SimulatedRequest,
        at now: Moment
    ) throws(SimulatedRefusal) -> SimulatorCredentials.Key {
        guard let timestamp = request.field("x-kpush-timestamp"), let seconds = Int64(timestamp),
            abs(seconds - now.secondsSinceEpoch) <= 300
        else { throw SimulatedRefusal("timestamp", "the timestamp is off", status: 401) }
        let signed = timestamp + "." + String(decoding: request.body, as: UTF8.self)
        let key = [account.key, account.nextKey]
            .first { key in
                let secret = Array(key.secretKey.reveal().utf8)
                let right = SignatureMaths.hex(SignatureMaths.hmac256(signed, key: secret))
                return request.field("x-kpush-signature") == "sha256=" + right
            }
        guard let key else { throw SimulatedRefusal("signature", "the signature is wrong", status: 401) }
        guard !isRevoked(key) else {
            throw SimulatedRefusal("revoked", "the secret is no longer in use", status: 403)
        }
        return key
    }
}
