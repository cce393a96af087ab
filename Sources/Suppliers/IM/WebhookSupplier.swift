import Groundwork
package import PushEngine

extension SupplierKind {
    package static let webhook = SupplierKind(rawValue: "webhook")
}

extension SupplierForm {
    package static let webhook = SupplierForm(
        .webhook,
        title: "Signed webhook",
        channel: .im,
        // Everybody has their own.
        address: "",
        fields: [.secret("secret", "what both sides know: each call is signed with it")]
    ) { WebhookSupplier($0, $1) }
}

/// Hands messages to whoever listens at an account's address: a chat of one's own, or a bridge to another.
///
/// Each call is a `POST` to that address, as it stands, of
///
///     {"requestKey":"…","recipients":["…"],"content":{"title":"…","content":"…","url":"…","data":{…}}}
///
/// with at most 100 recipients, `Content-Type: application/json; charset=utf-8`, and two fields that prove who calls:
///
///     X-KPush-Timestamp: 1700000000
///     X-KPush-Signature: sha256=<hex HMAC-SHA256(secret, timestamp + "." + body)>
///
/// The timestamp is in seconds. Whoever listens computes the same over the bytes of the body, compares it in a time that
/// does not depend on where they differ, and refuses a timestamp some minutes off. No two calls have the same `requestKey` unless they are the same call; what
/// was taken is known by it.
///
/// Answers: any `2xx` takes the message for all recipients, but those that a JSON body names:
///
///     {"refused":[{"recipient":"…","code":"…"}]}
///
/// can never be reached. `429` asks to wait, for as many seconds as `Retry-After` says; `401` and `403` say that the
/// secret is wrong, and stop the account; `408`, `425` and `5xx` are tried again, except `502` and `504`, after which
/// nobody knows what was taken; `3xx`, `404`, `405` and `410` stop the account too, and any other status refuses the content for good.
package struct WebhookSupplier: Supplier {
    package let account: AccountID
    package let shapes = [CallShape(recipients: Self.recipientLimit, sameContent: true)]
    package let callLimits: [RateLimit]
    /// Whoever listens says that it took a message, and nothing after that.
    package let givesReceipts = false

    private let url: String
    private let secret: Secret
    private let tools: SupplierTools

    private static let recipientLimit = 100

    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        url = account.url
        secret = account.secret("secret")
        callLimits = account.callLimits([], countedBy: account.url)
        self.tools = tools
    }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        let count = call.recipients.count
        let body: [UInt8]
        do throws(UnfitContent) {
            body = try Self.body(call)
        } catch {
            return SupplierReply(all: error.verdict, count: count)
        }
        let now = tools.clock.now.secondsSinceEpoch
        let signature = RequestSigning.webhook(secret, at: now, body: body)
        let headers = [
            (name: "X-KPush-Timestamp", value: String(now)),
            (name: "X-KPush-Signature", value: "sha256=" + signature),
        ]
        let request = HTTPRequest.json(body, to: url, headers: headers, timeouts: tools.timeouts)
        switch await SupplierExchange.make(request, over: tools.http) {
        case .ended(let verdict): return SupplierReply(all: verdict, count: count)
        case .answered(let response): return Self.reply(response, to: call)
        }
    }

    private static func body(_ call: SupplierCall) throws(UnfitContent) -> [UInt8] {
        _ = try call.onlyContent(recipients: recipientLimit)
        guard let content = try? WireValue(json: call.contents[0].utf8) else {
            throw UnfitContent("content_form")
        }
        let body: WireObject = [
            "requestKey": .text(call.requestKey),
            "recipients": .list(call.recipients.map { .text($0) }),
            "content": content,
        ]
        return WireValue.object(body).json
    }

    private static func reply(_ response: HTTPResponse, to call: SupplierCall) -> SupplierReply {
        let count = call.recipients.count
        guard (200...299).contains(response.status) else {
            return SupplierReply(all: .refused(refusal(response)), count: count)
        }
        let refused: [String: Refusal]
        do throws(WireError) {
            refused = try Self.refused(in: response.body)
        } catch {
            return SupplierReply(all: SupplierExchange.verdict(onUnreadable: response), count: count)
        }
        return SupplierReply(
            verdicts: call.recipients.map { recipient in
                refused[recipient].map { .refused($0) } ?? .accepted(reference: call.requestKey, charge: 0)
            }
        )
    }

    /// Whom an answer refuses.
    ///
    /// - Throws: `WireError` when it begins as an object and is none, so that nobody knows what it would have said.
    private static func refused(in body: [UInt8]) throws(WireError) -> [String: Refusal] {
        let isObject = body.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "{")
        guard isObject, let list = try WireValue(json: body).object?["refused"].list else { return [:] }
        var refused: [String: Refusal] = [:]
        for entry in list {
            guard let recipient = entry.object?["recipient"].text else { continue }
            let code = entry.object?["code"].text ?? ""
            refused[recipient] = Refusal(
                .badRecipient,
                code: code.isEmpty ? "refused" : String(code.prefix(64))
            )
        }
        return refused
    }

    private static func refusal(_ response: HTTPResponse) -> Refusal {
        let code = "http.\(response.status)"
        switch response.status {
        case 401, 403: return Refusal(.badConfig, code: code)
        case 408, 425: return Refusal(.transient, code: code)
        case 429: return Refusal(.throttled, code: code, wait: wait(response))
        // It has moved, or is not there, which the account does not say.
        case 300...399, 404, 405, 410: return Refusal(.badConfig, code: code)
        default: return Refusal(.badContent, code: code)
        }
    }

    /// What `Retry-After` says, in seconds; a date is not read.
    private static func wait(_ response: HTTPResponse) -> Duration? {
        let field = response.headers.first { $0.name == "retry-after" }
        return field.flatMap { Int64($0.value.trimming()) }
            .flatMap { $0 >= 0 ? .seconds(min($0, 86_400)) : nil }
    }
}
