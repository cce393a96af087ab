package import Groundwork
import Scheduler

/// The scheduler's tables in PostgreSQL: any number of processes of any number of hosts use them at once.
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
