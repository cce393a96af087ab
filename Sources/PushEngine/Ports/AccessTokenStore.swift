package import Groundwork

/// What a supplier gave an account to prove itself with for a while.
package struct AccessToken: Hashable, Sendable {
    package let value: Secret
    /// How long it is still valid.
    package let remaining: Duration
    /// The turn in which it was fetched, which tells it from those before and after.
    package let turn: RefreshTurn

    package init(value: Secret, remaining: Duration, turn: RefreshTurn) {
        self.value = value
        self.remaining = remaining
        self.turn = turn
    }
}

/// The right to fetch an account's next token, for a time; grows with every turn that is taken.
package struct RefreshTurn: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}

/// The access tokens of accounts, shared by all who send, fetched by one of them at a time.
///
/// With many suppliers a new token ends the one before, so two who fetch at once take each other's away.
package protocol AccessTokenStore: Sendable {
    /// The token of `account`; nil when there is none that is valid.
    func token(of account: AccountID) async throws(StoreError) -> AccessToken?

    /// Takes the right to fetch the next token of `account` until `limit` has passed; nil while somebody has it.
    func takeTurn(of account: AccountID, for limit: Duration) async throws(StoreError) -> RefreshTurn?

    /// Stores what was fetched in `turn`, valid for `lifetime` from now on, and ends the turn.
    ///
    /// - Returns: false, with nothing stored, when somebody else has taken a turn since: theirs is the newer.
    func put(
        _ value: Secret,
        for lifetime: Duration,
        of account: AccountID,
        turn: RefreshTurn
    ) async throws(StoreError) -> Bool

    /// Ends a turn that brought nothing; does nothing when it is over.
    func giveUp(_ turn: RefreshTurn, of account: AccountID) async throws(StoreError)

    /// Forgets a token that the supplier rejected; does nothing when another has been stored since.
    func invalidate(_ token: AccessToken, of account: AccountID) async throws(StoreError)
}
