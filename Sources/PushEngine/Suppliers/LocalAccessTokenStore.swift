package import Groundwork
import Synchronization

/// Tokens for a process that shares them with no other; a restart fetches them anew.
package final class LocalAccessTokenStore: AccessTokenStore {
    private struct Entry {
        var token: (value: Secret, turn: RefreshTurn, until: Moment)?
        var newest = RefreshTurn(rawValue: 0)
        /// When the newest turn ends by itself; nil when it is over.
        var turnEnds: Moment?
    }

    private let clock: any WallClock
    private let entries = Mutex<[AccountID: Entry]>([:])

    package init(clock: any WallClock) {
        self.clock = clock
    }

    package func token(of account: AccountID) async throws(StoreError) -> AccessToken? {
        let now = clock.now
        return entries.withLock { entries in
            guard let token = entries[account]?.token, token.until > now else { return nil }
            return AccessToken(value: token.value, remaining: token.until - now, turn: token.turn)
        }
    }

    package func takeTurn(
        of account: AccountID,
        for limit: Duration
    ) async throws(StoreError) -> RefreshTurn? {
        let now = clock.now
        return entries.withLock { entries in
            var entry = entries[account] ?? Entry()
            if let end = entry.turnEnds, end > now { return nil }
            entry.newest = RefreshTurn(rawValue: entry.newest.rawValue + 1)
            entry.turnEnds = now + limit
            entries[account] = entry
            return entry.newest
        }
    }

    package func put(
        _ value: Secret,
        for lifetime: Duration,
        of account: AccountID,
        turn: RefreshTurn
    ) async throws(StoreError) -> Bool {
        let until = clock.now + lifetime
        return entries.withLock { entries in
            guard entries[account]?.newest == turn else { return false }
            entries[account]?.token = (value, turn, until)
            entries[account]?.turnEnds = nil
            return true
        }
    }

    package func giveUp(_ turn: RefreshTurn, of account: AccountID) async throws(StoreError) {
        entries.withLock { entries in
            if entries[account]?.newest == turn { entries[account]?.turnEnds = nil }
        }
    }

    package func invalidate(_ token: AccessToken, of account: AccountID) async throws(StoreError) {
        entries.withLock { entries in
            if entries[account]?.token?.turn == token.turn { entries[account]?.token = nil }
        }
    }
}
