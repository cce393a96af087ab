import Groundwork

extension JobService {
    /// Refuses children through which a job would trigger itself without end; one that does not exist yet may come later.
    ///
    /// - Throws: `SchedulerError.invalid` that names the way back to the job.
    func checkChildren(of spec: JobSpec) async throws(SchedulerError) {
        var waiting = spec.children.map { (name: $0.job, way: "\(spec.fullName) → \($0.job)") }
        var seen: Set<JobName> = []
        while let (name, way) = waiting.popLast() {
            guard name != spec.fullName else {
                throw .invalid([FieldFault("children", "the job would trigger itself without end: \(way)")])
            }
            guard seen.insert(name).inserted else { continue }
            guard seen.count <= Self.mostDescendants else {
                throw .invalid([
                    FieldFault("children", "more than \(Self.mostDescendants) jobs would follow from it")
                ])
            }
            let found = try await list(JobFilter(group: name.group, name: name.name), limit: 1).elements.first
            for child in found?.spec.children ?? [] { waiting.append((child.job, "\(way) → \(child.job)")) }
        }
    }

    private static let mostDescendants = 1_000
}
