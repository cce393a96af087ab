package import Groundwork
package import Logging
import Synchronization

/// The accounts that can send now, with their adapters.
package struct SupplierRoster: Sendable {
    /// One account and how to talk to it.
    package struct Entry: Sendable {
        package let account: SupplierAccount
        package let supplier: any Supplier

        package init(account: SupplierAccount, supplier: any Supplier) {
            self.account = account
            self.supplier = supplier
        }
    }

    /// In order of account number.
    package let entries: [Entry]

    package init(entries: [Entry]) {
        self.entries = entries
    }

    package func entry(_ id: AccountID) -> Entry? {
        entries.first { $0.account.id == id }
    }
}

/// Knows the accounts and builds their adapters; what operators change takes effect within a second.
package final class SupplierDirectory: Sendable {
    private let accounts: any AccountStore
    private let clock: any WallClock
    private let adapter: @Sendable (SupplierAccount) -> any Supplier
    private let logger: Logger
    private let roster = Cached<SupplierRoster>()
    /// Accounts that were found without a key, and told of.
    private let keyless = Mutex<Set<AccountID>>([])

    package init(
        accounts: any AccountStore,
        clock: any WallClock,
        logger: Logger,
        adapter: @escaping @Sendable (SupplierAccount) -> any Supplier
    ) {
        self.accounts = accounts
        self.clock = clock
        self.logger = logger
        self.adapter = adapter
    }

    /// The accounts as they are now; adapters of unchanged accounts may be new, since they hold no state.
    ///
    /// One without a key counts as switched off: what its supplier posts is taken all the same.
    package func current() async throws(StoreError) -> SupplierRoster {
        try await roster.value(at: clock.now) { () async throws(StoreError) in
            let known = try await accounts.accounts()
            tell(of: known.filter { !$0.canSign })
            let entries = known.map { account in
                var account = account
                account.isEnabled = account.isEnabled && account.canSign
                return SupplierRoster.Entry(account: account, supplier: adapter(account))
            }
            return SupplierRoster(entries: entries)
        }
    }

    /// Warns of accounts without a key, of each once.
    private func tell(of accounts: [SupplierAccount]) {
        let ids = Set(accounts.map(\.id))
        let told = keyless.withLock { keyless in
            defer { keyless = ids }
            return keyless
        }
        for account in accounts where !told.contains(account.id) {
            logger.error(
                "account cannot be used: its key cannot be opened",
                metadata: [LogKey.account: "\(account.name)"]
            )
        }
    }
}
