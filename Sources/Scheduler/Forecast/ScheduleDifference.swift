package import Groundwork

/// What becomes of one job's triggers between two versions of it.
package struct ScheduleDifference: Hashable, Sendable {
    package let job: JobName
    /// How many triggers it had; nil where there was no such job.
    package let before: Int?
    /// How many it has; nil where there is no such job any more.
    package let after: Int?
    /// The first instant at which one version is due and the other is not; nil where there is none.
    package let first: Moment?
}

extension Forecaster {
    /// The jobs that are due otherwise in `jobs` than in `others`, in the order of their names.
    ///
    /// Of a job whose schedule was only written otherwise nothing is told.
    ///
    /// - Parameters:
    ///   - others: the jobs as they were.
    ///   - jobs: the jobs as they are to be.
    /// - Returns: the differences.
    /// - Throws: `ScheduleError` for a schedule that cannot be read; `CancellationError`.
    package func differences(
        from others: [ForecastJob],
        to jobs: [ForecastJob]
    ) async throws -> [ScheduleDifference] {
        let before = Dictionary(others.map { ($0.spec.fullName, $0) }) { first, _ in first }
        let after = Dictionary(jobs.map { ($0.spec.fullName, $0) }) { first, _ in first }
        var differences: [ScheduleDifference] = []
        for name in Set(before.keys).union(after.keys).sorted(by: { "\($0)" < "\($1)" }) {
            try Task.checkCancellation()
            await Task.yield()
            if let difference = try difference(name, before[name], after[name]) {
                differences.append(difference)
            }
        }
        return differences
    }

    private func difference(
        _ name: JobName,
        _ before: ForecastJob?,
        _ after: ForecastJob?
    ) throws -> ScheduleDifference? {
        guard before?.spec.schedule != after?.spec.schedule else { return nil }
        var old = try before.map(walk)
        var new = try after.map(walk)
        var counts = (old: 0, new: 0)
        var first: Moment?
        while true {
            let (was, will) = (old?.takeCounted(before: until), new?.takeCounted(before: until))
            guard was != nil || will != nil else { break }
            if was != nil { counts.old += 1 }
            if will != nil { counts.new += 1 }
            if first == nil, was != will { first = [was, will].compactMap(\.self).min() }
        }
        guard first != nil || old == nil || new == nil else { return nil }
        return ScheduleDifference(
            job: name,
            before: old == nil ? nil : counts.old,
            after: new == nil ? nil : counts.new,
            first: first
        )
    }
}
