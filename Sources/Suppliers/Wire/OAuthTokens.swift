import Groundwork
import PushEngine

/// Asks for access tokens as OAuth 2.0 has it (RFC 6749).
enum OAuthTokens {
    /// Asks for one.
    ///
    /// - Parameters:
    ///   - url: where.
    ///   - form: what proves that we may have one.
    ///   - tools: what carries the call.
    /// - Returns: the token.
    /// - Throws: `SupplierError` when there was no answer, or a refusal.
    static func fetch(
        from url: String,
        _ form: [(name: String, value: String)],
        _ tools: SupplierTools
    ) async throws(SupplierError) -> FetchedToken {
        let request = HTTPRequest(
            url: url,
            headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: PercentEncoding.formBytes(form),
            timeouts: tools.timeouts
        )
        return try token(in: await SupplierExchange.make(request, over: tools.http).response())
    }

    private static func token(in response: HTTPResponse) throws(SupplierError) -> FetchedToken {
        guard let body = (try? WireValue(json: response.body))?.object else {
            throw SupplierError(SupplierExchange.verdict(onUnreadable: response))
        }
        if (200...299).contains(response.status), let value = body["access_token"].text {
            return FetchedToken(Secret(value), for: .seconds(body["expires_in"].wholeNumber ?? 0))
        }
        guard let code = body["error"].text else {
            throw SupplierError(SupplierExchange.verdict(onUnreadable: response))
        }
        throw .refused(
            Refusal(
                response.status == 429 ? .throttled : .badConfig,
                code: "oauth.\(code)",
                message: body["error_description"].text ?? "",
                wait: response.retryAfter
            )
        )
    }
}
