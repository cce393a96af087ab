import Groundwork

/// Brings a database's tables up to date, in numbered steps that are only ever added to.
///
/// Several processes may start at the same moment: a lock of the transaction lets one do it, and the others find
/// it done.
struct PostgresMigrator: Sendable {
    /// Names the tables that the steps are about.
    let part: String
    /// What each step does, the first one first.
    let steps: [@Sendable (PostgresLink) throws -> Void]

    /// - Throws: `StoreError`, `.corrupted` when the tables are of a later version than this program.
    func migrate(_ pool: PostgresPool) async throws(StoreError) {
        let (part, steps) = (part, steps)
        try await pool.write("prepare tables of \(part)") { link in
            try link.run("SELECT pg_advisory_xact_lock($1)", .int(Self.lock))
            try link.runScript(Self.table)
            let row = try link.run(
                "SELECT coalesce(max(step), 0) FROM kpush_schema WHERE part = $1",
                .text(part)
            )
            let done = row.first?.int(0) ?? 0
            guard done <= steps.count else {
                throw StoreError(
                    .corrupted,
                    during: "prepare tables of \(part)",
                    detail: "they are of step \(done), this program knows \(steps.count): use a newer one"
                )
            }
            for number in done..<steps.count {
                try steps[number](link)
                try link.run(
                    "INSERT INTO kpush_schema (part, step) VALUES ($1, $2)",
                    .text(part),
                    .int(number + 1)
                )
            }
        }
    }

    /// The letters of `kpush` as a number: who else locks it must mean the same.
    private static let lock: Int64 = 0x6B_70_75_73_68

    private static let table = """
        CREATE TABLE IF NOT EXISTS kpush_schema (
            part text NOT NULL,
            step bigint NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (part, step)
        )
        """
}
