import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: CampaignRunStore {
    package func openRun(
        _ campaign: CampaignID,
        plannedAt: Moment,
        templateVersion: Int
    ) async throws(StoreError) -> CampaignRun {
        let now = clock.now
        return try await database.write("open campaign run") { db in
            let instant = plannedAt.millisecondsSinceEpoch
            if let known = try Int64.fetchOne(db, cached: Self.selectPlanned, [campaign.rawValue, instant]) {
                return try db.existingRun(CampaignRunID(rawValue: known), during: "open campaign run")
            }
            guard let found = try db.campaign(campaign), let crowd = try db.crowd(found.draft.crowd) else {
                throw StoreError(.notFound, during: "open campaign run", detail: "campaign or crowd")
            }
            guard try db.useCrowd(crowd.digest, at: now) else { throw StoreError.crowdIsLeaving }
            let state: CampaignRunState
            switch found.state {
            case .cancelled:
                throw StoreError(.conflict, during: "open campaign run", detail: "it is cancelled")
            // An occurrence without a shard has no rows to read.
            case _ where crowd.shards.isEmpty: state = .finished
            case .paused: state = .paused
            case .active: state = .running
            }
            try db.execute(
                cached: Self.insertRun,
                [
                    campaign.rawValue, instant, templateVersion, state.rawValue, now.millisecondsSinceEpoch,
                    crowd.shards.isEmpty ? now.millisecondsSinceEpoch : nil,
                ]
            )
            let run = CampaignRunID(rawValue: db.lastInsertedRowID)
            for (number, shard) in crowd.shards.enumerated() {
                try db.execute(
                    cached: Self.insertShard,
                    [
                        run.rawValue, number, shard.start.offset, shard.start.row, shard.start.line,
                        shard.end,
                    ]
                )
            }
            return try db.existingRun(run, during: "open campaign run")
        }
    }

    package func campaignRun(_ id: CampaignRunID) async throws(StoreError) -> CampaignRun? {
        try await database.read("read campaign run") { try $0.campaignRun(id) }
    }

    package func campaignRuns(
        of campaign: CampaignID?,
        before run: CampaignRunID?,
        limit: Int
    ) async throws(StoreError) -> [CampaignRun] {
        try await database.read("read campaign runs") { db in
            let ids =
                if let campaign {
                    try Int64.fetchAll(
                        db,
                        sql: Self.selectRunsOfCampaign,
                        arguments: ["campaign": campaign.rawValue, "before": run?.rawValue, "limit": limit]
                    )
                } else {
                    try Int64.fetchAll(db, sql: Self.selectRuns, arguments: [run?.rawValue ?? .max, limit])
                }
            return try ids.compactMap { try db.campaignRun(CampaignRunID(rawValue: $0)) }
        }
    }

    package func setCampaign(
        _ id: CampaignID,
        _ state: CampaignState
    ) async throws(StoreError) -> [CampaignRun] {
        try await database.write("set campaign") { db in
            guard let campaign = try db.campaign(id) else {
                throw StoreError(.notFound, during: "set campaign", detail: "campaign \(id.rawValue)")
            }
            guard campaign.state != .cancelled || state == .cancelled else {
                throw StoreError(.conflict, during: "set campaign", detail: "it is cancelled")
            }
            try db.execute(cached: Self.updateCampaignState, [state.rawValue, id.rawValue])
            let followers = try Int64.fetchAll(db, sql: Self.selectFollowers, arguments: [id.rawValue])
            for run in followers { try db.execute(cached: Self.follow(state), [run]) }
            return try followers.compactMap { try db.campaignRun(CampaignRunID(rawValue: $0)) }
        }
    }

    package func pausedRuns() async throws(StoreError) -> Set<CampaignRunID> {
        try await database.read("read paused occurrences") { db in
            Set(try Int64.fetchAll(db, sql: Self.selectPaused).map(CampaignRunID.init(rawValue:)))
        }
    }

    package func halfCancelledRuns() async throws(StoreError) -> [CampaignRunID] {
        try await database.read("read half cancelled occurrences") { db in
            try Int64.fetchAll(db, sql: Self.selectHalfCancelled).map(CampaignRunID.init(rawValue:))
        }
    }

    /// What makes an occurrence that reads or waits follow its campaign.
    private static func follow(_ state: CampaignState) -> String {
        switch state {
        case .paused: "UPDATE campaign_run SET state = 'paused' WHERE id = ? AND state <> 'cancelled'"
        case .cancelled: "UPDATE campaign_run SET state = 'cancelled' WHERE id = ?"
        case .active: resumeRun
        }
    }

    package func rejects(
        of run: CampaignRunID,
        after row: Int64,
        limit: Int
    ) async throws(StoreError) -> [RowReject] {
        try await database.read("read refused rows") { db in
            let select = try RawStatement(db, Self.selectRejects)
            select.bind(run.rawValue, at: 1)
            select.bind(row, at: 2)
            select.bind(limit, at: 3)
            var rejects: [RowReject] = []
            try select.forEachRow { row in
                rejects.append(
                    RowReject(
                        row: row.int64(0),
                        line: row.int64(1),
                        column: row.text(2),
                        code: row.text(3),
                        text: row.text(4)
                    )
                )
            }
            return rejects
        }
    }

    private static let updateCampaignState = "UPDATE campaign SET state = ? WHERE id = ?"

    private static let selectFollowers = """
        SELECT id FROM campaign_run WHERE campaign = ? AND (state IN ('running', 'paused')
            OR EXISTS (SELECT 1 FROM batch WHERE run = campaign_run.id AND queued + held > 0))
        ORDER BY id
        """

    private static let resumeRun = """
        UPDATE campaign_run SET state = CASE
            WHEN EXISTS (SELECT 1 FROM campaign_shard WHERE run = campaign_run.id AND is_done = 0)
            THEN 'running' ELSE 'finished' END
        WHERE id = ? AND state = 'paused'
        """

    static let selectPaused =
        "SELECT id FROM campaign_run INDEXED BY campaign_run_paused WHERE state = 'paused'"

    static let selectHalfCancelled = """
        SELECT run FROM batch INDEXED BY batch_queued JOIN campaign_run ON campaign_run.id = run
        WHERE queued > 0 AND state = 'cancelled'
        UNION
        SELECT run FROM shelf JOIN batch ON batch.id = shelf.batch JOIN campaign_run ON campaign_run.id = run
        WHERE state = 'cancelled'
        """

    private static let selectPlanned = "SELECT id FROM campaign_run WHERE campaign = ? AND planned_at = ?"

    private static let insertRun = """
        INSERT INTO campaign_run (campaign, planned_at, template_version, state, started_at, read_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """

    private static let insertShard = """
        INSERT INTO campaign_shard (run, number, offset, row, line, end_offset, is_done)
        VALUES (?, ?, ?, ?, ?, ?, 0)
        """

    static let selectRunsOfCampaign = """
        SELECT id FROM campaign_run
        WHERE campaign = :campaign AND (planned_at, id) < (
            SELECT planned_at, id FROM campaign_run WHERE id = :before
            UNION ALL SELECT \(Int64.max), \(Int64.max) WHERE :before IS NULL)
        ORDER BY planned_at DESC, id DESC LIMIT :limit
        """

    static let selectRuns = "SELECT id FROM campaign_run WHERE id < ? ORDER BY id DESC LIMIT ?"

    static let selectRejects = """
        SELECT row, line, field, code, text FROM reject WHERE run = ? AND row > ? ORDER BY row LIMIT ?
        """
}

extension Database {
    fileprivate func existingRun(_ id: CampaignRunID, during operation: String) throws -> CampaignRun {
        guard let run = try campaignRun(id) else {
            throw StoreError(.notFound, during: operation, detail: "campaign run \(id.rawValue)")
        }
        return run
    }

    fileprivate func campaignRun(_ id: CampaignRunID) throws -> CampaignRun? {
        let row = try Row.fetchOne(self, sql: Self.selectRun, arguments: [id.rawValue])
        guard let row else { return nil }
        let stateName: String = row["state"]
        guard let state = CampaignRunState(rawValue: stateName) else {
            throw StoreError(.corrupted, during: "read campaign run", detail: stateName)
        }
        let refused = try Row.fetchAll(self, sql: Self.selectRefused, arguments: [id.rawValue])
            .map { (code: $0["code"] as String, count: $0["count"] as Int) }
        let shards = try Row.fetchAll(self, sql: Self.selectShards, arguments: [id.rawValue])
            .map(CampaignRun.Shard.init)
        return CampaignRun(
            id: id,
            campaign: CampaignID(rawValue: row["campaign"]),
            plannedAt: Moment(millisecondsSinceEpoch: row["planned_at"]),
            templateVersion: row["template_version"],
            state: state,
            startedAt: Moment(millisecondsSinceEpoch: row["started_at"]),
            readAt: (row["read_at"] as Int64?).map(Moment.init(millisecondsSinceEpoch:)),
            rowsRead: row["rows_read"],
            refused: Dictionary(uniqueKeysWithValues: refused),
            shards: shards
        )
    }

    private static let selectRun = "SELECT * FROM campaign_run WHERE id = ?"

    private static let selectRefused = "SELECT code, count FROM refused WHERE run = ?"

    private static let selectShards = "SELECT * FROM campaign_shard WHERE run = ? ORDER BY number"
}

extension CampaignRun.Shard {
    /// Reads a row of `campaign_shard`.
    fileprivate init(_ row: Row) {
        self.init(
            number: row["number"],
            cursor: CrowdCursor(offset: row["offset"], row: row["row"], line: row["line"]),
            end: row["end_offset"],
            isDone: row["is_done"]
        )
    }
}
