package import Groundwork
package import Logging
import Synchronization

/// How a keeper of tokens looks after them.
package struct TokenKeeperSettings: Hashable, Sendable {
    /// How long a supplier may take to give a token.
    package var fetchLimit = Duration.seconds(5)
    /// How long whoever fetches keeps the others from it, alive or dead; longer than a fetch.
    package var turnLimit = Duration.seconds(7)
    /// How long a caller waits who has no token; longer than a turn, so that a dead fetcher is got over.
    package var patience = Duration.seconds(9)
    /// How often somebody who waits for another process looks.
    package var poll = Duration.milliseconds(100)
    /// How old the knowledge of this process may be: a token that another has replaced is noticed in this time.
    package var memory = Duration.seconds(10)
    /// How long a process goes on with the token it has before it looks again whether there is a next one.
    package var retry = Duration.seconds(1)
    /// How long nobody asks a supplier that gave no token, or none that was accepted.
    package var backoff = Backoff(first: .seconds(1), ceiling: .seconds(300))

    package init() {}
}

/// Hands out the access tokens of accounts, which all processes share and one of them fetches.
///
/// A token is replaced before it ends, in the last twenty-fourth of its lifetime (5 minutes of two hours, 1 hour of a
/// day), and when it was rejected. Whoever happens to ask first fetches, the others in the meantime go on with the old
/// one as long as it is valid. A process remembers its tokens, so that most calls ask no store.
package final class TokenKeeper: Sendable {
    /// A token and when it ends by this process's stopwatch, whoever stored it.
    private struct Held {
        let token: AccessToken
        let until: Duration

        init(_ token: AccessToken, at now: Duration) {
            self.token = token
            until = now + token.remaining
        }

        func token(at now: Duration) -> AccessToken? {
            guard until > now else { return nil }
            return AccessToken(
                value: token.value,
                lifetime: token.lifetime,
                remaining: until - now,
                turn: token.turn
            )
        }
    }

    /// What this process knows of one holder's token.
    private struct Seat {
        var held: Held?
        /// Until when the token is used without a look at the store.
        var lookAt = Duration.zero
        /// The newest token that was rejected here; older ones are of no use either.
        var rejected: RefreshTurn?
        /// The search that goes on.
        var flight: TokenFlight?
    }

    private enum Step {
        case use(AccessToken)
        case wait(TokenFlight)
        case search(TokenFlight)
    }

    private let search: TokenSearch
    private let settings: TokenKeeperSettings
    private let timer: any Clock<Duration>
    private let stopwatch: Stopwatch
    private let seats = Mutex<[TokenHolder: Seat]>([:])

    /// Makes a keeper.
    ///
    /// - Parameters:
    ///   - store: what all processes share.
    ///   - settings: limits and pauses.
    ///   - timer: monotonic, and counts the time that the host sleeps.
    ///   - logger: is told of tokens that are fetched, and of failures.
    package init(
        store: any AccessTokenStore,
        settings: TokenKeeperSettings = TokenKeeperSettings(),
        timer: any Clock<Duration>,
        logger: Logger
    ) {
        self.settings = settings
        self.timer = timer
        stopwatch = Stopwatch(timer)
        search = TokenSearch(store: store, settings: settings, timer: timer, logger: logger)
    }

    /// Tells how long a call that needs tokens takes, by the clock that waits for them.
    package func startStopwatch() -> Stopwatch { Stopwatch(timer) }

    /// The token to call `account`'s supplier with.
    ///
    /// - Parameters:
    ///   - account: the account.
    ///   - source: where its tokens come from.
    ///   - limit: how long the caller can wait; nil for as long as anybody waits.
    /// - Returns: a token that is valid.
    /// - Throws: `TokenError` when there is none that is valid and none can be had; nothing may be sent then.
    package func token(
        for account: SupplierAccount,
        from source: any TokenSource,
        within limit: Duration? = nil
    ) async throws(TokenError) -> AccessToken {
        try await find(TokenWish(account, source), within: limit).token
    }

    /// The token that follows one that the supplier rejected.
    ///
    /// However many report the same, in however many processes, one of them fetches; and none does when the token
    /// has been replaced already. That it was rejected is remembered also where the caller cannot wait.
    ///
    /// - Throws: as `token(for:from:within:)`.
    package func rejected(
        _ token: AccessToken,
        for account: SupplierAccount,
        from source: any TokenSource,
        within limit: Duration? = nil
    ) async throws(TokenError) -> AccessToken {
        let wish = TokenWish(account, source)
        seats.withLock { seats in
            var seat = seats[wish.holder] ?? Seat()
            seat.rejected = max(seat.rejected ?? token.turn, token.turn)
            if let held = seat.held, held.token.turn <= token.turn { seat.held = nil }
            seats[wish.holder] = seat
        }
        return try await find(wish, within: limit).token
    }

    /// Sees to it that `account` has a token that stays valid a while.
    ///
    /// - Throws: `TokenError` when one should be fetched and cannot be had, also while the old one is still valid.
    package func renew(
        for account: SupplierAccount,
        from source: any TokenSource
    ) async throws(TokenError) -> TokenRefresh {
        let finding = try await find(TokenWish(account, source))
        if let trouble = finding.trouble { throw trouble }
        let remaining = finding.token.remaining
        return finding.isNew ? .refreshed(for: remaining) : .stillValid(for: remaining)
    }

    /// How long the token of `account` is still valid, without fetching one; nil when there is none or nobody can tell.
    package func remaining(for account: SupplierAccount, from source: any TokenSource) async -> Duration? {
        try? await search.store.token(of: TokenWish(account, source).holder)?.remaining
    }

    private func find(
        _ wish: TokenWish,
        within limit: Duration? = nil
    ) async throws(TokenError) -> TokenFinding {
        let waited = Stopwatch(timer)
        let patience = min(limit ?? settings.patience, settings.patience)
        var finding: TokenFinding?
        while finding == nil {
            switch step(wish.holder) {
            case .use(let token): finding = TokenFinding(token)
            case .search(let flight): finding = try await fly(flight, wish, within: patience - waited.elapsed)
            case .wait(let flight):
                switch await flight.landing(within: patience - waited.elapsed, on: timer) {
                case .found(let token): finding = TokenFinding(token)
                case .failed(let error): throw error
                case .abandoned: break
                case nil: throw Task.isCancelled ? .cancelled : .timedOut
                }
            }
        }
        guard let finding else { throw .timedOut }
        return finding
    }

    /// What a caller does: nobody waits for a search while there is a token that is valid.
    private func step(_ holder: TokenHolder) -> Step {
        let now = stopwatch.elapsed
        return seats.withLock { seats in
            var seat = seats[holder] ?? Seat()
            let token = seat.held?.token(at: now)
            if let token, seat.flight != nil || now < seat.lookAt { return .use(token) }
            if let flight = seat.flight { return .wait(flight) }
            let flight = TokenFlight()
            seat.flight = flight
            seats[holder] = seat
            return .search(flight)
        }
    }

    /// Searches for all who wait, and remembers what was found; nil when it was rejected in the meantime.
    private func fly(
        _ flight: TokenFlight,
        _ wish: TokenWish,
        within patience: Duration
    ) async throws(TokenError) -> TokenFinding? {
        let (held, rejected) = seats.withLock { ($0[wish.holder]?.held, $0[wish.holder]?.rejected) }
        let known = held?.token(at: stopwatch.elapsed)
        let outcome = await search.run(wish, known: known, rejected: rejected, within: patience)
        let now = stopwatch.elapsed
        let finding: TokenFinding
        switch outcome {
        case .success(let found): finding = found
        case .failure(let error):
            seats.withLock { $0[wish.holder]?.flight = nil }
            // Others may have more time.
            flight.land([.cancelled, .timedOut].contains(error) ? .abandoned : .failed(error))
            throw error
        }
        let isGood = seats.withLock { seats in
            var seat = seats[wish.holder] ?? Seat()
            defer { seats[wish.holder] = seat }
            seat.flight = nil
            if let rejected = seat.rejected, finding.token.turn <= rejected { return false }
            let held = Held(finding.token, at: now)
            seat.held = held
            let comfort = finding.token.remaining - finding.token.margin
            seat.lookAt = now + (comfort > .zero ? min(settings.memory, comfort) : settings.retry)
            return true
        }
        flight.land(isGood ? .found(finding.token) : .abandoned)
        return isGood ? finding : nil
    }
}

/// A token that somebody wants.
struct TokenWish: Sendable {
    let holder: TokenHolder
    /// What people call the account.
    let name: String
    let source: any TokenSource

    init(_ account: SupplierAccount, _ source: any TokenSource) {
        holder = TokenHolder(source.owner)
        name = account.name
        self.source = source
    }
}

extension AccessToken {
    /// How long before its end the next one is fetched.
    ///
    /// A part of what the supplier said, and no fixed time: some hand out the same token until it nearly ends, and
    /// what they hand out then must not be asked for again at once.
    var margin: Duration { lifetime / 24 }
}
