package import Groundwork

/// What a supplier gave to prove oneself with for a while.
package struct AccessToken: Hashable, Sendable {
    package let value: Secret
    /// How long it was valid when it was fetched.
    package let lifetime: Duration
    /// How long it is still valid.
    package let remaining: Duration
    /// The turn in which it was fetched, which tells it from those before and after.
    package let turn: RefreshTurn

    package init(value: Secret, lifetime: Duration, remaining: Duration, turn: RefreshTurn) {
        self.value = value
        self.lifetime = lifetime
        self.remaining = remaining
        self.turn = turn
    }
}

/// Names the credentials that a token is fetched with: whose tokens they are, whatever account holds them.
///
/// Two accounts with the same credentials have one token, and an account whose credentials change has another.
package struct TokenHolder: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }
}

/// The right to fetch a holder's next token, for a time; grows with every turn that is taken.
package struct RefreshTurn: RawRepresentable, Hashable, Comparable, Sendable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    package static func < (left: RefreshTurn, right: RefreshTurn) -> Bool { left.rawValue < right.rawValue }
}

/// What somebody hears who wants to fetch a token.
package enum TurnAnswer: Hashable, Sendable {
    /// The turn is theirs. `failures` tells how many turns in a row brought nothing, or a token that was rejected;
    /// `isAfterRejection` tells that the last token was rejected, and must not be handed out again.
    case yours(RefreshTurn, failures: Int, isAfterRejection: Bool)
    /// There is another token than the one they know.
    case replaced
    /// Somebody has the turn, for so long at most.
    case taken(Duration)
    /// Nobody may fetch for so long.
    case paused(Duration)
}

/// The access tokens of suppliers, shared by all who send, fetched by one of them at a time.
///
/// With many suppliers a new token ends the one before, so two who fetch at once take each other's away.
package protocol AccessTokenStore: Sendable {
    /// The token of `holder`; nil when there is none that is valid.
    func token(of holder: TokenHolder) async throws(StoreError) -> AccessToken?

    /// Takes the right to fetch the token that follows the one of turn `known`, until `limit` has passed; who knows
    /// of no token that is valid, knows nil.
    func takeTurn(
        of holder: TokenHolder,
        after known: RefreshTurn?,
        for limit: Duration
    ) async throws(StoreError) -> TurnAnswer

    /// Stores what was fetched in `turn`, ends the turn, and lets nobody take the next before `pause` has passed.
    ///
    /// It is valid for `lifetime` from when the turn was taken, which was before it was fetched. Answers false, with
    /// nothing stored, when the turn is not the newest: another token is, or will be, the newer.
    func put(
        _ value: Secret,
        for lifetime: Duration,
        of holder: TokenHolder,
        turn: RefreshTurn,
        pause: Duration
    ) async throws(StoreError) -> Bool

    /// Ends a turn that brought nothing, and lets nobody take the next before `pause` has passed; does nothing when
    /// the turn is over.
    func giveUp(_ turn: RefreshTurn, of holder: TokenHolder, pause: Duration) async throws(StoreError)

    /// Forgets a token that the supplier rejected; does nothing when another has been stored since.
    func invalidate(_ token: RefreshTurn, of holder: TokenHolder) async throws(StoreError)
}
