import GRDB

/// A table whose rows come in random order, in two parts: a young one that takes what is new, and the grown
/// one that the young one is folded into.
///
/// A row at a random place costs a page that is read, changed and logged, and once the table is large hardly
/// two rows of a transaction share one. The young part is small, so that they do; and when it is full, a
/// stretch of neighbouring keys goes over into the grown part at once, where they share pages again. Each
/// stretch is moved in the transaction that finds the part full, and is short, so that nobody waits long for
/// it. Whoever reads looks into both parts.
struct YoungTable {
    /// The name of the grown part; the young one has the same columns and is called `young_` and that.
    let name: String
    /// How many rows the young part takes before a stretch is moved.
    let capacity: Int
    /// How many rows a stretch has.
    let stretch: Int

    init(_ name: String, capacity: Int = 65_536, stretch: Int = 8_192) {
        self.name = name
        self.capacity = capacity
        self.stretch = stretch
    }

    /// What keeps count of the rows of young parts, and of how far the present round of folding is.
    static let schema = """
        CREATE TABLE young (
            name TEXT PRIMARY KEY NOT NULL,
            count INTEGER NOT NULL,
            next INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        """

    /// Counts rows that were added to the young part, and moves a stretch when it is full.
    func grow(by added: Int, _ db: Database) throws {
        guard added != 0 else { return }
        try db.execute(cached: Self.addCount, [name, added, Int64.min])
        let state = try Row.fetchOne(db.cachedStatement(sql: Self.selectState), arguments: [name])
        guard let state, state["count"] as Int >= capacity else { return }
        let start: Int64 = state["next"]
        // Rows with the same key stay together.
        let end = try Int64.fetchOne(db, cached: selectEnd, [start, stretch]).map { max($0, start + 1) }
        try db.execute(cached: move, [start, end ?? Int64.max, end == nil])
        try db.execute(cached: remove, [start, end ?? Int64.max, end == nil])
        // The last stretch of a round may be short: then the next one begins at the front.
        try db.execute(cached: Self.setState, [db.changesCount, end ?? Int64.min, name])
    }

    private var selectEnd: String {
        "SELECT key FROM young_\(name) WHERE key >= ? ORDER BY key LIMIT 1 OFFSET ?"
    }

    private var move: String {
        "INSERT OR REPLACE INTO \(name) SELECT * FROM young_\(name) WHERE key >= ? AND (key < ? OR ?)"
    }

    private var remove: String { "DELETE FROM young_\(name) WHERE key >= ? AND (key < ? OR ?)" }

    private static let addCount = """
        INSERT INTO young (name, count, next) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET count = count + excluded.count
        """

    private static let selectState = "SELECT count, next FROM young WHERE name = ?"

    private static let setState = "UPDATE young SET count = count - ?, next = ? WHERE name = ?"
}
