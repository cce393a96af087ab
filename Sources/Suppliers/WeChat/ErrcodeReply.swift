import Groundwork
import PushEngine

/// An answer of the kind that WeChat and WeCom give to every call: a code, its words, and what the call brings.
struct ErrcodeReply {
    let code: Int64
    let message: String
    let fields: WireObject
    /// Whether the status agrees with a success.
    private let hasGoodStatus: Bool

    /// Reads an answer; nil when it is none of theirs.
    init?(_ response: HTTPResponse) {
        // Why it cannot be read does not matter: what follows from that depends on the status.
        guard let fields = (try? WireValue(json: response.body))?.object else { return nil }
        // Tokens come without a code.
        guard let code = fields["errcode"].wholeNumber ?? (fields["access_token"].isNull ? nil : 0) else {
            return nil
        }
        self.code = code
        self.fields = fields
        message = fields["errmsg"].text ?? ""
        hasGoodStatus = (200...299).contains(response.status)
    }

    /// Whether the call did what it was to do.
    var isSuccess: Bool { code == 0 && hasGoodStatus }

    /// What a refusal is called.
    func refusal(_ fault: Refusal.Class, wait: Duration? = nil) -> Refusal {
        Refusal(fault, code: String(code), message: message, wait: wait)
    }

    /// The token that a call for one brought.
    ///
    /// - Parameters:
    ///   - exchange: how the call ended.
    ///   - refusal: what an answer without a token means.
    /// - Returns: the token.
    /// - Throws: `SupplierError` when there is none.
    static func token(
        in exchange: SupplierExchange,
        refusal: (ErrcodeReply) -> Refusal
    ) throws(SupplierError) -> FetchedToken {
        switch exchange {
        case .ended(let verdict): throw SupplierError(verdict)
        case .answered(let response):
            guard let reply = ErrcodeReply(response) else {
                throw SupplierError(SupplierExchange.verdict(onUnreadable: response))
            }
            guard reply.isSuccess else { throw .refused(refusal(reply)) }
            guard let value = reply.fields["access_token"].text, !value.isEmpty,
                let seconds = reply.fields["expires_in"].wholeNumber, seconds > 0
            else { throw .malformed("an answer without an access token") }
            return FetchedToken(Secret(value), for: .seconds(seconds))
        }
    }
}

extension HTTPRequest {
    /// A call whose body is a JSON object.
    static func json(_ body: WireObject, to url: String, timeouts: HTTPTimeouts) -> HTTPRequest {
        HTTPRequest(
            url: url,
            headers: [("Content-Type", "application/json; charset=utf-8")],
            body: WireValue.object(body).json,
            timeouts: timeouts
        )
    }
}
