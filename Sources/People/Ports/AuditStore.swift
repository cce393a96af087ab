package import Groundwork

/// Where it is written down who did what.
///
/// Entries are added and, when they are old, removed; none is ever changed.
package protocol AuditStore: Sendable {
    /// Adds an entry.
    func add(_ record: AuditRecord) async throws(StoreError)

    /// The entries that pass the filter, the newest first.
    ///
    /// - Parameters:
    ///   - filter: which.
    ///   - before: only those added before this one.
    ///   - limit: how many at most.
    /// - Returns: the entries.
    /// - Throws: `StoreError` when they cannot be read.
    func entries(_ filter: AuditFilter, before: AuditID?, limit: Int) async throws(StoreError) -> [AuditEntry]

    /// Removes entries of acts before `moment`, at most `limit`, and says how many.
    func prune(before moment: Moment, limit: Int) async throws(StoreError) -> Int
}

/// Which entries of the audit trail are asked for.
package struct AuditFilter: Hashable, Sendable {
    /// The name of who did it.
    package var actor: String?
    package var act: String?
    /// What kind of thing it was done to.
    package var kind: String?
    /// Which one of that kind.
    package var subject: String?
    /// The earliest instant.
    package var from: Moment?
    /// The first instant that is too late.
    package var until: Moment?

    package init(
        actor: String? = nil,
        act: String? = nil,
        kind: String? = nil,
        subject: String? = nil,
        from: Moment? = nil,
        until: Moment? = nil
    ) {
        self.actor = actor
        self.act = act
        self.kind = kind
        self.subject = subject
        self.from = from
        self.until = until
    }
}
