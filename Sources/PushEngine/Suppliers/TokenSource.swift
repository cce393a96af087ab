import Crypto
package import Groundwork

/// Fetches the access tokens of one account from its supplier.
package protocol TokenSource: Sendable {
    /// Whose tokens it fetches: accounts with the same credentials share theirs.
    var owner: TokenOwner { get }

    /// Asks the supplier for a token; ends soon after its task is cancelled.
    ///
    /// - Parameter isAfterRejection: the last two tokens were rejected, so a supplier that hands out the same as long as
    ///   it lasts must be made to give another (WeChat: `force_refresh`, of which there are twenty a day). After one
    ///   rejection it is asked as usual: whoever else fetches with these credentials may have replaced it.
    /// - Returns: a token, which need not be another than the last one otherwise.
    /// - Throws: `SupplierError` when the supplier did not answer or refused; it must not hold a token.
    func fetchToken(isAfterRejection: Bool) async throws(SupplierError) -> FetchedToken
}

/// What a supplier answered who was asked for a token.
package struct FetchedToken: Hashable, Sendable {
    package let value: Secret
    /// For how long it says that the token is valid, up to thirty days.
    package let lifetime: Duration

    package init(_ value: Secret, for lifetime: Duration) {
        self.value = value
        // Nobody's lasts so long; what a supplier says is not computed with unseen.
        self.lifetime = min(lifetime, .seconds(30 * 86_400))
    }
}

/// What seeing to a token came to.
package enum TokenRefresh: Hashable, Sendable {
    /// The token at hand lasts for so long.
    case stillValid(for: Duration)
    /// A new token was fetched, which lasts for so long.
    case refreshed(for: Duration)
}

/// Why there is no access token; nothing was sent without one.
package enum TokenError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The processes' common store does not answer, so that nobody may fetch.
    case store(StoreError)
    /// The supplier gave none.
    case supplier(SupplierError)
    /// The supplier gave none before, or rejected what it gave; it is asked again after so long.
    case paused(Duration)
    /// Whoever fetches takes too long.
    case timedOut
    case cancelled

    package var description: String {
        switch self {
        case .store(let error): "access token: \(error)"
        case .supplier(let error): "access token: \(error)"
        case .paused(let wait): "access token: not asked for again for \(wait.wholeMilliseconds) ms"
        case .timedOut: "access token: timed out"
        case .cancelled: "access token: cancelled"
        }
    }
}

/// Credentials that tokens are fetched with.
package struct TokenOwner: Hashable, Sendable {
    /// What tells them from others and may be seen, such as the supplier, its address and an application's id.
    package let names: [String]
    package let secret: Secret

    package init(_ names: [String], secret: Secret) {
        self.names = names
        self.secret = secret
    }
}

extension TokenHolder {
    /// The holder of the tokens that credentials fetch; names them so that nobody can tell what they are.
    package init(_ owner: TokenOwner) {
        let code = HMAC<SHA256>
            .authenticationCode(
                for: Array(owner.names.joined(separator: "\n").utf8),
                using: SymmetricKey(data: Array(owner.secret.reveal().utf8))
            )
        self.init(rawValue: Array(code.prefix(16)).hexDigits)
    }
}
