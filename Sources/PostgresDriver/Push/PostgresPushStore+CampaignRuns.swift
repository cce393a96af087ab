package import Groundwork
package import PushEngine

extension PostgresPushStore: CampaignRunStore {
    package func openRun(
        _ campaign: CampaignID,
        plannedAt: Moment,
        templateVersion: Int
    ) async throws(StoreError) -> CampaignRun {
        let now = clock.now
        return try await pool.write("open campaign run") { link in
            // Whoever asks at the same moment waits here and then finds the occurrence made.
            let found = try link.campaign(campaign, locked: true)
            let planned = "SELECT id FROM campaign_run WHERE campaign = $1 AND planned_at = $2"
            let known = try link.run(planned, .int(campaign.rawValue), .int(plannedAt.millisecondsSinceEpoch))
                .first
            if let known {
                return try link.existingRun(
                    CampaignRunID(rawValue: known.int64(0)),
                    during: "open campaign run"
                )
            }
            guard let found, let crowd = try link.crowd(found.draft.crowd) else {
                throw StoreError(.notFound, during: "open campaign run", detail: "campaign or crowd")
            }
            guard try link.useCrowd(crowd.digest, at: now) else { throw StoreError.crowdIsLeaving }
            let state: CampaignRunState
            switch found.state {
            case .cancelled:
                throw StoreError(.conflict, during: "open campaign run", detail: "it is cancelled")
            // An occurrence without a shard has no rows to read.
            case _ where crowd.shards.isEmpty: state = .finished
            case .paused: state = .paused
            case .active: state = .running
            }
            let made = try link.run(
                Self.insertRun,
                .int(campaign.rawValue),
                .int(plannedAt.millisecondsSinceEpoch),
                .int(templateVersion),
                .text(state.rawValue),
                .int(now.millisecondsSinceEpoch),
                .int(crowd.shards.isEmpty ? now.millisecondsSinceEpoch : nil),
                .int(BatchDay(now).rawValue)
            )
            let run = CampaignRunID(rawValue: made.first?.int64(0) ?? 0)
            try link.run(
                Self.insertShards,
                .int(run.rawValue),
                .ints(crowd.shards.indices.map { Int64($0) }),
                .ints(crowd.shards.map(\.start.offset)),
                .ints(crowd.shards.map(\.start.row)),
                .ints(crowd.shards.map(\.start.line)),
                .ints(crowd.shards.map(\.end))
            )
            return try link.existingRun(run, during: "open campaign run")
        }
    }

    package func campaignRun(_ id: CampaignRunID) async throws(StoreError) -> CampaignRun? {
        try await pool.read("read campaign run") { try $0.campaignRun(id) }
    }

    package func campaignRuns(
        of campaign: CampaignID?,
        before run: CampaignRunID?,
        limit: Int
    ) async throws(StoreError) -> [CampaignRun] {
        try await pool.read("read campaign runs") { link in
            let ids =
                if let campaign {
                    try link.run(
                        Self.selectRunsOfCampaign,
                        .int(campaign.rawValue),
                        .int(run?.rawValue),
                        .int(limit)
                    )
                } else {
                    try link.run(Self.selectRuns, .int(run?.rawValue ?? .max), .int(limit))
                }
            return try ids.map { CampaignRunID(rawValue: $0.int64(0)) }
                .compactMap { try link.campaignRun($0) }
        }
    }

    package func pausedRuns() async throws(StoreError) -> Set<CampaignRunID> {
        try await pool.read("read paused occurrences") { link in
            Set(try link.run(Self.selectPaused).map { CampaignRunID(rawValue: $0.int64(0)) })
        }
    }

    package func halfCancelledRuns() async throws(StoreError) -> [CampaignRunID] {
        try await pool.read("read half cancelled occurrences") { link in
            try link.run(Self.selectHalfCancelled).map { CampaignRunID(rawValue: $0.int64(0)) }
        }
    }

    package func rejects(
        of run: CampaignRunID,
        after row: Int64,
        limit: Int
    ) async throws(StoreError) -> [RowReject] {
        try await pool.read("read refused rows") { link in
            try link.run(Self.selectRejects, .int(run.rawValue), .int(row), .int(limit))
                .map { row in
                    RowReject(
                        row: row.int64(0),
                        line: row.int64(1),
                        column: row.text(2),
                        code: row.text(3),
                        text: row.text(4)
                    )
                }
        }
    }

    static let selectPaused = "SELECT id FROM campaign_run WHERE state = 'paused'"

    static let selectHalfCancelled = """
        SELECT id FROM campaign_run WHERE state = 'cancelled' AND id = ANY (ARRAY(\(waitingRuns)))
        """

    private static let insertRun = """
        INSERT INTO campaign_run (campaign, planned_at, template_version, state, started_at, read_at, partition)
        VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
        """

    private static let insertShards = """
        INSERT INTO campaign_shard (run, number, "offset", row, line, end_offset)
        SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
        """

    static let selectRunsOfCampaign = """
        SELECT id FROM campaign_run
        WHERE campaign = $1 AND (planned_at, id) < (
            SELECT planned_at, id FROM campaign_run WHERE id = $2::bigint
            UNION ALL SELECT \(Int64.max), \(Int64.max) WHERE $2::bigint IS NULL)
        ORDER BY planned_at DESC, id DESC LIMIT $3
        """

    static let selectRuns = "SELECT id FROM campaign_run WHERE id < $1 ORDER BY id DESC LIMIT $2"

    static let selectRejects = """
        SELECT row, line, field, code, text FROM reject WHERE run = $1 AND row > $2 ORDER BY row LIMIT $3
        """
}

extension PostgresLink {
    fileprivate func existingRun(_ id: CampaignRunID, during operation: String) throws -> CampaignRun {
        guard let run = try campaignRun(id) else {
            throw StoreError(.notFound, during: operation, detail: "campaign run \(id.rawValue)")
        }
        return run
    }

    func campaignRun(_ id: CampaignRunID) throws -> CampaignRun? {
        guard let row = try run(Self.selectRun, .int(id.rawValue)).first else { return nil }
        guard let state = CampaignRunState(rawValue: row.text(3)) else {
            throw StoreError(.corrupted, during: "read campaign run", detail: row.text(3))
        }
        let refused = try run(Self.selectRefused, .int(id.rawValue)).map { ($0.text(0), $0.int(1)) }
        let shards = try run(Self.selectShards, .int(id.rawValue))
        return CampaignRun(
            id: id,
            campaign: CampaignID(rawValue: row.int64(0)),
            plannedAt: row.moment(1),
            templateVersion: row.int(2),
            state: state,
            startedAt: row.moment(4),
            readAt: row.optionalMoment(5),
            rowsRead: shards.map { $0.int64(6) }.reduce(0, +),
            refused: Dictionary(uniqueKeysWithValues: refused),
            shards: shards.map { shard in
                CampaignRun.Shard(
                    number: shard.int(0),
                    cursor: CrowdCursor(offset: shard.int64(1), row: shard.int64(2), line: shard.int64(3)),
                    end: shard.int64(4),
                    isDone: shard.bool(5)
                )
            }
        )
    }

    private static let selectRun = """
        SELECT campaign, planned_at, template_version, state, started_at, read_at FROM campaign_run WHERE id = $1
        """

    private static let selectRefused = """
        SELECT code, sum(count)::bigint FROM refused WHERE run = $1 GROUP BY code
        """

    private static let selectShards = """
        SELECT number, "offset", row, line, end_offset, is_done, rows_read FROM campaign_shard
        WHERE run = $1 ORDER BY number
        """
}
