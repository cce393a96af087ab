import Groundwork

/// What came of a look whether an account's address and credentials are good.
package enum ConnectionVerdict: Hashable, Sendable {
    case good
    /// What is wrong, in words that tell no secret.
    case bad(String)
    /// Its supplier has no call that would prove it without sending something.
    case notOffered
}

/// Looks after accounts for those who set them up: whether they can be reached, and how they do.
package struct AccountWatch: Sendable {
    private let health: AccountHealth
    private let tokens: TokenKeeper
    private let limit: Duration
    private let timer: any Clock<Duration>
    private let adapter: @Sendable (SupplierAccount) -> any Supplier

    /// Makes a watch.
    ///
    /// - Parameters:
    ///   - health: what calls have shown.
    ///   - tokens: whose tokens are looked for.
    ///   - limit: how long a look may take.
    ///   - timer: what that is measured with.
    ///   - adapter: makes an account's adapter.
    package init(
        health: AccountHealth,
        tokens: TokenKeeper,
        limit: Duration = .seconds(10),
        timer: any Clock<Duration>,
        adapter: @escaping @Sendable (SupplierAccount) -> any Supplier
    ) {
        self.health = health
        self.tokens = tokens
        self.limit = limit
        self.timer = timer
        self.adapter = adapter
    }

    /// How an account does.
    package func standing(of account: AccountID) -> AccountStanding { health.standing(of: account) }

    /// How long the account's access token is still valid; nil for one that has none, or none yet.
    package func tokenLeft(of account: SupplierAccount) async -> Duration? {
        guard account.canSign, let source = adapter(account).tokenSource else { return nil }
        return await tokens.remaining(for: account, from: source)
    }

    /// Looks whether an account, stored or not, could send; nothing reaches anybody.
    ///
    /// It ends when its time is over, whatever the supplier does.
    package func check(_ account: SupplierAccount) async -> ConnectionVerdict {
        guard account.canSign else { return .bad("its secrets cannot be opened; give them again") }
        let supplier = adapter(account)
        let (limit, timer) = (limit, timer)
        let verdict = await withTaskGroup(of: ConnectionVerdict?.self, returning: ConnectionVerdict?.self) {
            group in
            group.addTask {
                do throws(SupplierError) {
                    try await supplier.check()
                    return .good
                } catch {
                    return error == .notOffered ? .notOffered : .bad(account.withoutSecrets(error.words))
                }
            }
            group.addTask {
                try? await timer.sleep(for: limit)
                return nil
            }
            // Calls end when their task does.
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        return verdict ?? .bad("no answer within \(Int(limit.inSeconds)) s")
    }
}

extension SupplierError {
    /// What is wrong, to somebody who knows that it is about a supplier.
    fileprivate var words: String {
        switch self {
        case .unavailable(let detail): "no usable answer: \(detail)"
        case .refused(let refusal):
            (refusal.fault == .transient ? "no usable answer: " : "refused: ") + refusal.code
                + (refusal.message.isEmpty ? "" : ": \(refusal.message)")
        case .malformed(let detail): "an answer that cannot be read: \(detail)"
        case .notGenuine, .notOffered, .tooLate: description
        }
    }
}

extension SupplierAccount {
    /// A text in which none of the account's secrets stands: some suppliers repeat what they were sent.
    func withoutSecrets(_ text: String) -> String {
        var text = text
        for secret in config.secrets.values {
            let secret = secret.reveal()
            for spelling in [secret, secret.trimming()] where spelling.utf8.count >= 4 {
                text = text.replacing(spelling, with: "…")
            }
        }
        return text
    }
}
