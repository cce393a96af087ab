import Groundwork

/// The scheduler's tables, as numbered steps that are only ever added to.
enum SchedulerSchema {
    static let migrator = PostgresMigrator(
        part: "scheduler",
        steps: [
            { link in
                try link.runScript(first)
                try link.runScript(seed)
            },
            { link in _ = try link.runScript(holdTerm) },
            { link in _ = try link.runScript(lines) },
            { link in _ = try link.runScript(sequels) },
            { link in _ = try link.runScript(spelling) },
            { link in _ = try link.runScript(groups) },
            { link in _ = try link.runScript(targets) },
            { link in _ = try link.runScript(keyedCalls) },
            { link in _ = try link.runScript(runDays) },
            { link in _ = try link.runScript(pull) },
            { link in _ = try link.runScript(jobHistory) },
            { link in _ = try link.runScript(forgottenRuns) },
            { link in _ = try link.runScript(people) },
            { link in _ = try link.runScript(audit) },
            { link in _ = try link.runScript(apiKeys) },
            { link in _ = try link.runScript(indexesByStage) },
            { link in _ = try link.runScript(hashKeys) },
            { link in _ = try link.runScript(stalledJobs) },
            { link in _ = try link.runScript(outboxOfGroups) },
        ]
    )

    /// Makes run ids start where no earlier database's ids can have come to.
    ///
    /// A run's id is what executors file its log and remember its outcome under: after the database was lost, new
    /// ids must not repeat old ones. They start at the time of creation and would have to be used up at
    /// 1000/s to be caught up.
    private static let seed = """
        SELECT setval(
            pg_get_serial_sequence('runs', 'id'), extract(epoch FROM clock_timestamp())::bigint * 1000)
        """

    /// Instants are milliseconds since 1970, as the wire has them.
    ///
    /// Rows of `jobs`, `executors` and `leader_term` are few and change all the time: they are swept early, and there is room in
    /// their pages.
    private static let first = """
        CREATE TABLE leader_term (
            name text PRIMARY KEY,
            token bigint NOT NULL,
            holder text NOT NULL,
            beat bigint NOT NULL,
            beat_at timestamptz NOT NULL,
            cluster text NOT NULL
        );

        CREATE TABLE jobs (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            app text NOT NULL,
            name text NOT NULL,
            -- the whole of it; what is looked for has columns beside it
            spec text NOT NULL,
            summary text NOT NULL,
            handler text NOT NULL,
            schedule_kind text NOT NULL,
            enabled boolean NOT NULL,
            created_at bigint NOT NULL,
            started_at bigint,
            last_at bigint,
            next_at bigint,
            version bigint NOT NULL,
            definition text,
            CONSTRAINT jobs_name UNIQUE (app, name)
        ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
        CREATE INDEX jobs_upcoming ON jobs (next_at, id) WHERE enabled AND next_at IS NOT NULL;
        CREATE INDEX jobs_of_group ON jobs (app, id);

        CREATE TABLE runs (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            job bigint NOT NULL,
            planned_at bigint NOT NULL,
            shard_index bigint NOT NULL,
            shard_total bigint NOT NULL,
            attempt bigint NOT NULL,
            parent bigint,
            trigger_kind text NOT NULL,
            app text NOT NULL,
            handler text NOT NULL,
            params text NOT NULL,
            overlap text NOT NULL,
            route text NOT NULL,
            timeout_ms bigint NOT NULL,
            retry text NOT NULL,
            follow_up_ms bigint,
            state text NOT NULL,
            -- when the outbox is to look at it: while planned or dispatching
            due_at bigint,
            sends bigint NOT NULL,
            address text,
            instance text,
            dispatched_at bigint,
            started_at bigint,
            unreached_since bigint,
            kill_requested_at bigint,
            ended_at bigint,
            reason text,
            message text,
            version bigint NOT NULL,
            token bigint,
            CONSTRAINT runs_once UNIQUE (job, planned_at, shard_index, attempt)
        ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
        CREATE INDEX runs_outbox ON runs (due_at, id) WHERE due_at IS NOT NULL;
        CREATE INDEX runs_dispatching ON runs (due_at, id) WHERE state = 'dispatching';
        CREATE INDEX runs_open ON runs (id) WHERE state <> 'ended';
        CREATE INDEX runs_open_of_job ON runs (job, id) WHERE state <> 'ended';
        CREATE INDEX runs_of_job ON runs (job, id);
        CREATE INDEX runs_of_group ON runs (app, id);
        CREATE INDEX runs_of_executor ON runs (address, id) WHERE address IS NOT NULL;
        CREATE INDEX runs_by_plan ON runs (planned_at, id);
        CREATE INDEX runs_ended ON runs (ended_at) WHERE ended_at IS NOT NULL;
        -- whoever looks for a reason looks for what went wrong, and that is rare
        CREATE INDEX runs_amiss ON runs (reason, id) WHERE reason <> 'completed';

        CREATE TABLE executors (
            app text NOT NULL,
            address text NOT NULL,
            instance text,
            dialect text NOT NULL,
            since bigint NOT NULL,
            last_seen_at bigint NOT NULL,
            has_left boolean NOT NULL,
            PRIMARY KEY (app, address)
        ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

        CREATE TABLE listening (
            id bigint PRIMARY KEY CHECK (id = 1),
            since bigint NOT NULL,
            until bigint NOT NULL
        )
        """

    /// What the outbox goes by: the lines of runs that wait for each other, whom they wait for, and who waits in none.
    private static let lines = """
        DROP INDEX runs_dispatching;
        CREATE INDEX runs_waiting ON runs (job, shard_index, id) WHERE state = 'planned';
        CREATE INDEX runs_busy ON runs (job, shard_index, id) WHERE \(PostgresRunStore.busy);
        CREATE INDEX runs_unlined ON runs (due_at, id) WHERE \(PostgresRunStore.unlined);
        """

    /// The ends that somebody has yet to follow up, how it stands with jobs' alarms, and what is to be told.
    ///
    /// Of the first and the last there are few at a time, and each is soon gone.
    private static let sequels = """
        ALTER TABLE runs ADD COLUMN has_sequel bigint NOT NULL DEFAULT 0;
        CREATE TABLE sequels (run bigint PRIMARY KEY)
            WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
        CREATE TABLE alarms (job bigint PRIMARY KEY, state text NOT NULL);
        CREATE TABLE notices (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            job bigint NOT NULL,
            due_at bigint NOT NULL,
            body text NOT NULL
        );
        CREATE INDEX notices_due ON notices (due_at, id)
        """

    /// A run changes three times within a moment, and each change is noted in every index that leads to it: so what lists the past
    /// leads to ended runs alone, and an open one is in four or five small indexes.
    private static let indexesByStage = """
        DROP INDEX runs_outbox, runs_open, runs_open_of_job, runs_of_job, runs_of_group, runs_of_executor, runs_by_plan;
        CREATE INDEX runs_open ON runs (id) WHERE \(PostgresRunStore.open);
        CREATE INDEX runs_lined ON runs (due_at, id) WHERE \(PostgresRunStore.lined);
        CREATE INDEX runs_lines ON runs (job, shard_index, id) WHERE \(PostgresRunStore.lined);
        CREATE INDEX runs_of_job ON runs (job, id) WHERE ended_at IS NOT NULL;
        CREATE INDEX runs_of_group ON runs (app, id) WHERE ended_at IS NOT NULL;
        CREATE INDEX runs_of_executor ON runs (address, id) WHERE ended_at IS NOT NULL AND address IS NOT NULL;
        CREATE INDEX runs_by_plan ON runs (planned_at, id) WHERE ended_at IS NOT NULL;
        -- what went wrong is rare, and looked for at one job or executor more than anywhere
        CREATE INDEX runs_amiss_of_job ON runs (job, id) WHERE reason <> 'completed';
        CREATE INDEX runs_amiss_of_executor ON runs (address, id) WHERE reason <> 'completed'
        """

    /// Who may sign in; groups are null for all.
    private static let audit = """
        CREATE TABLE audit (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at bigint NOT NULL,
            actor text NOT NULL,
            user_id bigint,
            way text NOT NULL,
            address text NOT NULL,
            act text NOT NULL,
            kind text NOT NULL,
            subject text,
            name text,
            was text,
            is_now text
        );
        CREATE INDEX audit_by_time ON audit (at);
        CREATE INDEX audit_of_actor ON audit (actor, id);
        CREATE INDEX audit_of_subject ON audit (kind, subject, id)
        """

    private static let apiKeys = """
        CREATE TABLE api_keys (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            user_id bigint NOT NULL REFERENCES users (id),
            name text NOT NULL,
            hash text NOT NULL UNIQUE,
            read_only boolean NOT NULL,
            created_at bigint NOT NULL,
            expires_at bigint NOT NULL
        );
        CREATE INDEX api_keys_of_user ON api_keys (user_id)
        """

    private static let people = """
        CREATE TABLE users (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            name text NOT NULL UNIQUE,
            display_name text NOT NULL,
            role text NOT NULL,
            groups text,
            language text,
            disabled boolean NOT NULL,
            generation bigint NOT NULL DEFAULT 1,
            version bigint NOT NULL DEFAULT 1,
            password text NOT NULL,
            created_at bigint NOT NULL
        )
        """

    /// The address as the executor spelled it; null for one that has not beaten since.
    private static let spelling = "ALTER TABLE executors ADD COLUMN spelling text"

    /// What operators decided about groups of executors: addresses, a line each, are null where executors register, and
    /// tokens are sealed, and null where the shared one counts.
    private static let groups = """
        CREATE TABLE executor_groups (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            app text NOT NULL CONSTRAINT executor_groups_name UNIQUE,
            title text NOT NULL,
            addresses text,
            token bytea,
            created_at bigint NOT NULL,
            version bigint NOT NULL
        )
        """

    /// The only executor that may have a run; null for nearly all.
    private static let targets = "ALTER TABLE runs ADD COLUMN target text"

    /// What a consistent hash goes by for a run; null for the job's number.
    private static let hashKeys = "ALTER TABLE runs ADD COLUMN hash_key text"

    /// The jobs that wait for one of their runs to end, or for nothing.
    private static let stalledJobs = """
        CREATE INDEX jobs_stalled ON jobs (id) WHERE enabled AND next_at IS NULL AND schedule_kind = 'FIX_DELAY'
        """

    /// What is to be handed over, group by group: those that are full may have any number.
    private static let outboxOfGroups = """
        DROP INDEX runs_lined, runs_lines, runs_unlined;
        CREATE INDEX runs_lined ON runs (app, due_at, id) WHERE \(PostgresRunStore.lined);
        CREATE INDEX runs_unlined ON runs (app, due_at, id) WHERE \(PostgresRunStore.unlined)
        """

    /// Calls that are made once: what they were answered, and which runs they added.
    private static let keyedCalls = """
        CREATE TABLE keyed_calls (
            key text PRIMARY KEY,
            digest text NOT NULL,
            begun_at bigint NOT NULL,
            runs text,
            status bigint,
            location text,
            body text
        );
        CREATE INDEX keyed_calls_begun ON keyed_calls (begun_at)
        """

    /// How many runs each day had, by where they stand, and the jobs whose runs are kept for a time of their own.
    ///
    /// Whoever counts or removes runs holds the row of `run_days_settled`.
    private static let runDays = """
        CREATE TABLE run_days (
            day bigint NOT NULL,
            job bigint NOT NULL,
            app text NOT NULL,
            outcome text NOT NULL,
            -- runs that are there, and runs that were removed since
            present bigint NOT NULL,
            removed bigint NOT NULL,
            PRIMARY KEY (day, job, app, outcome)
        ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
        CREATE INDEX run_days_of_job ON run_days (job, day);
        CREATE TABLE run_days_settled (id bigint PRIMARY KEY CHECK (id = 1), until bigint);
        INSERT INTO run_days_settled (id) VALUES (1);
        CREATE INDEX jobs_keeping ON jobs (id) WHERE strpos(spec, '"keep_ms":') > 0
        """

    /// How many runs an executor that fetches them holds at most, and the open runs of such executors.
    private static let pull = """
        ALTER TABLE executors ADD COLUMN capacity bigint;
        CREATE INDEX runs_pulled ON runs (address, id) WHERE \(PostgresRunStore.pulled)
        """

    /// What each job was from one change to the next: see `JobVersion`.
    ///
    /// That of jobs that are older than it begins with what they are.
    private static let jobHistory = """
        CREATE TABLE job_history (
            job bigint NOT NULL,
            version bigint NOT NULL,
            spec text NOT NULL,
            enabled boolean NOT NULL,
            started_at bigint,
            definition text,
            since_at bigint NOT NULL,
            -- the next trigger as it began, and as it ended
            first_at bigint,
            until_at bigint,
            next_at bigint,
            PRIMARY KEY (job, version)
        );
        INSERT INTO job_history (job, version, spec, enabled, started_at, definition, since_at, first_at)
        SELECT id, version, spec, enabled, started_at, definition,
            (extract(epoch FROM clock_timestamp()) * 1000)::bigint, next_at
        FROM jobs
        """

    /// Since when all runs of a job are kept, where some were removed: see `RunLedger.keptSince`.
    ///
    /// What was removed before this table was there is older than the history of the jobs.
    private static let forgottenRuns = """
        CREATE TABLE forgotten_runs (job bigint PRIMARY KEY, kept_since bigint NOT NULL)
        """

    /// Has a transaction hold the row of a term that is the newest, and ends one that shows another: so the proof of a
    /// leader travels with what it writes, and nobody comes back to look at the answer.
    private static let holdTerm = """
        CREATE FUNCTION hold_term(term text, shown bigint) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM 1 FROM leader_term WHERE name = term AND token = shown FOR SHARE;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'term % is over', shown USING ERRCODE = '\(PostgresFailure.termIsOver)';
            END IF;
        END
        $$
        """
}
