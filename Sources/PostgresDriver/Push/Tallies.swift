import PushEngine

/// The counts that a transaction changes: collected while it moves messages, written once before it ends.
struct Tallies {
    private struct Key: Hashable {
        let day: Int
        let template: Int64
        let run: Int64
        let account: Int64
        let state: Int

        /// What all transactions sort by, so that they lock rows in one order.
        var order: [Int64] { [Int64(day), template, run, account, Int64(state)] }
    }

    private var sums: [Key: (count: Int, charge: Int)] = [:]

    /// Counts messages of a batch that came to stand somewhere, or left it.
    mutating func add(
        _ count: Int,
        charge: Int,
        _ state: DeliveryState,
        _ account: AccountID?,
        of batch: BatchRow
    ) {
        let key = Key(
            day: batch.day,
            template: batch.template.rawValue,
            run: batch.run?.rawValue ?? 0,
            account: account?.rawValue ?? 0,
            state: state.rawValue
        )
        sums[key, default: (0, 0)].count += count
        sums[key, default: (0, 0)].charge += charge
    }

    /// Counts messages of a batch that moved to another standing.
    mutating func move(from: Standing, to: Standing, of batch: BatchRow) {
        add(-1, charge: -from.charge, from.state, from.account, of: batch)
        add(1, charge: to.charge, to.state, to.account, of: batch)
    }

    /// What writes the counts; nil when nothing changed.
    var statement: PostgresStatement? {
        let changes = sums.filter { $0.value != (0, 0) }.map { (key: $0.key.order, sum: $0.value) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        guard !changes.isEmpty else { return nil }
        func column(_ place: Int) -> PostgresValue { .ints(changes.map { $0.key[place] }) }
        return PostgresStatement(
            Self.upsert,
            column(0),
            column(1),
            column(2),
            column(3),
            column(4),
            .ints(changes.map { Int64($0.sum.count) }),
            .ints(changes.map { Int64($0.sum.charge) })
        )
    }

    private static let upsert = """
        INSERT INTO tally (day, template, run, account, state, slot, count, charge)
        SELECT day, template, run, account, state, pg_backend_pid() & 63, count, charge
        FROM unnest($1, $2, $3, $4, $5, $6, $7) AS change (day, template, run, account, state, count, charge)
        ON CONFLICT (day, template, run, account, state, slot)
            DO UPDATE SET count = tally.count + excluded.count, charge = tally.charge + excluded.charge
        """
}
