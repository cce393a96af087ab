package import Groundwork

/// Keeps how many runs each day had, for longer than the runs themselves.
///
/// A count holds the runs that are there and those that were removed (`RunClearingStore`), so that clearing changes no
/// report.
package protocol RunReportStore: Sendable {
    /// The quarters of an hour before `moment` in which runs were planned that are open, or that ended after the instant that
    /// `settle` wrote last; with no such instant, in which any run was planned. Each is told by its first instant.
    ///
    /// Days of all zones begin with a quarter of an hour.
    func unsettled(before moment: Moment) async throws(StoreError) -> Set<Moment>

    /// Counts anew the runs that were planned within `span`, by job and by where they stand, and writes that as the counts of
    /// `day`; counts of runs that were removed stay.
    ///
    /// - Throws: `.staleToken`, having changed nothing, unless `token` is the newest one.
    func count(_ day: RunDay, within span: Range<Moment>, token: FencingToken) async throws(StoreError)

    /// Notes that every run that ended before `moment` is counted.
    ///
    /// - Throws: `.staleToken`, having changed nothing, unless `token` is the newest one.
    func settle(until moment: Moment, token: FencingToken) async throws(StoreError)

    /// The counts that pass the filter, added up over jobs, by day, group and standing.
    func report(_ filter: RunDayFilter) async throws(StoreError) -> RunReport

    /// How many jobs there are, and how many of them failed on `day` with their newest end; of those groups alone where they
    /// are named.
    func census(failingOn day: RunDay, permitted: Set<String>?) async throws(StoreError) -> JobCensus

    /// Forgets the counts of days before `day`.
    ///
    /// - Throws: `.staleToken`, having changed nothing, unless `token` is the newest one.
    func forgetCounts(before day: RunDay, token: FencingToken) async throws(StoreError)
}

/// Which counts a report adds up.
package struct RunDayFilter: Hashable, Sendable {
    package var days: ClosedRange<RunDay>
    package var group: String?
    package var job: JobID?
    /// The groups that whoever asks may see; nil for all.
    package var permitted: Set<String>?

    package init(
        _ days: ClosedRange<RunDay>,
        group: String? = nil,
        job: JobID? = nil,
        permitted: Set<String>? = nil
    ) {
        self.days = days
        self.group = group
        self.job = job
        self.permitted = permitted
    }
}
