package import Groundwork
import Synchronization

/// Where somebody shows a name and a password.
///
/// What it answers, and how long it takes, is the same for a wrong password, a name that nobody has, and a disabled
/// user; of the last not even the right password tells.
package final class SignInDesk: Sendable {
    private let service: UserService
    private let throttle = Mutex(SignInThrottle())

    package init(_ service: UserService) {
        self.service = service
    }

    /// What signing in came to.
    package enum Outcome: Hashable, Sendable {
        case signedIn(User)
        case refused
        /// Not even looked at: it was wrong too often, and this long is to be waited.
        case tooOften(wait: Duration)
    }

    /// Looks at a name and a password.
    ///
    /// - Parameters:
    ///   - name: as it was typed.
    ///   - password: as it was typed.
    ///   - address: where it comes from.
    /// - Returns: who it is, or that it is nobody.
    /// - Throws: `PeopleError.busy`, or `.store`.
    package func signIn(
        _ name: String,
        _ password: Secret,
        from address: String
    ) async throws(PeopleError) -> Outcome {
        let known = UserName(name.trimmingBlanks)
        // A name of any length counts as one, in bounded memory.
        let key = known?.text ?? ""
        if let wait = admit(key, address) { return .tooOften(wait: wait) }
        var kept: Credentials?
        if let known {
            kept = try await service.storing { () async throws(StoreError) in
                try await service.users.credentials(of: known)
            }
        }
        let isTypable = password.reveal().count <= PasswordRule.lengths.upperBound
        let verdict = try await service.hasher.compare(
            isTypable ? password : Secret(""),
            with: kept?.password
        )
        guard let user = kept?.user, verdict != .wrong, isTypable, !user.isDisabled else { return .refused }
        throttle.withLock { $0.succeed(name: key, address: address) }
        guard case .outdated(let hash) = verdict else { return .signedIn(user) }
        // Whoever changed the user meanwhile goes first; the next sign-in tries again.
        return .signedIn((try? await service.replace(user, password: hash)) ?? user)
    }

    /// Looks at the API token instead of a password, throttled by address alone: by name, everybody could keep those
    /// out who have it.
    ///
    /// - Parameters:
    ///   - address: where it comes from.
    ///   - isRight: whether what was shown is right; asked only when it may be looked at.
    /// - Returns: nil when it is right, else why not.
    package func admitToken(from address: String, _ isRight: () -> Bool) -> Outcome? {
        if let wait = admit(nil, address) { return .tooOften(wait: wait) }
        guard isRight() else { return .refused }
        throttle.withLock { $0.succeed(name: nil, address: address) }
        return nil
    }

    private func admit(_ name: String?, _ address: String) -> Duration? {
        let now = service.clock.now
        return throttle.withLock { throttle in
            if let wait = throttle.wait(name: name, address: address, at: now) { return wait }
            throttle.begin(name: name, address: address, at: now)
            return nil
        }
    }
}
