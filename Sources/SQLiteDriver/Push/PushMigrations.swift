import GRDB

/// The tables of `push.db`, as numbered steps that are only ever added to.
///
/// Three things keep the hot path short. A recipient costs one row at the end of `record`, whose later
/// changes keep its size, and one row at a random place, in `recipient_index`. Everything else is written
/// once per batch, call or decision, with the members as one small blob. What is only looked up by people is
/// put together when they look.
enum PushMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            let indexes = recipientIndex("young_recipient_index") + recipientIndex("recipient_index")
            try db.execute(sql: installation + catalogue + crowds + messages)
            try db.execute(sql: YoungTable.schema + indexes + delivery + receipts)
            try db.execute(
                sql: "INSERT INTO installation (id) VALUES (?)",
                arguments: [Int64(UInt32.random(in: 1...UInt32.max))]
            )
        }
        migrator.registerMigration("2") { db in
            // What was made before nobody said so is not sent again.
            try db.execute(
                sql: """
                    ALTER TABLE template_version ADD COLUMN guarantee TEXT NOT NULL DEFAULT 'at_most_once'
                    """
            )
        }
        migrator.registerMigration("3") { db in
            try db.execute(sql: "CREATE INDEX batch_accepted ON batch (id) WHERE accepted > 0")
        }
        migrator.registerMigration("4") { db in
            try db.execute(
                sql: """
                    ALTER TABLE campaign ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
                    CREATE INDEX campaign_run_paused ON campaign_run (id) WHERE state = 'paused';
                    -- Until now only occurrences were paused and cancelled.
                    UPDATE campaign SET state = 'paused'
                        WHERE id IN (SELECT campaign FROM campaign_run WHERE state = 'paused');
                    """
            )
        }
        migrator.registerMigration("5") { db in
            // A file is found by its digest, wherever the storage keeps it.
            try db.execute(sql: "ALTER TABLE crowd DROP COLUMN path")
        }
        migrator.registerMigration("6") { db in
            try db.execute(sql: "ALTER TABLE account ADD COLUMN calls_per_second INTEGER")
        }
        migrator.registerMigration("7") { db in
            // What was taken in before nobody noted it counts as used now.
            try db.execute(
                sql: """
                    ALTER TABLE crowd ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE crowd ADD COLUMN is_retired INTEGER NOT NULL DEFAULT 0;
                    UPDATE crowd SET used_at = 1000 * CAST(strftime('%s', 'now') AS INTEGER);
                    """
            )
        }
        migrator.registerMigration("8") { db in try db.execute(sql: accountForms) }
        migrator.registerMigration("suppression lists") { db in try db.execute(sql: suppressionLists) }
        migrator.registerMigration("routing") { db in
            try db.execute(
                sql: """
                    ALTER TABLE account ADD COLUMN weights TEXT NOT NULL DEFAULT '{}';
                    ALTER TABLE template_version ADD COLUMN is_sticky INTEGER NOT NULL DEFAULT 0;
                    """
            )
        }
        migrator.registerMigration("media") { db in try db.execute(sql: media) }
        migrator.registerMigration("reconciliation and clicks") { db in
            try db.execute(sql: ReconciliationTables.schema)
        }
        migrator.registerMigration("links of campaigns") { db in
            try db.execute(sql: ReconciliationTables.linksOfCampaigns)
        }
        return migrator
    }

    /// Files that contents refer to, and what suppliers have of them.
    private static let media = """
        CREATE TABLE media (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            channel INTEGER NOT NULL,
            type INTEGER NOT NULL,
            format TEXT NOT NULL,
            digest TEXT NOT NULL,
            byte_count INTEGER NOT NULL,
            -- 0 its bytes are arriving, 1 kept, 2 retired
            state INTEGER NOT NULL,
            created_by TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            UNIQUE (digest, channel, type)
        ) STRICT;

        CREATE TABLE media_copy (
            media INTEGER NOT NULL,
            account INTEGER NOT NULL,
            -- the newest right to upload it, and until when somebody has it
            turn INTEGER NOT NULL,
            busy_until INTEGER NOT NULL,
            reference TEXT,
            uploaded_at INTEGER,
            expires_at INTEGER,
            PRIMARY KEY (media, account)
        ) STRICT, WITHOUT ROWID;
        """

    /// Each kind of supplier asks for fields of its own.
    private static let accountForms = """
        ALTER TABLE account ADD COLUMN config TEXT NOT NULL DEFAULT '{}';
        UPDATE account SET config = json_object('secretId', access_key, 'smsSdkAppId', app,
            'signName', sign_name, 'templateId', template_code, 'region', region) WHERE kind = 'tencent';
        UPDATE account SET config = json_object('accessKeyId', access_key, 'signName', sign_name,
            'templateCode', template_code, 'regionId', region) WHERE kind = 'aliyun';
        ALTER TABLE account DROP COLUMN access_key;
        ALTER TABLE account DROP COLUMN sign_name;
        ALTER TABLE account DROP COLUMN template_code;
        ALTER TABLE account DROP COLUMN app;
        ALTER TABLE account DROP COLUMN region;
        ALTER TABLE account RENAME COLUMN sealed_key TO sealed_secrets;
        """

    private static let installation = """
        CREATE TABLE installation (id INTEGER NOT NULL) STRICT;

        """

    private static let catalogue = """
        CREATE TABLE template (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            status INTEGER NOT NULL,
            latest INTEGER NOT NULL,
            serving INTEGER
        ) STRICT;

        CREATE TABLE template_version (
            template INTEGER NOT NULL,
            number INTEGER NOT NULL,
            name TEXT NOT NULL,
            channel INTEGER NOT NULL,
            message_type INTEGER NOT NULL,
            template_type INTEGER NOT NULL,
            shield INTEGER NOT NULL,
            content TEXT NOT NULL,
            account INTEGER,
            audit INTEGER NOT NULL,
            edited_by TEXT NOT NULL,
            edited_at INTEGER NOT NULL,
            audited_by TEXT,
            audit_note TEXT,
            PRIMARY KEY (template, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE account (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            channel INTEGER NOT NULL,
            url TEXT NOT NULL,
            access_key TEXT NOT NULL,
            sealed_key BLOB NOT NULL,
            sign_name TEXT NOT NULL,
            template_code TEXT NOT NULL,
            app TEXT NOT NULL,
            region TEXT NOT NULL,
            weight INTEGER NOT NULL,
            is_enabled INTEGER NOT NULL
        ) STRICT;
        -- Accounts count from 2: SQLite stores 1 in no byte and 2 in one, as it does -1 for "none yet", and a
        -- record whose size stays is changed where it lies.
        INSERT INTO sqlite_sequence (name, seq) VALUES ('account', 1);

        CREATE TABLE discard (
            kind TEXT NOT NULL,
            value INTEGER NOT NULL,
            PRIMARY KEY (kind, value)
        ) STRICT, WITHOUT ROWID;

        """

    private static let crowds = """
        CREATE TABLE crowd (
            digest TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            path TEXT NOT NULL,
            byte_count INTEGER NOT NULL,
            row_count INTEGER NOT NULL,
            columns TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE crowd_shard (
            crowd TEXT NOT NULL,
            number INTEGER NOT NULL,
            start_offset INTEGER NOT NULL,
            start_row INTEGER NOT NULL,
            start_line INTEGER NOT NULL,
            end_offset INTEGER NOT NULL,
            PRIMARY KEY (crowd, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE campaign (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            template INTEGER NOT NULL,
            crowd TEXT NOT NULL,
            schedule TEXT NOT NULL,
            created_by TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            job INTEGER
        ) STRICT;

        CREATE TABLE campaign_run (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            campaign INTEGER NOT NULL,
            planned_at INTEGER NOT NULL,
            template_version INTEGER NOT NULL,
            state TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            read_at INTEGER,
            rows_read INTEGER NOT NULL DEFAULT 0,
            UNIQUE (campaign, planned_at)
        ) STRICT;

        CREATE TABLE campaign_shard (
            run INTEGER NOT NULL,
            number INTEGER NOT NULL,
            offset INTEGER NOT NULL,
            row INTEGER NOT NULL,
            line INTEGER NOT NULL,
            end_offset INTEGER NOT NULL,
            is_done INTEGER NOT NULL,
            PRIMARY KEY (run, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE refused (
            run INTEGER NOT NULL,
            code TEXT NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (run, code)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE reject (
            run INTEGER NOT NULL,
            row INTEGER NOT NULL,
            line INTEGER NOT NULL,
            field TEXT NOT NULL,
            code TEXT NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (run, row)
        ) STRICT, WITHOUT ROWID;

        """

    private static let messages = """
        CREATE TABLE batch (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            run INTEGER,
            template INTEGER NOT NULL,
            version INTEGER NOT NULL,
            channel INTEGER NOT NULL,
            message_type INTEGER NOT NULL,
            day INTEGER NOT NULL,
            accepted_at INTEGER NOT NULL,
            -- how many of its members are in each state that is not final
            queued INTEGER NOT NULL,
            held INTEGER NOT NULL DEFAULT 0,
            accepted INTEGER NOT NULL DEFAULT 0,
            unknown INTEGER NOT NULL DEFAULT 0,
            -- a bit for each state that a member was ever in
            states INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX batch_queued ON batch (id) WHERE queued > 0;
        CREATE INDEX batch_unknown ON batch (id) WHERE unknown > 0;
        CREATE INDEX batch_awaiting ON batch (accepted_at) WHERE accepted + unknown > 0;
        CREATE INDEX batch_of_run ON batch (run, id) WHERE run IS NOT NULL;
        CREATE INDEX batch_of_template ON batch (template, id);

        CREATE TABLE payload (batch INTEGER PRIMARY KEY, task BLOB NOT NULL) STRICT;

        CREATE TABLE record (
            id INTEGER PRIMARY KEY,
            recipient TEXT NOT NULL,
            row INTEGER NOT NULL,
            state INTEGER NOT NULL,
            account INTEGER NOT NULL,
            charge INTEGER NOT NULL,
            changed_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE biz (id INTEGER PRIMARY KEY, biz_id TEXT NOT NULL) STRICT;
        CREATE INDEX biz_by_name ON biz (biz_id, id);

        CREATE TABLE tally (
            day INTEGER NOT NULL,
            template INTEGER NOT NULL,
            run INTEGER NOT NULL,
            account INTEGER NOT NULL,
            state INTEGER NOT NULL,
            count INTEGER NOT NULL,
            charge INTEGER NOT NULL,
            PRIMARY KEY (day, template, run, account, state)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tally_of_run ON tally (run);

        """

    /// Finds a recipient's messages, and keeps a campaign's occurrence (origin > 0) from having one twice.
    ///
    /// A message of the API has its own negated id as origin.
    private static func recipientIndex(_ name: String) -> String {
        """
        CREATE TABLE \(name) (
            key INTEGER NOT NULL,
            origin INTEGER NOT NULL,
            id INTEGER NOT NULL,
            PRIMARY KEY (key, origin)
        ) STRICT, WITHOUT ROWID;

        """
    }

    private static let delivery = """
        -- A call, written down before it is made; `answers` says how it ended for each member.
        CREATE TABLE intent (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            batch INTEGER NOT NULL,
            account INTEGER NOT NULL,
            members BLOB NOT NULL,
            called_at INTEGER NOT NULL,
            closed_at INTEGER,
            answers BLOB
        ) STRICT;
        CREATE INDEX intent_of_batch ON intent (batch, id);

        -- What happened to members of a batch outside of calls; acceptance, calls and receipts tell their own
        -- story.
        CREATE TABLE trace (
            id INTEGER PRIMARY KEY,
            batch INTEGER NOT NULL,
            -- the newest call there was before it
            intent INTEGER NOT NULL,
            at INTEGER NOT NULL,
            stage TEXT NOT NULL,
            state INTEGER NOT NULL,
            account INTEGER,
            detail TEXT NOT NULL,
            members BLOB NOT NULL
        ) STRICT;
        CREATE INDEX trace_of_batch ON trace (batch, id);

        CREATE TABLE shelf (
            id INTEGER PRIMARY KEY,
            batch INTEGER NOT NULL,
            until INTEGER NOT NULL,
            count INTEGER NOT NULL,
            members BLOB NOT NULL
        ) STRICT;
        CREATE INDEX shelf_by_time ON shelf (until, id);
        CREATE INDEX shelf_of_batch ON shelf (batch);

        """

    private static let receipts = """
        CREATE TABLE receipt (
            id INTEGER PRIMARY KEY,
            delivered INTEGER NOT NULL,
            code TEXT NOT NULL,
            reference TEXT NOT NULL,
            at INTEGER NOT NULL,
            received_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE stray_receipt (
            id INTEGER PRIMARY KEY,
            account INTEGER NOT NULL,
            recipient TEXT NOT NULL,
            request_key TEXT,
            reference TEXT NOT NULL,
            delivered INTEGER NOT NULL,
            code TEXT NOT NULL,
            at INTEGER NOT NULL,
            received_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE receipt_page (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            account INTEGER NOT NULL,
            at INTEGER NOT NULL,
            is_done INTEGER NOT NULL DEFAULT 0,
            raw BLOB NOT NULL
        ) STRICT;
        CREATE INDEX receipt_page_pending ON receipt_page (id) WHERE is_done = 0;

        -- What the supplier said when it was asked about a call without an answer.
        CREATE TABLE confirmation (id INTEGER PRIMARY KEY, reference TEXT NOT NULL) STRICT;

        """
}
