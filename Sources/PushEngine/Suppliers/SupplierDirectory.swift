package import Groundwork

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
    private let roster = Cached<SupplierRoster>()

    package init(
        accounts: any AccountStore,
        clock: any WallClock,
        adapter: @escaping @Sendable (SupplierAccount) -> any Supplier
    ) {
        self.accounts = accounts
        self.clock = clock
        self.adapter = adapter
    }

    /// The accounts as they are now; adapters of unchanged accounts may be new, since they hold no state.
    package func current() async throws(StoreError) -> SupplierRoster {
        let (accounts, adapter) = (accounts, adapter)
        return try await roster.value(at: clock.now) { () async throws(StoreError) in
            SupplierRoster(
                entries: try await accounts.accounts()
                    .map { account in
                        SupplierRoster.Entry(account: account, supplier: adapter(account))
                    }
            )
        }
    }
}
