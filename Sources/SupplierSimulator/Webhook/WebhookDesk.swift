import Groundwork
import Synchronization

/// Somebody who listens to signed webhooks and takes what they say.
struct WebhookDesk: ReceiptlessDesk {
    let supplier = SimulatedSupplier.webhook
    let simulation: Simulation
    private let account: SimulatorCredentials.Account

    init(_ simulation: Simulation, account: SimulatorCredentials.Account) {
        self.simulation = simulation
        self.account = account
    }

    func answer(_ request: SimulatedRequest) -> SimulatedReply {
        if isDown { return .outage }
        do throws(SimulatedRefusal) {
            return try serve(request, at: simulation.clock.now)
        } catch {
            note(error)
            var reply = SimulatedReply(status: error.status, ["error": .text(error.message)])
            if error.status == 429 { reply.headers = [(name: "Retry-After", value: "30")] }
            return reply
        }
    }

    private func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply
    {
        guard request.method == "POST" else {
            throw SimulatedRefusal("method", "only POST is taken", status: 405)
        }
        let key = try verify(request, at: now)
        // Counted; there is no limit.
        _ = simulation.world.withLock { $0.admit("post", [], of: supplier, at: now) }
        guard request.field("content-type")?.hasPrefix("application/json") == true,
            let members = (try? WireValue(json: request.body))?.object,
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
            usedNextKey: key == account.nextKey,
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
        guard simulation.world.withLock({ !$0.revokedKeys.contains(key.accessKey) }) else {
            throw SimulatedRefusal("revoked", "the secret is no longer in use", status: 403)
        }
        return key
    }
}
