import GRDB

/// The tables of `queue.db`, as numbered steps that are only ever added to.
enum QueueMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { try $0.execute(sql: first) }
        migrator.registerMigration("2") { try $0.execute(sql: second) }
        migrator.registerMigration("3") { try $0.execute(sql: third) }
        return migrator
    }

    private static let first = """
        CREATE TABLE message (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            batch INTEGER NOT NULL UNIQUE,
            channel INTEGER NOT NULL,
            message_type INTEGER NOT NULL,
            run INTEGER,
            -- 0 ready, 1 claimed until its time, 2 waiting until its time, 3 dead
            state INTEGER NOT NULL DEFAULT 0,
            is_suspended INTEGER NOT NULL DEFAULT 0,
            due_at INTEGER,
            attempts INTEGER NOT NULL DEFAULT 0,
            claim INTEGER NOT NULL DEFAULT 0,
            reason TEXT,
            buried_at INTEGER
        ) STRICT;
        CREATE INDEX message_ready ON message (channel, message_type, id)
            WHERE state = 0 AND is_suspended = 0;
        CREATE INDEX message_due ON message (due_at) WHERE state IN (1, 2);
        CREATE INDEX message_of_run ON message (run) WHERE run IS NOT NULL;
        CREATE INDEX message_dead ON message (buried_at, id) WHERE state = 3;

        CREATE TABLE suspended (run INTEGER PRIMARY KEY) STRICT;

        -- The number of the newest claim, which proves it.
        CREATE TABLE claim (newest INTEGER NOT NULL) STRICT;
        INSERT INTO claim (newest) VALUES (0);
        """

    /// A lane finds what it waits for without passing what others wait for.
    private static let second = """
        DROP INDEX message_due;
        CREATE INDEX message_later ON message (channel, message_type, due_at)
            WHERE state IN (1, 2) AND is_suspended = 0;
        """

    /// What tells a batch that ends its workers from one that is merely long.
    private static let third = """
        -- Claims in a row that ran out, before the present one.
        ALTER TABLE message ADD COLUMN lapses INTEGER NOT NULL DEFAULT 0;
        -- How much was to be done when somebody noted it last.
        ALTER TABLE message ADD COLUMN remaining INTEGER;
        """
}
