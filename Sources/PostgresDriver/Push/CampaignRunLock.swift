import PushEngine

/// Keeps occurrences of campaigns in the state in which they are, until the transaction ends.
///
/// Whoever writes messages of an occurrence shares its lock; who changes its state has it alone. They are locks by
/// number, because they stand in line: a lock of the occurrence's row is shared with whoever comes, past those who wait
/// to have it alone, and with many who write they would wait without end.
///
/// The state is read by a statement after the one that locks, which sees what was committed until then. Whoever locks
/// a batch or a campaign as well does so before, and several occurrences are locked in the order of their numbers.
enum CampaignRunLock {
    /// Shares the lock of the batch's occurrence, if it has one.
    static func shared(of batch: BatchID) -> PostgresStatement {
        PostgresStatement(
            "SELECT pg_advisory_xact_lock_shared(-run) FROM batch WHERE id = $1 AND run IS NOT NULL",
            .int(batch.rawValue)
        )
    }

    /// Shares an occurrence's lock.
    static func shared(_ run: CampaignRunID) -> PostgresStatement {
        PostgresStatement("SELECT pg_advisory_xact_lock_shared(-$1::bigint)", .int(run.rawValue))
    }

    /// Has the locks of occurrences alone; the database's other locks by number have none below zero.
    static func alone(_ runs: [CampaignRunID]) -> PostgresStatement {
        PostgresStatement(
            "SELECT pg_advisory_xact_lock(-run) FROM unnest($1::bigint[]) AS run",
            .ints(runs.map(\.rawValue).sorted())
        )
    }
}
