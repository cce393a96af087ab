package import Groundwork
package import PushEngine

extension PostgresPushStore: CampaignStore {
    package func putCrowd(_ crowd: CrowdFile) async throws(StoreError) -> CrowdFile {
        let now = clock.now
        return try await pool.write("put crowd") { try $0.putCrowd(crowd, at: now) }
    }

    package func touchCrowd(_ digest: String) async throws(StoreError) {
        let now = clock.now
        try await pool.write("touch crowd") { try $0.touchCrowd(digest, at: now) }
    }

    package func crowd(_ digest: String) async throws(StoreError) -> CrowdFile? {
        try await pool.read("read crowd") { try $0.crowd(digest) }
    }

    package func createCampaign(_ draft: CampaignDraft) async throws(StoreError) -> Campaign {
        let now = clock.now
        return try await pool.write("create campaign") { link in
            guard try link.useCrowd(draft.crowd, at: now) else {
                throw StoreError(.notFound, during: "create campaign", detail: "crowd file \(draft.crowd)")
            }
            let inserted = try link.run(
                Self.insertCampaign,
                .text(draft.name),
                .int(draft.template.rawValue),
                .text(draft.crowd),
                .text(try draft.schedule.stored),
                .text(draft.createdBy),
                .int(now.millisecondsSinceEpoch)
            )
            let id = CampaignID(rawValue: inserted.first?.int64(0) ?? 0)
            return Campaign(id: id, draft: draft, createdAt: now, job: nil)
        }
    }

    package func campaign(_ id: CampaignID) async throws(StoreError) -> Campaign? {
        try await pool.read("read campaign") { try $0.campaign(id) }
    }

    package func campaigns(before id: CampaignID?, limit: Int) async throws(StoreError) -> [Campaign] {
        try await pool.read("read campaigns") { link in
            try link.run(Self.selectCampaigns, .int(id?.rawValue ?? Int64.max), .int(limit))
                .map { try Campaign($0) }
        }
    }

    package func setCampaign(
        _ id: CampaignID,
        _ state: CampaignState
    ) async throws(StoreError) -> [CampaignRun] {
        try await pool.write("set campaign") { link in
            guard let campaign = try link.campaign(id, locked: true) else {
                throw StoreError(.notFound, during: "set campaign", detail: "campaign \(id.rawValue)")
            }
            guard campaign.state != .cancelled || state == .cancelled else {
                throw StoreError(.conflict, during: "set campaign", detail: "it is cancelled")
            }
            try link.run(
                "UPDATE campaign SET state = $1 WHERE id = $2",
                .text(state.rawValue),
                .int(id.rawValue)
            )
            let followers = try link.run(Self.selectFollowers, .int(id.rawValue))
                .map { CampaignRunID(rawValue: $0.int64(0)) }
            let following = PostgresStatement(Self.follow(state), .ints(followers.map(\.rawValue)))
            // An admission may be about to call one of them finished.
            _ = try link.runAll([CampaignRunLock.alone(followers), following])
            return try followers.compactMap { try link.campaignRun($0) }
        }
    }

    package func setCampaign(_ id: CampaignID, job: Int64) async throws(StoreError) {
        try await pool.write("set campaign") { link in
            let update = "UPDATE campaign SET job = $1 WHERE id = $2"
            guard try link.run(update, .int(job), .int(id.rawValue)).changed == 1 else {
                throw StoreError(.notFound, during: "set campaign")
            }
        }
    }

    /// What makes occurrences that read or wait follow their campaign.
    private static func follow(_ state: CampaignState) -> String {
        switch state {
        case .paused:
            "UPDATE campaign_run SET state = 'paused' WHERE id = ANY ($1) AND state <> 'cancelled'"
        case .cancelled: "UPDATE campaign_run SET state = 'cancelled' WHERE id = ANY ($1)"
        case .active: resumeRuns
        }
    }

    private static let insertCampaign = """
        INSERT INTO campaign (name, template, crowd, schedule, created_by, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
        """

    /// The occurrences that a campaign's state changes with it.
    ///
    /// Found by what waits of all campaigns, and not by what this one ever sent.
    static let selectFollowers = """
        SELECT id FROM campaign_run
        WHERE campaign = $1 AND (state IN ('running', 'paused') OR id = ANY (ARRAY(\(waitingRuns))))
        ORDER BY id
        """

    /// The occurrences of which messages wait.
    ///
    /// They are few, however many batches wait: as an array they are found once, and not for each occurrence that is asked.
    static let waitingRuns = """
        SELECT run FROM batch WHERE queued > 0 AND run IS NOT NULL
        UNION
        SELECT run FROM shelf JOIN batch ON batch.id = shelf.batch WHERE run IS NOT NULL
        """

    private static let resumeRuns = """
        UPDATE campaign_run SET state = CASE
            WHEN EXISTS (SELECT 1 FROM campaign_shard WHERE run = campaign_run.id AND NOT is_done)
            THEN 'running' ELSE 'finished' END
        WHERE id = ANY ($1) AND state = 'paused'
        """

    static let selectCampaigns =
        "SELECT \(Campaign.columns) FROM campaign WHERE id < $1 ORDER BY id DESC LIMIT $2"
}

extension PostgresLink {
    func campaign(_ id: CampaignID, locked: Bool = false) throws -> Campaign? {
        let lock = locked ? " FOR UPDATE" : ""
        return try run("SELECT \(Campaign.columns) FROM campaign WHERE id = $1\(lock)", .int(id.rawValue))
            .first
            .map { try Campaign($0) }
    }

    /// Notes that a crowd file is used; false when there is none, or it is retired.
    func useCrowd(_ digest: String, at moment: Moment) throws -> Bool {
        let update = "UPDATE crowd SET used_at = $1 WHERE digest = $2 AND NOT is_retired"
        return try run(update, .int(moment.millisecondsSinceEpoch), .text(digest)).changed == 1
    }

    /// Notes that a crowd file is used, if it is registered; refuses while it is retired.
    func touchCrowd(_ digest: String, at moment: Moment) throws {
        guard try !useCrowd(digest, at: moment) else { return }
        let retired = "SELECT 1 FROM crowd WHERE digest = $1 AND is_retired"
        guard try run(retired, .text(digest)).first == nil else { throw StoreError.crowdIsLeaving }
    }

    /// Keeps what is known of a crowd file, unless it is known.
    func putCrowd(_ crowd: CrowdFile, at moment: Moment) throws -> CrowdFile {
        try touchCrowd(crowd.digest, at: moment)
        let inserted = try run(
            Self.insertCrowd,
            .text(crowd.digest),
            .text(crowd.name),
            .int(crowd.byteCount),
            .int(crowd.rowCount),
            .texts(crowd.columns),
            .int(moment.millisecondsSinceEpoch)
        )
        if inserted.changed == 0, let known = try self.crowd(crowd.digest) { return known }
        try run(
            Self.insertCrowdShards,
            .text(crowd.digest),
            .ints(crowd.shards.indices.map { Int64($0) }),
            .ints(crowd.shards.map(\.start.offset)),
            .ints(crowd.shards.map(\.start.row)),
            .ints(crowd.shards.map(\.start.line)),
            .ints(crowd.shards.map(\.end))
        )
        return crowd
    }

    func crowd(_ digest: String) throws -> CrowdFile? {
        guard let row = try run(Self.selectCrowd, .text(digest)).first else { return nil }
        let columns = try run("SELECT unnest(columns) FROM crowd WHERE digest = $1", .text(digest))
            .map { $0.text(0) }
        let shards = try run(Self.selectCrowdShards, .text(digest))
            .map { shard in
                let start = CrowdCursor(offset: shard.int64(0), row: shard.int64(1), line: shard.int64(2))
                return CrowdShard(start: start, end: shard.int64(3))
            }
        return CrowdFile(
            digest: digest,
            name: row.text(0),
            byteCount: row.int64(1),
            rowCount: row.int64(2),
            columns: columns,
            shards: shards
        )
    }

    private static let insertCrowd = """
        INSERT INTO crowd (digest, name, byte_count, row_count, columns, used_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (digest) DO NOTHING
        """

    private static let insertCrowdShards = """
        INSERT INTO crowd_shard (crowd, number, start_offset, start_row, start_line, end_offset)
        SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
        """

    private static let selectCrowd = """
        SELECT name, byte_count, row_count FROM crowd WHERE digest = $1 AND NOT is_retired
        """

    private static let selectCrowdShards = """
        SELECT start_offset, start_row, start_line, end_offset FROM crowd_shard WHERE crowd = $1 ORDER BY number
        """
}

extension Campaign {
    fileprivate static let columns = "id, name, template, crowd, schedule, created_by, created_at, state, job"

    /// Reads `columns`.
    fileprivate init(_ row: PostgresRow) throws(StoreError) {
        guard let schedule = CampaignSchedule(stored: row.text(4)),
            let state = CampaignState(rawValue: row.text(7))
        else {
            throw StoreError(.corrupted, during: "read campaign", detail: "\(row.text(4)) \(row.text(7))")
        }
        let draft = CampaignDraft(
            name: row.text(1),
            template: TemplateID(rawValue: row.int64(2)),
            crowd: row.text(3),
            schedule: schedule,
            createdBy: row.text(5)
        )
        self.init(
            id: CampaignID(rawValue: row.int64(0)),
            draft: draft,
            createdAt: row.moment(6),
            state: state,
            job: row.optionalInt64(8)
        )
    }
}
