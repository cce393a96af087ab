import Groundwork
import Logging
import PushEngine
import Synchronization
import TestKit

/// Keepers of tokens as processes have them, over one store, by a clock that a test moves.
struct TokenStage {
    let clock = ManualClock(Moment(secondsSinceEpoch: 1_775_000_000))
    let desk = TokenDesk()
    let store: WatchedTokenStore
    let account = SupplierAccount.sample("wechat", id: 7)
    let log = LogRecorder()

    init() {
        store = WatchedTokenStore(LocalAccessTokenStore(clock: clock.calendar))
    }

    func keeper(_ change: (inout TokenKeeperSettings) -> Void = { _ in }) -> TokenKeeper {
        var settings = TokenKeeperSettings()
        settings.backoff.jitter = 0
        change(&settings)
        let log = log
        let logger = Logger(label: "test") { _ in log }
        return TokenKeeper(store: store, settings: settings, timer: clock, logger: logger)
    }

    func token(_ keeper: TokenKeeper) async throws(TokenError) -> AccessToken {
        try await keeper.token(for: account, from: desk)
    }

    func value(_ keeper: TokenKeeper) async throws(TokenError) -> String {
        try await token(keeper).value.reveal()
    }

    func rejected(_ token: AccessToken, _ keeper: TokenKeeper) async throws(TokenError) -> AccessToken {
        try await keeper.rejected(token, for: account, from: desk)
    }

    /// Why there is no token; nil when there is one.
    func trouble(_ keeper: TokenKeeper) async -> TokenError? {
        do { _ = try await token(keeper) } catch { return error }
        return nil
    }
}

/// A store that counts who looks, and can be away.
final class WatchedTokenStore: AccessTokenStore {
    private let store: any AccessTokenStore
    private let state = Mutex((looks: 0, isAway: false))

    init(_ store: any AccessTokenStore) {
        self.store = store
    }

    /// How many times anything was asked of it.
    var looks: Int { state.withLock(\.looks) }

    func away(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

    private func look() throws(StoreError) {
        let isAway = state.withLock { state in
            state.looks += 1
            return state.isAway
        }
        if isAway { throw StoreError(.unavailable, during: "test") }
    }

    func token(of holder: TokenHolder) async throws(StoreError) -> AccessToken? {
        try look()
        return try await store.token(of: holder)
    }

    func takeTurn(
        of holder: TokenHolder,
        after known: RefreshTurn?,
        for limit: Duration
    ) async throws(StoreError) -> TurnAnswer {
        try look()
        return try await store.takeTurn(of: holder, after: known, for: limit)
    }

    func put(
        _ value: Secret,
        for lifetime: Duration,
        of holder: TokenHolder,
        turn: RefreshTurn,
        pause: Duration
    ) async throws(StoreError) -> Bool {
        try look()
        return try await store.put(value, for: lifetime, of: holder, turn: turn, pause: pause)
    }

    func giveUp(_ turn: RefreshTurn, of holder: TokenHolder, pause: Duration) async throws(StoreError) {
        try look()
        try await store.giveUp(turn, of: holder, pause: pause)
    }

    func invalidate(_ token: RefreshTurn, of holder: TokenHolder) async throws(StoreError) {
        try look()
        try await store.invalidate(token, of: holder)
    }
}
