package import Groundwork

/// Removes runs that are over.
///
/// Never removed are runs that are open, runs of a trigger of which a run is open or `RunStore.sequels` lists one, and runs
/// whose end `RunReportStore` has not settled yet, once it has settled any.
package protocol RunClearingStore: Sendable {
    /// The jobs whose runs are kept for a time of their own, with that time.
    func keeps() async throws(StoreError) -> [JobID: Duration]

    /// Where the newest `count` ended runs of `scope` are not: the newest run that is older than all of them; nil when
    /// there are no more.
    func newest(beyond count: Int, of scope: RunScope) async throws(StoreError) -> RunID?

    /// Removes the oldest of the runs, at most `limit`, and keeps their counts in the report.
    ///
    /// Where the scope is a job or a group, it looks at the oldest 1000 ended runs of it.
    ///
    /// - Parameters:
    ///   - selection: which runs.
    ///   - limit: how many at most.
    ///   - calendar: says which day of the report a run belongs to.
    /// - Returns: how many were removed.
    /// - Throws: `StoreError` when the store cannot be written.
    func clear(
        _ selection: RunSelection,
        limit: Int,
        by calendar: RunCalendar
    ) async throws(StoreError) -> Int

    /// How many runs `selection` names that may be removed; counts no further than `limit`.
    func clearable(_ selection: RunSelection, limit: Int) async throws(StoreError) -> Int
}

/// Whose runs.
package enum RunScope: Hashable, Sendable {
    /// Those of all jobs but these.
    case all(except: Set<JobID> = [])
    case group(String)
    case job(JobID)
}

/// Which ended runs are to go.
package struct RunSelection: Hashable, Sendable {
    /// How old they are.
    package enum Age: Hashable, Sendable {
        case endedBefore(Moment)
        /// This one and those planned before it.
        case through(RunID)
    }

    package let scope: RunScope
    package let age: Age

    package init(_ scope: RunScope, _ age: Age) {
        self.scope = scope
        self.age = age
    }
}

extension RunScope {
    /// Whether it is less than all jobs.
    package var isPart: Bool {
        if case .all = self { false } else { true }
    }
}
