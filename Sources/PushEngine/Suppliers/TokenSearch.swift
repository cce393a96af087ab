import Groundwork
import Logging

/// A token that was found.
struct TokenFinding: Sendable {
    let token: AccessToken
    /// Whether it was fetched just now, by this process.
    var isNew = false
    /// Why there is no newer one, though there should be.
    var trouble: TokenError?

    init(_ token: AccessToken) {
        self.token = token
    }
}

/// Finds a token where the processes share it, or fetches it when its turn has come.
struct TokenSearch: Sendable {
    let store: any AccessTokenStore
    let settings: TokenKeeperSettings
    let timer: any Clock<Duration>
    let logger: Logger

    /// A turn to fetch.
    private struct Turn {
        let number: RefreshTurn
        let failures: Int
        let isAfterRejection: Bool

        /// Whether asking as usual brought what was rejected again.
        var isToBeForced: Bool { isAfterRejection && failures > 1 }
    }

    /// Searches; falls back on a token that is still valid when no newer can be had.
    ///
    /// - Parameters:
    ///   - wish: what is wanted.
    ///   - known: what this process has; valid.
    ///   - rejected: the newest token that was rejected; it and those before count as none.
    ///   - patience: how long it may be until the last look.
    /// - Returns: a token that is valid, or why there is none.
    func run(
        _ wish: TokenWish,
        known: AccessToken?,
        rejected: RefreshTurn?,
        within patience: Duration
    ) async -> Result<TokenFinding, TokenError> {
        let stopwatch = Stopwatch(timer)
        var fallback = known.map { ($0, Duration.zero) }
        do throws(TokenError) {
            var finding: TokenFinding?
            while finding == nil {
                guard stopwatch.elapsed < patience else { throw .timedOut }
                let stored = try await read(wish, rejected)
                if let stored {
                    fallback = (stored, stopwatch.elapsed)
                    if stored.remaining > stored.margin {
                        finding = TokenFinding(stored)
                        continue
                    }
                }
                finding = try await fetchOrWait(wish, stored)
            }
            guard let finding else { return .failure(.timedOut) }
            return .success(finding)
        } catch {
            guard error != .cancelled, let (token, since) = fallback,
                let token = token.after(stopwatch.elapsed - since)
            else { return .failure(error) }
            var finding = TokenFinding(token)
            finding.trouble = error
            return .success(finding)
        }
    }

    /// The token that all share; one that this process knows to be rejected is taken from all.
    private func read(_ wish: TokenWish, _ rejected: RefreshTurn?) async throws(TokenError) -> AccessToken? {
        do throws(StoreError) {
            guard let token = try await store.token(of: wish.holder) else { return nil }
            guard let rejected, token.turn <= rejected else { return token }
            try await store.invalidate(token.turn, of: wish.holder)
            return nil
        } catch { throw .store(error) }
    }

    /// Fetches when nobody else does; nil when it is to be looked again what there is.
    private func fetchOrWait(
        _ wish: TokenWish,
        _ stored: AccessToken?
    ) async throws(TokenError) -> TokenFinding? {
        let answer: TurnAnswer
        do {
            answer = try await store.takeTurn(of: wish.holder, after: stored?.turn, for: settings.turnLimit)
        } catch { throw .store(error) }
        switch answer {
        case .yours(let number, let failures, let isAfterRejection):
            let turn = Turn(number: number, failures: failures, isAfterRejection: isAfterRejection)
            return try await fetch(wish, turn)
        case .replaced: return nil
        case .taken(let rest):
            if let stored { return TokenFinding(stored) }
            // Being cancelled is told of by what comes next.
            try? await timer.sleep(for: min(settings.poll, rest))
            if Task.isCancelled { throw .cancelled }
            return nil
        case .paused(let rest):
            if let stored { return TokenFinding(stored) }
            throw .paused(rest)
        }
    }

    /// Fetches a token and shares it; nil when somebody else has taken a turn since.
    private func fetch(_ wish: TokenWish, _ turn: Turn) async throws(TokenError) -> TokenFinding? {
        let stopwatch = Stopwatch(timer)
        let fetched: FetchedToken
        do throws(TokenError) { fetched = try await ask(wish.source, turn) } catch {
            let isOurs = error == .cancelled
            let pause = isOurs ? .zero : settings.backoff.wait(afterAttempt: turn.failures + 1)
            // A turn that cannot be given up ends by itself.
            try? await store.giveUp(turn.number, of: wish.holder, pause: pause)
            logger.warning("no access token from supplier", metadata: metadata(wish, error))
            throw error
        }
        let pause = turn.failures > 0 ? settings.backoff.wait(afterAttempt: turn.failures) : .zero
        var trouble: TokenError?
        do throws(StoreError) {
            let isStored = try await store.put(
                fetched.value,
                for: fetched.lifetime,
                of: wish.holder,
                turn: turn.number,
                pause: pause
            )
            guard isStored else { return nil }
            logger.info("access token fetched", metadata: [LogKey.account: "\(wish.name)"])
        } catch {
            // It is good all the same; the others fetch another when they can.
            trouble = .store(error)
            logger.warning("access token not shared", metadata: metadata(wish, .store(error)))
        }
        let token = AccessToken(
            value: fetched.value,
            lifetime: fetched.lifetime,
            remaining: fetched.lifetime,
            turn: turn.number
        )
        guard let token = token.after(stopwatch.elapsed) else { return nil }
        var finding = TokenFinding(token)
        finding.isNew = true
        finding.trouble = trouble
        return finding
    }

    private func ask(_ source: any TokenSource, _ turn: Turn) async throws(TokenError) -> FetchedToken {
        let limit = settings.fetchLimit
        let timer = timer
        let answer = await withTaskGroup(of: Result<FetchedToken, SupplierError>?.self) { group in
            group.addTask {
                do throws(SupplierError) {
                    return .success(try await source.fetchToken(isAfterRejection: turn.isToBeForced))
                } catch { return .failure(error) }
            }
            group.addTask {
                // A sleep ends early only by cancellation, of this caller or because the supplier has answered.
                try? await timer.sleep(for: limit)
                return nil
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? nil
        }
        switch answer {
        case .success(let token) where token.value.isEmpty || token.lifetime < .milliseconds(1):
            throw .supplier(.malformed("an access token that is empty or over"))
        case .success(let token): return token
        case .failure(_) where Task.isCancelled: throw .cancelled
        case .failure(let error): throw .supplier(error)
        case nil where Task.isCancelled: throw .cancelled
        case nil: throw .supplier(.unavailable("no access token within \(limit.wholeMilliseconds) ms"))
        }
    }

    private func metadata(_ wish: TokenWish, _ error: TokenError) -> Logger.Metadata {
        [LogKey.account: "\(wish.name)", LogKey.error: "\(error)"]
    }
}

extension AccessToken {
    /// The same token when so much time has passed; nil when it is over then.
    func after(_ time: Duration) -> AccessToken? {
        guard remaining > time else { return nil }
        return AccessToken(value: value, lifetime: lifetime, remaining: remaining - time, turn: turn)
    }
}
