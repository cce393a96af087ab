package import Groundwork

/// Keeps what operators decide about groups of executors; a group that nobody wrote down has no record.
///
/// Whenever the token that a group's executors show becomes another one, those that registered count as signed off:
/// they have to show the new one before anything is sent to them, so that no token gets to who cannot have it.
package protocol GroupStore: Sendable {
    /// All records, by name.
    func groups() async throws(StoreError) -> [ExecutorGroup]

    /// Adds a record, and gives it a number that none had before.
    ///
    /// - Throws: `.conflict` when there is one of that name.
    func add(_ group: NewGroup, at now: Moment) async throws(StoreError) -> ExecutorGroup

    /// Writes the record's title and registration, and gives it the next version; its token stays.
    ///
    /// - Throws: `.notFound` when there is none; `.conflict` when its version is not `group.version`.
    func replace(_ group: ExecutorGroup) async throws(StoreError) -> ExecutorGroup

    /// Gives the group another token of its own, or the shared one for nil, and the next version.
    ///
    /// - Throws: `.notFound` when there is no such record.
    func setToken(_ token: Secret?, of id: GroupID, at now: Moment) async throws(StoreError) -> ExecutorGroup

    /// Removes a record.
    ///
    /// - Throws: `.notFound` when there is none; `.conflict` while a job names the group.
    func remove(_ id: GroupID, at now: Moment) async throws(StoreError)
}

/// A record that the store has yet to number.
package struct NewGroup: Hashable, Sendable {
    package var name: String
    package var title: String
    package var registration: GroupRegistration
    /// Its own token; nil when its executors show the shared one.
    package var token: Secret?

    package init(
        name: String,
        title: String = "",
        registration: GroupRegistration = .automatic,
        token: Secret? = nil
    ) {
        self.name = name
        self.title = title
        self.registration = registration
        self.token = token
    }
}
