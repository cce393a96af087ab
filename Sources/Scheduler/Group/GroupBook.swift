import Groundwork
import Synchronization

/// Which tokens open the doors to whom, as read from the store a moment ago.
final class GroupBook: Sendable {
    private struct State {
        var tokens: [String: GroupToken]?
        var readAt = Duration.zero
        /// Counts how often something changed here, so that what was read before does not come back.
        var edition = 0
    }

    /// How long after a change in another process the former token may still count.
    private static let freshness = Duration.seconds(1)

    private let state = Mutex(State())

    /// The tokens of all groups that have a record, by name.
    ///
    /// - Parameters:
    ///   - store: where they are read from.
    ///   - elapsed: the present, on a stopwatch that is always the same one.
    /// - Returns: the tokens.
    /// - Throws: `StoreError` when they have to be read and cannot be.
    func tokens(
        from store: any GroupStore,
        at elapsed: Duration
    ) async throws(StoreError) -> [String: GroupToken] {
        let (known, edition) = state.withLock { state in
            (elapsed - state.readAt < Self.freshness ? state.tokens : nil, state.edition)
        }
        if let known { return known }
        let tokens = Dictionary(try await store.groups().map { ($0.name, $0.token) }) { first, _ in first }
        state.withLock { state in
            guard state.edition == edition else { return }
            state.tokens = tokens
            state.readAt = elapsed
        }
        return tokens
    }

    /// Has the tokens read anew: one of them has just changed.
    func turnPage() {
        state.withLock { state in
            state.tokens = nil
            state.edition += 1
        }
    }
}

/// Decides whom a token lets in.
struct DoorKeys: Sendable {
    /// The token of groups without one of their own.
    let shared: Secret
    /// By the name of the group.
    let tokens: [String: GroupToken]

    /// Whether `shown` is the token of `group`.
    func open(_ group: String, to shown: String) -> Bool {
        (tokens[group] ?? .shared).secret(shared: shared)?.matches(shown) ?? false
    }

    /// Whom `shown` makes the caller of the job API; nil for nobody, or for another group than it says it is of.
    func caller(showing shown: String, as appName: String?) -> JobDoor.Caller? {
        if shared.matches(shown) { return .everybody }
        let owners = tokens.keys.filter { tokens[$0]?.isOwn == true && open($0, to: shown) }
        guard let appName, !appName.isEmpty else { return owners.min().map(JobDoor.Caller.group) }
        return owners.contains(appName) ? .group(appName) : nil
    }

    /// Whether `shown` is the token of anybody at all.
    func openAny(to shown: String) -> Bool {
        // All are compared, so that the time tells nothing of which it was.
        tokens.values.reduce(shared.matches(shown)) { found, token in
            (token.secret(shared: shared)?.matches(shown) ?? false) || found
        }
    }
}
