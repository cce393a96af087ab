/// The tables of reconciliation and of clicks, and the indexes by which a day's calls are found.
enum ReconciliationTables {
    static let schema = """
        CREATE INDEX intent_of_account ON intent (account, called_at, id);
        CREATE INDEX stray_of_account ON stray_receipt (account, at, id);

        CREATE TABLE reconciliation (
            day INTEGER NOT NULL,
            account INTEGER NOT NULL,
            verdict TEXT NOT NULL,
            rows INTEGER NOT NULL,
            made_at INTEGER NOT NULL,
            figures TEXT NOT NULL,
            PRIMARY KEY (day, account)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE reconciliation_row (
            day INTEGER NOT NULL,
            account INTEGER NOT NULL,
            number INTEGER NOT NULL,
            kind TEXT NOT NULL,
            message INTEGER,
            recipient TEXT NOT NULL,
            reference TEXT NOT NULL,
            state INTEGER NOT NULL,
            charge INTEGER NOT NULL,
            at INTEGER NOT NULL,
            code TEXT NOT NULL,
            PRIMARY KEY (day, account, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE link (
            code TEXT PRIMARY KEY NOT NULL,
            url TEXT NOT NULL,
            business_id INTEGER NOT NULL,
            made_at INTEGER NOT NULL,
            UNIQUE (business_id, url)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX link_of_business ON link (business_id, code);

        -- Clicks of a link in one hour since 1970.
        CREATE TABLE click (
            code TEXT NOT NULL,
            hour INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (code, hour)
        ) STRICT, WITHOUT ROWID;
        """

    /// Each occurrence of a campaign has links of its own, and old links are found by their age.
    static let linksOfCampaigns = """
        CREATE TABLE new_link (
            code TEXT PRIMARY KEY NOT NULL,
            url TEXT NOT NULL,
            business_id INTEGER NOT NULL,
            -- 0 for the API
            run INTEGER NOT NULL,
            made_at INTEGER NOT NULL,
            UNIQUE (business_id, url, run)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO new_link SELECT code, url, business_id, 0, made_at FROM link;
        DROP TABLE link;
        ALTER TABLE new_link RENAME TO link;
        CREATE INDEX link_of_business ON link (business_id, code);
        CREATE INDEX link_of_run ON link (run) WHERE run > 0;
        CREATE INDEX link_of_age ON link (made_at);
        """
}
