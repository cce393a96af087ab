extension PushMigrations {
    /// Who must not get messages, who alone does, and what no message may hold.
    static let suppressionLists = """
        -- What is taken off stays, to know an old word that is told again.
        CREATE TABLE suppression (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            space INTEGER NOT NULL,
            key INTEGER NOT NULL,
            address TEXT NOT NULL,
            scope INTEGER NOT NULL,
            value TEXT NOT NULL,
            source INTEGER NOT NULL,
            note TEXT NOT NULL,
            added_by TEXT NOT NULL,
            added_at INTEGER NOT NULL,
            removed_by TEXT,
            removed_at INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX suppression_of ON suppression (space, key, address, scope, value);
        CREATE INDEX suppression_in_force ON suppression (id) WHERE removed_at IS NULL;

        CREATE TABLE allowed (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            space INTEGER NOT NULL,
            key INTEGER NOT NULL,
            address TEXT NOT NULL,
            note TEXT NOT NULL,
            added_by TEXT NOT NULL,
            added_at INTEGER NOT NULL,
            UNIQUE (space, key, address)
        ) STRICT;

        CREATE TABLE sensitive_word (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            text TEXT NOT NULL,
            folded TEXT NOT NULL UNIQUE,
            added_by TEXT NOT NULL,
            added_at INTEGER NOT NULL
        ) STRICT;

        """
}
