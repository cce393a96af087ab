import Groundwork
import Synchronization

/// Hashes and compares passwords one after the other on a thread of its own, so that sign-ins take one core and the
/// memory of one hash, however many come at once.
package actor PasswordHasher {
    private let thread = BlockingExecutor(label: "kpush.people.hasher")
    private let cost: PasswordCost
    /// What unknown names are compared with, so that they take as long as known ones.
    private var decoy: PasswordHash?
    /// How many wait or are served.
    private nonisolated let queued = Mutex(0)

    /// The most that wait; at the usual cost the last of them waits for some seconds.
    private static let queueLimit = 32

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    package init(cost: PasswordCost = .usual) {
        self.cost = cost
    }

    /// The hash of a password.
    ///
    /// - Throws: `PeopleError.busy` when too many wait, or there is no memory for it.
    nonisolated func hash(_ password: Secret) async throws(PeopleError) -> PasswordHash {
        try await inTurn { () async throws in try await self.make(password) }
    }

    /// What comparing a password came to.
    enum Verdict: Hashable, Sendable {
        case wrong
        case right
        /// It is right, and was kept at another cost than is usual now: keep it so.
        case outdated(PasswordHash)
    }

    /// Compares a password with what is kept; takes as long when nothing is kept.
    ///
    /// - Throws: `PeopleError.busy` when too many wait, or there is no memory for it.
    nonisolated func compare(
        _ password: Secret,
        with kept: PasswordHash?
    ) async throws(PeopleError) -> Verdict {
        try await inTurn { () async throws in try await self.verdict(on: password, kept) }
    }

    private nonisolated func inTurn<Result: Sendable>(
        _ body: () async throws -> Result
    ) async throws(PeopleError) -> Result {
        let mayWait = queued.withLock { count in
            guard count < Self.queueLimit else { return false }
            count += 1
            return true
        }
        guard mayWait else { throw .busy }
        defer { queued.withLock { $0 -= 1 } }
        do { return try await body() } catch { throw .busy }
    }

    private func make(_ password: Secret) throws -> PasswordHash {
        try PasswordHash(of: password, cost: cost)
    }

    private func verdict(on password: Secret, _ kept: PasswordHash?) throws -> Verdict {
        guard let kept else {
            let decoy = try self.decoy ?? make(Secret("nobody's password"))
            self.decoy = decoy
            _ = try decoy.matches(password)
            return .wrong
        }
        guard try kept.matches(password) else { return .wrong }
        return kept.cost == cost ? .right : .outdated(try make(password))
    }
}
