package import Groundwork
package import PushEngine
import Scheduler

/// The scheduler's tables in PostgreSQL: any number of processes of any number of hosts use them at once.
///
/// A transaction locks in one order, so that two rarely stand in each other's way: the register's row, runs by id, jobs by
/// id. A run that is new to the table is in nobody's way, because only one transaction can add it.
package struct PostgresSchedulerDatabase: Sendable {
    let pool: PostgresPool
    /// Seals the tokens of executor groups; without one no group can have its own.
    let sealer: (any SecretSealer)?

    /// Brings the tables up to date, which several processes may do at the same moment.
    ///
    /// - Parameters:
    ///   - pool: the database.
    ///   - sealer: seals the tokens of executor groups; without one no group can have its own.
    /// - Throws: `StoreError` when the database cannot be reached or is of a later version.
    package init(_ pool: PostgresPool, sealer: (any SecretSealer)? = nil) async throws(StoreError) {
        self.pool = pool
        self.sealer = sealer
        try await SchedulerSchema.migrator.migrate(pool)
    }
}

extension PostgresSchedulerDatabase {
    /// Runs statements as one transaction in a single round trip, under the term of `token`.
    ///
    /// The term's row is held until the transaction ends, so that no further term begins in between; the server ends
    /// it by itself, however long the process that asked stands still.
    ///
    /// When the answer is lost, nobody is told whether it happened: what is written here says which version or which
    /// trigger it expects, so that it can be asked for again.
    ///
    /// - Parameters:
    ///   - operation: what errors call it.
    ///   - token: nil for what needs none.
    ///   - statements: what is to be run.
    ///   - read: makes the result of what each statement brought.
    /// - Returns: what `read` returned.
    /// - Throws: `.staleToken`, having changed nothing, unless `token` is nil or the newest.
    func write<Result: Sendable>(
        _ operation: String,
        under token: FencingToken?,
        _ statements: [PostgresStatement],
        _ read: @escaping @Sendable ([PostgresRows]) throws -> Result
    ) async throws(StoreError) -> Result {
        guard let token else { return try await pool.write(operation, statements, read) }
        let proof = PostgresStatement(
            "SELECT hold_term($1, $2)",
            .text(SchedulerService.leaseName),
            .int(token.rawValue)
        )
        .kept(as: "hold_term")
        return try await pool.write(operation, [proof] + statements) { try read(Array($0.dropFirst())) }
    }
}

extension PostgresStatement {
    /// Locks jobs, in the order of their ids.
    static func lock(_ jobs: some Sequence<JobID>) -> PostgresStatement {
        lock(Set(jobs.map(\.rawValue)), in: "jobs")
    }

    /// Locks those of the runs that have not ended, in the order of their ids.
    static func lockOpen(_ runs: some Sequence<JobRun>) -> PostgresStatement {
        lock(Set(runs.map(\.id.rawValue)), in: "runs", where: "AND ended_at IS NULL")
    }

    /// Locks rows one after the other.
    ///
    /// Each is looked up by itself. Where all are looked for at once, and somebody else has changed some of them meanwhile,
    /// the server looks for all of them again for each of those: it sorts the ids of a thousand a thousand times.
    private static func lock(
        _ ids: Set<Int64>,
        in table: String,
        where condition: String = ""
    ) -> PostgresStatement {
        PostgresStatement(
            """
            SELECT count(*) FROM unnest($1::bigint[]) AS wanted (id), LATERAL (
                SELECT 1 FROM \(table) WHERE \(table).id = wanted.id \(condition) FOR NO KEY UPDATE) AS held
            """,
            .ints(ids.sorted())
        )
        .kept
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
