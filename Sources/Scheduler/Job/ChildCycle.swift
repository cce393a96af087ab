/// Finds children through which jobs would trigger themselves without end.
package enum ChildCycle {
    /// The way from a job back to itself, the first that is found; nil when there is none.
    ///
    /// - Parameter jobs: each with those that it triggers.
    /// - Returns: names of jobs, the first of which is the last as well.
    package static func find(in jobs: [JobName: [JobName]]) -> [JobName]? {
        var done: Set<JobName> = []
        for start in jobs.keys.sorted(by: { $0.description < $1.description }) where !done.contains(start) {
            // The way so far, each with those of its children that nobody has looked at.
            var way: [(job: JobName, rest: ArraySlice<JobName>)] = [(start, jobs[start, default: []][...])]
            var isOnWay: Set<JobName> = [start]
            while let last = way.indices.last {
                guard let next = way[last].rest.popFirst() else {
                    let (job, _) = way.removeLast()
                    isOnWay.remove(job)
                    done.insert(job)
                    continue
                }
                if isOnWay.contains(next) { return way.map(\.job).drop { $0 != next } + [next] }
                guard !done.contains(next) else { continue }
                way.append((next, jobs[next, default: []][...]))
                isOnWay.insert(next)
            }
        }
        return nil
    }
}
