import Foundation
import GRDB

/// The tables of the scheduler's file, as numbered steps that are only ever added to.
enum SchedulerMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: first)
            try db.execute(sql: seed, arguments: [Int64(Date().timeIntervalSince1970) * 1_000])
        }
        migrator.registerMigration("2") { db in try db.execute(sql: second) }
        migrator.registerMigration("3") { db in try db.execute(sql: third) }
        migrator.registerMigration("4") { db in try db.execute(sql: fourth) }
        migrator.registerMigration("groups") { db in try db.execute(sql: groups) }
        migrator.registerMigration("run targets") { db in try db.execute(sql: targets) }
        migrator.registerMigration("keyed calls") { db in try db.execute(sql: keyedCalls) }
        migrator.registerMigration("run days") { db in try db.execute(sql: runDays) }
        migrator.registerMigration("pull") { db in try db.execute(sql: pull) }
        migrator.registerMigration("job history") { db in
            try db.execute(sql: jobHistory)
            try db.execute(sql: presentJobs, arguments: [Int64(Date().timeIntervalSince1970 * 1_000)])
        }
        migrator.registerMigration("forgotten runs") { db in try db.execute(sql: forgottenRuns) }
        migrator.registerMigration("people") { db in try db.execute(sql: people) }
        migrator.registerMigration("audit") { db in try db.execute(sql: audit) }
        migrator.registerMigration("API keys") { db in try db.execute(sql: apiKeys) }
        migrator.registerMigration("hash keys") { db in try db.execute(sql: hashKeys) }
        migrator.registerMigration("stalled jobs") { db in try db.execute(sql: stalledJobs) }
        migrator.registerMigration("outbox of groups") { db in try db.execute(sql: outboxOfGroups) }
        return migrator
    }

    /// Makes run ids start where no earlier file's ids can have come to.
    ///
    /// A run's id is what executors file its log and remember its outcome under: after the file was lost, new
    /// ids must not repeat old ones. They start at the time of creation and would have to be used up at
    /// 1000/s to be caught up.
    private static let seed = "INSERT INTO sqlite_sequence (name, seq) VALUES ('runs', ?)"

    /// What is to be handed over, group by group: those that are full may have any number.
    private static let outboxOfGroups = """
        DROP INDEX runs_outbox;
        CREATE INDEX runs_outbox_of_group ON runs (app, due_at, id) WHERE due_at IS NOT NULL;
        """

    /// Who may sign in.
    private static let audit = """
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            user_id INTEGER,
            way TEXT NOT NULL,
            address TEXT NOT NULL,
            act TEXT NOT NULL,
            kind TEXT NOT NULL,
            subject TEXT,
            name TEXT,
            was TEXT,
            is_now TEXT
        ) STRICT;
        CREATE INDEX audit_by_time ON audit (at);
        CREATE INDEX audit_of_actor ON audit (actor, id);
        CREATE INDEX audit_of_subject ON audit (kind, subject, id);
        """

    private static let apiKeys = """
        CREATE TABLE api_keys (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id INTEGER NOT NULL REFERENCES users (id),
            name TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE,
            read_only INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX api_keys_of_user ON api_keys (user_id);
        """

    private static let people = """
        CREATE TABLE users (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            display_name TEXT NOT NULL,
            role TEXT NOT NULL,
            -- null: all groups
            groups TEXT,
            language TEXT,
            disabled INTEGER NOT NULL,
            generation INTEGER NOT NULL DEFAULT 1,
            version INTEGER NOT NULL DEFAULT 1,
            password TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        """

    private static let second = """
        CREATE TABLE listening (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            since INTEGER NOT NULL,
            until INTEGER NOT NULL
        ) STRICT;
        """

    /// The ends that somebody has yet to follow up, how it stands with jobs' alarms, and what is to be told.
    private static let third = """
        ALTER TABLE runs ADD COLUMN has_sequel INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE sequels (run INTEGER PRIMARY KEY NOT NULL) STRICT;
        CREATE TABLE alarms (job INTEGER PRIMARY KEY NOT NULL, state TEXT NOT NULL) STRICT;
        CREATE TABLE notices (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            job INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            body TEXT NOT NULL
        ) STRICT;
        CREATE INDEX notices_due ON notices (due_at, id);
        """

    /// The address as the executor spelled it; null for one that has not beaten since.
    private static let fourth = "ALTER TABLE executors ADD COLUMN spelling TEXT"

    /// What operators decided about groups of executors: addresses, a line each, are null where executors register, and
    /// tokens are sealed, and null where the shared one counts.
    private static let groups = """
        CREATE TABLE executor_groups (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            app TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            addresses TEXT,
            token BLOB,
            created_at INTEGER NOT NULL,
            version INTEGER NOT NULL
        ) STRICT;
        """

    /// The only executor that may have a run; null for nearly all.
    private static let targets = "ALTER TABLE runs ADD COLUMN target TEXT"

    /// The jobs that wait for one of their runs to end, or for nothing.
    private static let stalledJobs = """
        CREATE INDEX jobs_stalled ON jobs (id) WHERE enabled = 1 AND next_at IS NULL AND schedule_kind = 'FIX_DELAY'
        """

    /// What a consistent hash goes by for a run; null for the job's number.
    private static let hashKeys = "ALTER TABLE runs ADD COLUMN hash_key TEXT"

    /// Calls that are made once: what they were answered, and which runs they added.
    private static let keyedCalls = """
        CREATE TABLE keyed_calls (
            key TEXT PRIMARY KEY NOT NULL,
            digest TEXT NOT NULL,
            begun_at INTEGER NOT NULL,
            runs TEXT,
            status INTEGER,
            location TEXT,
            body TEXT
        ) STRICT;
        CREATE INDEX keyed_calls_begun ON keyed_calls (begun_at);
        """

    /// How many runs each day had, by where they stand, and the ways to runs that are counted and removed.
    private static let runDays = """
        CREATE TABLE run_days (
            day INTEGER NOT NULL,
            job INTEGER NOT NULL,
            app TEXT NOT NULL,
            outcome TEXT NOT NULL,
            -- runs that are there, and runs that were removed since
            present INTEGER NOT NULL,
            removed INTEGER NOT NULL,
            PRIMARY KEY (day, job, app, outcome)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX run_days_of_job ON run_days (job, day);
        CREATE TABLE run_days_settled (id INTEGER PRIMARY KEY CHECK (id = 1), until INTEGER NOT NULL) STRICT;
        CREATE INDEX runs_by_plan ON runs (planned_at, id);
        CREATE INDEX runs_of_group ON runs (app, id);
        CREATE INDEX jobs_keeping ON jobs (id) WHERE instr(spec, '"keep_ms":') > 0;
        """

    /// How many runs an executor that fetches them holds at most, and the open runs of such executors.
    private static let pull = """
        ALTER TABLE executors ADD COLUMN capacity INTEGER;
        CREATE INDEX runs_pulled ON runs (address, id) WHERE \(SQLiteRunStore.pulled);
        """

    /// What each job was from one change to the next: see `JobVersion`.
    private static let jobHistory = """
        CREATE TABLE job_history (
            job INTEGER NOT NULL,
            version INTEGER NOT NULL,
            spec TEXT NOT NULL,
            enabled INTEGER NOT NULL,
            started_at INTEGER,
            definition TEXT,
            since_at INTEGER NOT NULL,
            -- the next trigger as it began, and as it ended
            first_at INTEGER,
            until_at INTEGER,
            next_at INTEGER,
            PRIMARY KEY (job, version)
        ) STRICT, WITHOUT ROWID;
        """

    /// The history of jobs that are older than it begins with what they are.
    private static let presentJobs = """
        INSERT INTO job_history (job, version, spec, enabled, started_at, definition, since_at, first_at)
        SELECT id, version, spec, enabled, started_at, definition, ?, next_at FROM jobs
        """

    /// Since when all runs of a job are kept, where some were removed: see `RunLedger.keptSince`.
    ///
    /// What was removed before this table was there is older than the history of the jobs.
    private static let forgottenRuns = """
        CREATE TABLE forgotten_runs (job INTEGER PRIMARY KEY, kept_since INTEGER NOT NULL) STRICT;
        """

    private static let first = """
        CREATE TABLE leases (
            name TEXT PRIMARY KEY NOT NULL,
            token INTEGER NOT NULL,
            holder TEXT NOT NULL,
            -- whether the holder also holds the lock on the lease's file
            is_locked INTEGER NOT NULL,
            -- the boot of the host in whose uptime the end is counted
            boot TEXT NOT NULL,
            ends_at_uptime_ms INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE jobs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            app TEXT NOT NULL,
            name TEXT NOT NULL,
            spec TEXT NOT NULL,
            schedule_kind TEXT NOT NULL,
            enabled INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            started_at INTEGER,
            last_at INTEGER,
            next_at INTEGER,
            version INTEGER NOT NULL,
            definition TEXT,
            UNIQUE (app, name)
        ) STRICT;
        CREATE INDEX jobs_upcoming ON jobs (next_at, id) WHERE enabled = 1 AND next_at IS NOT NULL;

        CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            job INTEGER NOT NULL,
            planned_at INTEGER NOT NULL,
            shard_index INTEGER NOT NULL,
            shard_total INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            parent INTEGER,
            trigger_kind TEXT NOT NULL,
            app TEXT NOT NULL,
            handler TEXT NOT NULL,
            params TEXT NOT NULL,
            overlap TEXT NOT NULL,
            route TEXT NOT NULL,
            timeout_ms INTEGER NOT NULL,
            retry TEXT NOT NULL,
            follow_up_ms INTEGER,
            state TEXT NOT NULL,
            -- when the outbox is to look at it: while planned or dispatching
            due_at INTEGER,
            sends INTEGER NOT NULL,
            address TEXT,
            instance TEXT,
            dispatched_at INTEGER,
            started_at INTEGER,
            unreached_since INTEGER,
            kill_requested_at INTEGER,
            ended_at INTEGER,
            reason TEXT,
            message TEXT,
            version INTEGER NOT NULL,
            token INTEGER,
            UNIQUE (job, planned_at, shard_index, attempt)
        ) STRICT;
        CREATE INDEX runs_outbox ON runs (due_at, id) WHERE due_at IS NOT NULL;
        CREATE INDEX runs_open ON runs (job, id) WHERE state <> 'ended';
        CREATE INDEX runs_running ON runs (id) WHERE state = 'running';
        CREATE INDEX runs_of_job ON runs (job, id);
        CREATE INDEX runs_ended ON runs (ended_at) WHERE ended_at IS NOT NULL;

        CREATE TABLE executors (
            app TEXT NOT NULL,
            address TEXT NOT NULL,
            instance TEXT,
            dialect TEXT NOT NULL,
            since INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            has_left INTEGER NOT NULL,
            PRIMARY KEY (app, address)
        ) STRICT, WITHOUT ROWID;
        """
}
