package import Groundwork
import Synchronization

/// Tokens for a process that shares them with no other; a restart fetches them anew.
package final class LocalAccessTokenStore: AccessTokenStore {
    private struct Entry {
        var token: (value: Secret, turn: RefreshTurn, lifetime: Duration, until: Moment)?
        var newest = RefreshTurn(rawValue: 0)
        /// When the newest turn was taken.
        var takenAt = Moment(millisecondsSinceEpoch: 0)
        /// When the newest turn ends by itself; nil when it is over.
        var turnEnds: Moment?
        var pauseEnds: Moment?
        var failures = 0
        /// Whether the newest turn brought a token that nobody has rejected.
        var isFine = false
        var isRejected = false

        func token(at now: Moment) -> AccessToken? {
            guard let token, token.until > now else { return nil }
            return AccessToken(
                value: token.value,
                lifetime: token.lifetime,
                remaining: token.until - now,
                turn: token.turn
            )
        }
    }

    private let clock: any WallClock
    private let entries = Mutex<[TokenHolder: Entry]>([:])

    package init(clock: any WallClock) {
        self.clock = clock
    }

    package func token(of holder: TokenHolder) async throws(StoreError) -> AccessToken? {
        let now = clock.now
        return entries.withLock { $0[holder]?.token(at: now) }
    }

    package func takeTurn(
        of holder: TokenHolder,
        after known: RefreshTurn?,
        for limit: Duration
    ) async throws(StoreError) -> TurnAnswer {
        let now = clock.now
        return entries.withLock { entries in
            var entry = entries[holder] ?? Entry()
            if let token = entry.token(at: now), token.turn != known { return .replaced }
            if let end = entry.turnEnds, end > now { return .taken(end - now) }
            if let end = entry.pauseEnds, end > now { return .paused(end - now) }
            if entry.isFine { entry.failures = 0 }
            entry.isFine = false
            entry.newest = RefreshTurn(rawValue: entry.newest.rawValue + 1)
            entry.takenAt = now
            entry.turnEnds = now + limit
            entries[holder] = entry
            return .yours(entry.newest, failures: entry.failures, isAfterRejection: entry.isRejected)
        }
    }

    package func put(
        _ value: Secret,
        for lifetime: Duration,
        of holder: TokenHolder,
        turn: RefreshTurn,
        pause: Duration
    ) async throws(StoreError) -> Bool {
        let now = clock.now
        return entries.withLock { entries in
            guard var entry = entries[holder], entry.newest == turn else { return false }
            entry.token = (value, turn, lifetime, entry.takenAt + lifetime)
            entry.turnEnds = nil
            entry.pauseEnds = now + pause
            entry.isFine = true
            entry.isRejected = false
            entries[holder] = entry
            return true
        }
    }

    package func giveUp(
        _ turn: RefreshTurn,
        of holder: TokenHolder,
        pause: Duration
    ) async throws(StoreError) {
        let now = clock.now
        entries.withLock { entries in
            guard var entry = entries[holder], entry.newest == turn, entry.turnEnds != nil else { return }
            entry.turnEnds = nil
            entry.pauseEnds = now + pause
            entry.failures += 1
            entries[holder] = entry
        }
    }

    package func invalidate(_ token: RefreshTurn, of holder: TokenHolder) async throws(StoreError) {
        entries.withLock { entries in
            guard var entry = entries[holder], entry.token?.turn == token else { return }
            entry.token = nil
            entry.failures += 1
            entry.isFine = false
            entry.isRejected = true
            entries[holder] = entry
        }
    }
}
