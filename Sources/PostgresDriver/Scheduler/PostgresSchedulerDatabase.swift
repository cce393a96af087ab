package import Groundwork
import Scheduler

/// The scheduler's tables in PostgreSQL: any number of processes of any number of hosts use them at once.
///
/// A transaction locks in one order, so that two rarely stand in each other's way: the register's row, runs by id, jobs by
/// id. A run that is new to the table is in nobody's way, because only one transaction can add it.
package struct PostgresSchedulerDatabase: Sendable {
    let pool: PostgresPool

    /// Brings the tables up to date, which several processes may do at the same moment.
    ///
    /// - Throws: `StoreError` when the database cannot be reached or is of a later version.
    package init(_ pool: PostgresPool) async throws(StoreError) {
        self.pool = pool
        try await SchedulerSchema.migrator.migrate(pool)
    }
}

extension PostgresLink {
    /// Runs statements one after another in a single round trip, under the term of `token`.
    ///
    /// The term's row is held until the transaction ends, so that no further term begins in between.
    ///
    /// - Parameters:
    ///   - statements: what is to be run.
    ///   - token: nil for what needs none.
    ///   - operation: what errors call it.
    /// - Returns: what each statement brought.
    /// - Throws: `.staleToken` unless `token` is nil or the newest; the transaction must then be undone.
    func runAll(
        _ statements: [PostgresStatement],
        under token: FencingToken?,
        during operation: String
    ) throws -> [PostgresRows] {
        guard let token else { return try runAll(statements) }
        let proof = PostgresStatement(
            "SELECT 1 FROM leader_term WHERE name = $1 AND token = $2 FOR SHARE",
            .text(SchedulerService.leaseName),
            .int(token.rawValue)
        )
        let brought = try runAll([proof] + statements)
        guard brought.first?.isEmpty == false else { throw StoreError(.staleToken, during: operation) }
        return Array(brought.dropFirst())
    }
}

extension PostgresStatement {
    /// Locks jobs, in the order of their ids.
    static func lock(_ jobs: some Sequence<JobID>) -> PostgresStatement {
        PostgresStatement(
            "SELECT 1 FROM jobs WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE",
            .ints(Set(jobs).map(\.rawValue))
        )
    }

    /// Locks those of the runs that have not ended, in the order of their ids.
    static func lockOpen(_ runs: some Sequence<JobRun>) -> PostgresStatement {
        PostgresStatement(
            "SELECT 1 FROM runs WHERE id = ANY ($1) AND state <> 'ended' ORDER BY id FOR NO KEY UPDATE",
            .ints(Set(runs.map(\.id.rawValue)).map { $0 })
        )
    }
}

extension PostgresRow {
    /// The word of a closed list in a column.
    func word<Word: RawRepresentable<String>>(_ column: Int32, of what: String) throws(StoreError) -> Word {
        let text = optionalText(column)
        guard let word = text.flatMap(Word.init(rawValue:)) else {
            throw StoreError(.corrupted, during: "read \(what)", detail: text ?? "null")
        }
        return word
    }
}
