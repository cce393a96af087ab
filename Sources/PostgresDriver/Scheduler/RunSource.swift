import Scheduler

/// What a question about runs goes through: open and ended ones have indexes of their own.
///
/// The newest are taken of each stage by itself: of several stages at once the server reads all and sorts them.
enum RunSource {
    /// All runs.
    static let all = "(\(table("ended_at IS NOT NULL")) UNION ALL \(table(PostgresRunStore.open))) AS runs"

    private static let openOfJob = ["state = 'planned'", PostgresRunStore.busy]

    /// What to write after `FROM` for the newest runs that a filter lets pass.
    ///
    /// - Parameters:
    ///   - filter: the filter.
    ///   - clause: it as conditions, from `WHERE` on; empty where all pass.
    ///   - limit: how many are wanted, as the statement names it.
    /// - Returns: a table called `runs`.
    static func newest(_ filter: RunFilter, _ clause: String, limit: String) -> String {
        newest(of: stages(for: filter), clause, limit: limit)
    }

    /// The newest runs of one job.
    static func newest(ofJob job: String, limit: String) -> String {
        newest(of: ["ended_at IS NOT NULL"] + openOfJob, "WHERE job = \(job)", limit: limit)
    }

    private static func stages(for filter: RunFilter) -> [String] {
        if filter.reasons != nil || filter.states == [.ended] { return ["true"] }
        let isOpen = filter.states.map { !$0.contains(.ended) } ?? false
        if filter.job != nil { return isOpen ? openOfJob : ["ended_at IS NOT NULL"] + openOfJob }
        let isPart =
            filter.group != nil || filter.permitted != nil || filter.address != nil
            || filter.plannedFrom != nil
            || filter.plannedBefore != nil
        return isPart && !isOpen ? ["ended_at IS NOT NULL", PostgresRunStore.open] : ["true"]
    }

    private static func newest(of stages: [String], _ clause: String, limit: String) -> String {
        let parts = stages.map { stage in
            let condition = clause.isEmpty ? "WHERE \(stage)" : "\(clause) AND \(stage)"
            return "(SELECT * FROM runs \(condition) ORDER BY id DESC LIMIT \(limit))"
        }
        return "(\(parts.joined(separator: " UNION ALL "))) AS runs"
    }

    private static func table(_ condition: String) -> String { "SELECT * FROM runs WHERE \(condition)" }
}
