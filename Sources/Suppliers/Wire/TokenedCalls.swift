import Groundwork
import PushEngine

/// Makes calls that carry an access token; one whose token is rejected is made once more, with the next.
struct TokenedCalls: Sendable {
    let account: SupplierAccount
    let source: any TokenSource
    let tools: SupplierTools

    /// Makes a call and sorts how it ended.
    ///
    /// - Parameters:
    ///   - request: the call, with a token.
    ///   - isRejected: whether an answer says that the token is none, or none any more.
    /// - Returns: how it ended; a refusal by us when there is no token, since nothing was sent then.
    func make(
        _ request: (Secret) -> HTTPRequest,
        isRejected: (HTTPResponse) -> Bool
    ) async -> SupplierExchange {
        do throws(TokenError) {
            let token = try await tools.tokens.token(for: account, from: source)
            let first = await SupplierExchange.make(request(token.value), over: tools.http)
            guard case .answered(let response) = first, isRejected(response) else { return first }
            let next = try await tools.tokens.rejected(token, for: account, from: source)
            let second = await SupplierExchange.make(request(next.value), over: tools.http)
            guard case .answered(let again) = second, isRejected(again) else { return second }
            return .ended(.refused(Refusal(.badConfig, code: "kpush.token_rejected")))
        } catch {
            return .ended(.refused(Refusal(error)))
        }
    }
}

extension Refusal {
    /// What it means for a call that there is no token: nothing was sent.
    fileprivate init(_ error: TokenError) {
        switch error {
        case .supplier(.refused(let refusal)):
            // A call for a token names neither recipient nor content: what would be their fault is the account's.
            let isOfAccount = [.badConfig, .throttled, .transient].contains(refusal.fault)
            self =
                isOfAccount
                ? refusal
                : Refusal(.badConfig, code: refusal.code, message: refusal.message, wait: refusal.wait)
        case .paused(let wait): self.init(.transient, code: "kpush.token_paused", wait: wait)
        case .supplier, .store, .timedOut, .cancelled:
            self.init(.transient, code: "kpush.no_token", message: "\(error)")
        }
    }
}
