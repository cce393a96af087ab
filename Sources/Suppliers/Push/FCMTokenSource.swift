import CryptoExtras
import Groundwork
import PushEngine

/// Fetches the tokens of a Google service account: what it signs with its own key proves who asks.
struct FCMTokenSource: TokenSource {
    let owner: TokenOwner
    private let tokenURL: String
    private let clientEmail: String
    private let privateKey: Secret
    private let tools: SupplierTools

    init(_ account: SupplierAccount, _ tools: SupplierTools) {
        let given = account["tokenUrl"]
        tokenURL =
            given.isEmpty
            ? account.tokenAddress(
                "https://oauth2.googleapis.com/token",
                besides: FCMSupplier.address,
                orBelow: "token"
            ) : given
        clientEmail = account["clientEmail"]
        privateKey = account.secret("privateKey")
        owner = TokenOwner([account.kind.rawValue, tokenURL, clientEmail], secret: privateKey)
        self.tools = tools
    }

    func fetchToken(isAfterRejection: Bool) async throws(SupplierError) -> FetchedToken {
        let assertion = try Self.signed(signingInput(at: tools.clock.now), with: privateKey)
        return try await OAuthTokens.fetch(
            from: tokenURL,
            [
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", assertion.reveal()),
            ],
            tools
        )
    }

    /// What is signed at a moment, for an hour.
    func signingInput(at moment: Moment) -> String {
        let now = moment.secondsSinceEpoch
        return JSONWebToken.signingInput(
            header: ["alg": "RS256", "typ": "JWT"],
            claims: [
                "iss": .text(clientEmail), "scope": "https://www.googleapis.com/auth/firebase.messaging",
                "aud": .text(tokenURL), "iat": .integer(now), "exp": .integer(now + 3_600),
            ]
        )
    }

    /// RS256 (RFC 7518, 3.3).
    static func signed(_ input: String, with privateKey: Secret) throws(SupplierError) -> Secret {
        do {
            let key = try _RSA.Signing.PrivateKey(pemRepresentation: privateKey.pem)
            let signature = try key.signature(for: Array(input.utf8), padding: .insecurePKCS1v1_5)
            return JSONWebToken.token(input, signature: signature.rawRepresentation)
        } catch {
            throw .badPrivateKey
        }
    }
}
