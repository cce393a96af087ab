package import Groundwork
package import Scheduler

/// Runs of executors that fetch theirs.
extension PostgresRunStore {
    package func untold(
        at address: ExecutorAddress,
        limit: Int,
        besides known: [RunID: Int64]
    ) async throws(StoreError) -> [JobRun] {
        let versions = Array(known)
        return try await pool.single("read untold runs") { link in
            let untold = PostgresStatement(
                Self.untold,
                .text(address.url),
                .int(limit),
                .ints(versions.map(\.key.rawValue)),
                .ints(versions.map(\.value))
            )
            return try link.run(untold.kept).map(JobRun.init)
        }
    }

    package func loads() async throws(StoreError) -> [ExecutorAddress: Int] {
        try await pool.single("count pulled runs") { link in
            let counts = try link.run(PostgresStatement(Self.loads).kept)
                .map { (address: ExecutorAddress(stored: $0.text(0)), count: Int($0.int64(1))) }
            return Dictionary(uniqueKeysWithValues: counts.map { ($0.address, $0.count) })
        }
    }

    /// The open runs of executors that fetch theirs; as the index `runs_pulled` has it.
    static let pulled = "address LIKE '\(ExecutorAddress.pulledScheme)%' AND ended_at IS NULL"

    static let untold = """
        SELECT \(RunColumn.list()) FROM runs
        WHERE \(pulled) AND address = $1 AND (state = 'dispatching' OR kill_requested_at IS NOT NULL)
            AND (id, version) NOT IN (SELECT * FROM unnest($3::bigint[], $4::bigint[]))
        ORDER BY id LIMIT $2
        """

    static let loads = "SELECT address, count(*) FROM runs WHERE \(pulled) GROUP BY address"
}
