package import Groundwork

/// Keeps what is known of jobs' alarms, and what is to be told; `RunStore.follow` writes both, too.
package protocol AlarmStore: Sendable {
    /// How it stands with the jobs' alarms; jobs that never had trouble are not in it.
    func alarms(of jobs: [JobID]) async throws(StoreError) -> [JobID: AlarmState]

    /// Writes what changes of jobs' alarms without the end of a run; of jobs that are gone nothing is kept.
    ///
    /// - Throws: `.staleToken`, having changed nothing, unless `token` is the newest one.
    func raise(_ steps: [AlarmStep], token: FencingToken) async throws(StoreError)

    /// What is to be told by `now`, what was due first first, at most `limit`.
    func notices(due now: Moment, limit: Int) async throws(StoreError) -> [StoredNotice]

    /// Forgets notices, because they were told or cannot be.
    ///
    /// - Throws: `.staleToken`, having changed nothing, unless `token` is the newest one.
    func remove(_ notices: [Int64], token: FencingToken) async throws(StoreError)
}

/// A notice with the number that its store knows it by.
package struct StoredNotice: Hashable, Sendable {
    package let id: Int64
    package let notice: AlarmNotice

    package init(id: Int64, notice: AlarmNotice) {
        self.id = id
        self.notice = notice
    }
}
