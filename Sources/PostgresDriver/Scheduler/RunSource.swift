import Scheduler

/// What a question about runs goes through: open and ended ones have indexes of their own, and the server takes each stage
/// by the index that fits.
enum RunSource {
    /// All runs.
    static let stages = table(of: ["ended_at IS NOT NULL", PostgresRunStore.open])
    /// All runs, for questions about one job.
    static let stagesOfJob = table(of: ["ended_at IS NOT NULL"] + openOfJob)

    private static let openOfJob = ["state = 'planned'", PostgresRunStore.busy]

    /// What to write after `FROM` for a list of runs.
    static func table(for filter: RunFilter) -> String {
        let isOver = filter.reasons != nil || filter.states == [.ended]
        let isOpen = filter.states.map { !$0.contains(.ended) } ?? false
        if isOver { return "runs" }
        if filter.job != nil { return isOpen ? table(of: openOfJob) : stagesOfJob }
        let isPart =
            filter.group != nil || filter.permitted != nil || filter.address != nil
            || filter.plannedFrom != nil
            || filter.plannedBefore != nil
        return isPart && !isOpen ? stages : "runs"
    }

    /// The rows of several conditions, of which one is true of each row.
    private static func table(of conditions: [String]) -> String {
        let parts = conditions.map { "SELECT * FROM runs WHERE \($0)" }
        return "(\(parts.joined(separator: " UNION ALL "))) AS runs"
    }
}
