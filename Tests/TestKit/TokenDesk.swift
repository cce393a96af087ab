import Groundwork
package import PushEngine
import Synchronization

/// A supplier that hands out tokens of which only the newest is good, as slowly and as badly as a test wants.
package final class TokenDesk: TokenSource {
    private struct State {
        var lifetime = Duration.seconds(7_200)
        var fault: SupplierError?
        var gate: Gate?
        var asked: [Bool] = []
        var good: Secret?
        var atOnce = 0
        var mostAtOnce = 0
    }

    package let owner: TokenOwner
    private let state = Mutex(State())

    /// Makes a desk for the tokens of `owner`.
    package init(owner: TokenOwner = TokenOwner(["app"], secret: Secret("app-secret"))) {
        self.owner = owner
    }

    /// Of each time that a token was asked for, whether the last one had been rejected.
    package var asked: [Bool] { state.withLock(\.asked) }

    /// How many were in the middle of asking at the same time, at most.
    package var mostAtOnce: Int { state.withLock(\.mostAtOnce) }

    /// Lets tokens last for so long from now on.
    package func lifetime(_ lifetime: Duration) { state.withLock { $0.lifetime = lifetime } }

    /// Refuses to hand out tokens from now on; nil hands them out again.
    package func fail(with fault: SupplierError?) { state.withLock { $0.fault = fault } }

    /// Lets those who ask from now on wait at `gate`; nil lets nobody wait.
    package func hold(at gate: Gate?) { state.withLock { $0.gate = gate } }

    /// Ends the token that is good.
    package func revoke() { state.withLock { $0.good = nil } }

    package func accepts(_ token: AccessToken) -> Bool { state.withLock { $0.good == token.value } }

    package func fetchToken(isAfterRejection: Bool) async throws(SupplierError) -> FetchedToken {
        let gate = state.withLock { state in
            state.asked.append(isAfterRejection)
            state.atOnce += 1
            state.mostAtOnce = max(state.mostAtOnce, state.atOnce)
            return state.gate
        }
        defer { state.withLock { $0.atOnce -= 1 } }
        // Somebody who is cancelled gets no answer.
        do { try await gate?.pass() } catch { throw .unavailable("cancelled") }
        let answer = state.withLock { state -> Result<FetchedToken, SupplierError> in
            if let fault = state.fault { return .failure(fault) }
            let value = Secret("token-\(state.asked.count)")
            state.good = value
            return .success(FetchedToken(value, for: state.lifetime))
        }
        return try answer.get()
    }
}
