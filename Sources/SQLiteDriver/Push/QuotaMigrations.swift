import GRDB

/// The tables of `quota.db`, as numbered steps that are only ever added to.
enum QuotaMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: YoungTable.schema + quota("young_quota") + quota("quota") + pruned)
        }
        return migrator
    }

    /// One row per channel and recipient.
    ///
    /// There is no index beside the key, because a second random order would cost as much again as all the
    /// rest.
    private static func quota(_ name: String) -> String {
        """
        CREATE TABLE \(name) (
            key INTEGER PRIMARY KEY,
            -- the day that is counted
            day INTEGER NOT NULL,
            -- how many entries at the front are of days before it
            earlier INTEGER NOT NULL,
            entries BLOB NOT NULL
        ) STRICT;

        """
    }

    private static let pruned = """
        -- How far pruning has come.
        CREATE TABLE pruned (day INTEGER NOT NULL, key INTEGER NOT NULL) STRICT;
        INSERT INTO pruned (day, key) VALUES (0, \(Int64.min));
        """
}
