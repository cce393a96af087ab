import Groundwork
import PushEngine

/// Makes calls that carry an access token; one whose token is rejected is made once more, with the next.
///
/// All of it together is over within `DeliverySettings.sendLimit`: what is left of that is what a token is waited for and
/// what a call gets, and a call that would get too little is not begun.
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
        let time = CallTime(tools)
        do throws(TokenError) {
            let token = try await tools.tokens.token(for: account, from: source, within: time.toWait)
            let first = await make(request(token.value), within: time)
            guard case .answered(let response) = first, isRejected(response) else { return first }
            let next = try await tools.tokens.rejected(token, for: account, from: source, within: time.toWait)
            let second = await make(request(next.value), within: time)
            guard case .answered(let again) = second, isRejected(again) else { return second }
            return .ended(.refused(Refusal(.badConfig, code: "kpush.token_rejected")))
        } catch {
            return .ended(.refused(Refusal(error)))
        }
    }

    private func make(_ request: HTTPRequest, within time: CallTime) async -> SupplierExchange {
        // Nothing was sent so far, or what was sent was rejected for its token: it may go again.
        guard time.toWait > .zero else {
            return .ended(.refused(Refusal(.transient, code: "kpush.token_late")))
        }
        var request = request
        request.timeouts.total = min(request.timeouts.total, time.left)
        return await SupplierExchange.make(request, over: tools.http)
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
