package import Groundwork
package import PushEngine

/// The push engine's books in a PostgreSQL database: messages and their fates, campaigns, templates, accounts.
///
/// One type keeps the promises of many ports, because what they say is written in the same transactions.
package struct PostgresPushStore: Sendable {
    let pool: PostgresPool
    let days: DayPartitions
    let clock: any WallClock
    let calendar: BusinessCalendar
    let sealer: any SecretSealer
    let keys: RequestKeys
    /// How old a call without outcome must be before its caller counts as gone.
    let callLimit: Duration

    /// Opens the books, and brings their tables up to date.
    ///
    /// - Parameters:
    ///   - pool: reaches the database.
    ///   - clock: tells when things happened.
    ///   - calendar: the days by which messages are counted.
    ///   - sealer: turns the accounts' keys into what may lie in a database.
    ///   - callLimit: how long a call without outcome may still be out; several processes share the books.
    /// - Throws: `StoreError` when the database cannot be used or is of a later version.
    package init(
        _ pool: PostgresPool,
        clock: any WallClock,
        calendar: BusinessCalendar,
        sealer: any SecretSealer,
        callLimit: Duration = DeliverySettings.callLimit
    ) async throws(StoreError) {
        self.pool = pool
        self.clock = clock
        self.calendar = calendar
        self.sealer = sealer
        self.callLimit = callLimit
        days = DayPartitions(pool)
        try await PushSchema.migrator.migrate(pool)
        let installation = try await pool.read("read installation") { link in
            try link.run("SELECT id FROM installation").first?.int64(0)
        }
        guard let installation, let number = UInt32(exactly: installation) else {
            throw StoreError(.corrupted, during: "read installation")
        }
        guard number != 0 else {
            let advice = "a copy into these books was not finished: run `kpush store copy` again"
            throw StoreError(.conflict, during: "read installation", detail: advice)
        }
        keys = RequestKeys(installation: number)
    }

    /// Random, chosen when the books were begun: by it the receipts of our calls are told from others'.
    package var installation: UInt32 { keys.installation }

    /// Makes the partitions of today and of the next day, so that nobody waits for them at midnight.
    package func prepareTomorrow() async throws(StoreError) {
        try await days.prepare(BatchDay(clock.now))
        try await days.prepare(BatchDay(clock.now + .seconds(86_400)))
    }

    /// What is told of some members of a batch.
    static func tell(
        _ batch: BatchID,
        at moment: Moment,
        _ stage: TraceEvent.Stage,
        _ state: DeliveryState,
        account: AccountID? = nil,
        detail: String = "",
        _ members: Members
    ) -> PostgresStatement {
        PostgresStatement(
            insertTrace,
            .int(batch.rawValue),
            .int(moment.millisecondsSinceEpoch),
            .text(stage.rawValue),
            .int(state.rawValue),
            .int(account?.rawValue),
            .text(detail),
            .bytes(members.encoded)
        )
    }

    private static let insertTrace = """
        INSERT INTO trace (batch, call, at, stage, state, account, detail, members)
        VALUES ($1, (\(newestCall)), $2, $3, $4, $5, $6, $7)
        """

    /// A batch's calls come first: the greatest of all numbers may be sought from the newest call on, until one is of the
    /// batch.
    static let newestCall = """
        SELECT coalesce(max(id), 0) FROM (SELECT id FROM call WHERE batch = $1 OFFSET 0) AS made
        """
}
