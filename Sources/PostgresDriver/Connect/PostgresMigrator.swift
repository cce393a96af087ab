import Groundwork

/// Brings a database's tables up to date, in numbered steps that are only ever added to.
///
/// Several processes may start at the same moment: a lock of the transaction lets one do it, and the others find
/// it done. A step may have to go through all rows, so all of this may take much longer than what is asked later.
struct PostgresMigrator: Sendable {
    /// Names the tables that the steps are about.
    let part: String
    /// What each step does, the first one first.
    let steps: [@Sendable (PostgresLink) throws -> Void]

    /// - Throws: `StoreError`, `.corrupted` when the tables are of a later version than this program.
    func migrate(_ pool: PostgresPool) async throws(StoreError) {
        let patient = pool.patient(for: Self.limit)
        do throws(StoreError) { try await prepare(patient) } catch {
            await patient.close()
            throw error
        }
        await patient.close()
    }

    private func prepare(_ pool: PostgresPool) async throws(StoreError) {
        let (part, steps) = (part, steps)
        try await pool.write("prepare tables of \(part)") { link in
            // The limit of a statement is also that of the wait for who came first.
            try link.run("SET LOCAL lock_timeout = 0")
            // Whoever stands still in the middle keeps nobody from starting.
            try link.run("SET LOCAL idle_in_transaction_session_timeout = '30s'")
            try link.run("SELECT pg_advisory_xact_lock($1)", .int(Self.lock))
            // Who waits for a table has everybody else wait who comes to it later.
            try link.run("SET LOCAL lock_timeout = '15s'")
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

    /// How long one statement of a step may take.
    private static let limit = Duration.seconds(3_600)

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
