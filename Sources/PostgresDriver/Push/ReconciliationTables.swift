/// The tables of reconciliation and of clicks, and the indexes by which a day's calls are found.
enum ReconciliationTables {
    static let schema = """
        -- The sum keeps other questions about an account's calls, whose answers lie elsewhere, from going by it.
        CREATE INDEX call_of_account ON call ((account + 0), called_at, id);
        CREATE INDEX stray_of_account ON stray_receipt (account, at, id);

        CREATE TABLE reconciliation (
            day bigint NOT NULL,
            account bigint NOT NULL,
            verdict text NOT NULL,
            rows bigint NOT NULL,
            made_at bigint NOT NULL,
            figures text NOT NULL,
            PRIMARY KEY (day, account)
        );

        CREATE TABLE reconciliation_row (
            day bigint NOT NULL,
            account bigint NOT NULL,
            number bigint NOT NULL,
            kind text NOT NULL,
            message bigint,
            recipient text NOT NULL,
            reference text NOT NULL,
            state bigint NOT NULL,
            charge bigint NOT NULL,
            at bigint NOT NULL,
            code text NOT NULL,
            PRIMARY KEY (day, account, number)
        );

        CREATE TABLE link (
            -- Bytes order codes, whatever language the database speaks.
            code text COLLATE "C" PRIMARY KEY,
            url text NOT NULL,
            business_id bigint NOT NULL,
            made_at bigint NOT NULL,
            UNIQUE (business_id, url)
        );
        CREATE INDEX link_of_business ON link (business_id, code);

        -- Clicks of a link in one hour since 1970.
        CREATE TABLE click (
            code text NOT NULL,
            hour bigint NOT NULL,
            count bigint NOT NULL,
            PRIMARY KEY (code, hour)
        ) WITH (fillfactor = 70);
        """

    /// Each occurrence of a campaign has links of its own, and old links are found by their age.
    static let linksOfCampaigns = """
        -- 0 for the API
        ALTER TABLE link ADD COLUMN run bigint NOT NULL DEFAULT 0;
        ALTER TABLE link DROP CONSTRAINT link_business_id_url_key;
        ALTER TABLE link ADD UNIQUE (business_id, url, run);
        CREATE INDEX link_of_run ON link (run) WHERE run > 0;
        CREATE INDEX link_of_age ON link (made_at);
        """
}
