import Foundation
import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: CampaignStore {
    package func putCrowd(_ crowd: CrowdFile) async throws(StoreError) -> CrowdFile {
        let now = clock.now
        return try await database.write("put crowd") { db in
            try db.touchCrowd(crowd.digest, at: now)
            if let known = try db.crowd(crowd.digest) { return known }
            let columns = String(decoding: try JSONEncoder().encode(crowd.columns), as: UTF8.self)
            try db.execute(
                cached: Self.insertCrowd,
                [
                    crowd.digest, crowd.name, crowd.byteCount, crowd.rowCount, columns,
                    now.millisecondsSinceEpoch,
                ]
            )
            for (number, shard) in crowd.shards.enumerated() {
                try db.execute(
                    cached: Self.insertCrowdShard,
                    [
                        crowd.digest, number, shard.start.offset, shard.start.row, shard.start.line,
                        shard.end,
                    ]
                )
            }
            return crowd
        }
    }

    package func touchCrowd(_ digest: String) async throws(StoreError) {
        let now = clock.now
        try await database.write("touch crowd") { try $0.touchCrowd(digest, at: now) }
    }

    package func crowd(_ digest: String) async throws(StoreError) -> CrowdFile? {
        try await database.read("read crowd") { try $0.crowd(digest) }
    }

    package func createCampaign(_ draft: CampaignDraft) async throws(StoreError) -> Campaign {
        let now = clock.now
        return try await database.write("create campaign") { db in
            let schedule = try draft.schedule.stored
            guard try db.useCrowd(draft.crowd, at: now) else {
                throw StoreError(.notFound, during: "create campaign", detail: "crowd file \(draft.crowd)")
            }
            try db.execute(
                cached: Self.insertCampaign,
                [
                    draft.name, draft.template.rawValue, draft.crowd, schedule, draft.createdBy,
                    now.millisecondsSinceEpoch,
                ]
            )
            let id = CampaignID(rawValue: db.lastInsertedRowID)
            return Campaign(id: id, draft: draft, createdAt: now, job: nil)
        }
    }

    package func campaign(_ id: CampaignID) async throws(StoreError) -> Campaign? {
        try await database.read("read campaign") { try $0.campaign(id) }
    }

    package func campaigns(before id: CampaignID?, limit: Int) async throws(StoreError) -> [Campaign] {
        try await database.read("read campaigns") { db in
            let arguments: StatementArguments = [id?.rawValue ?? Int64.max, limit]
            return try Row.fetchAll(db, sql: Self.selectCampaigns, arguments: arguments).map(Campaign.init)
        }
    }

    package func setCampaign(_ id: CampaignID, job: Int64) async throws(StoreError) {
        try await database.write("set campaign") { db in
            try db.execute(cached: "UPDATE campaign SET job = ? WHERE id = ?", [job, id.rawValue])
            guard db.changesCount == 1 else { throw StoreError(.notFound, during: "set campaign") }
        }
    }

    private static let insertCrowd = """
        INSERT INTO crowd (digest, name, byte_count, row_count, columns, used_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """

    private static let insertCrowdShard = """
        INSERT INTO crowd_shard (crowd, number, start_offset, start_row, start_line, end_offset)
        VALUES (?, ?, ?, ?, ?, ?)
        """

    private static let insertCampaign = """
        INSERT INTO campaign (name, template, crowd, schedule, created_by, created_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """

    static let selectCampaigns = "SELECT * FROM campaign WHERE id < ? ORDER BY id DESC LIMIT ?"
}

extension Database {
    func campaign(_ id: CampaignID) throws -> Campaign? {
        try Row.fetchOne(self, sql: "SELECT * FROM campaign WHERE id = ?", arguments: [id.rawValue])
            .map(Campaign.init)
    }

    /// Notes that a crowd file is used; false when there is none, or it is retired.
    func useCrowd(_ digest: String, at moment: Moment) throws -> Bool {
        let update = "UPDATE crowd SET used_at = ? WHERE digest = ? AND is_retired = 0"
        try execute(cached: update, [moment.millisecondsSinceEpoch, digest])
        return changesCount == 1
    }

    /// Notes that a crowd file is used, if it is registered; refuses while it is retired.
    func touchCrowd(_ digest: String, at moment: Moment) throws {
        guard try !useCrowd(digest, at: moment) else { return }
        let isRetired = try Bool.fetchOne(
            self,
            sql: "SELECT is_retired FROM crowd WHERE digest = ?",
            arguments: [digest]
        )
        guard isRetired != true else { throw StoreError.crowdIsLeaving }
    }

    func crowd(_ digest: String) throws -> CrowdFile? {
        let select = "SELECT * FROM crowd WHERE digest = ? AND is_retired = 0"
        let row = try Row.fetchOne(self, sql: select, arguments: [digest])
        guard let row else { return nil }
        let columns: String = row["columns"]
        let shards = try Row.fetchAll(self, sql: Self.selectCrowdShards, arguments: [digest])
            .map { shard in
                let start = CrowdCursor(
                    offset: shard["start_offset"],
                    row: shard["start_row"],
                    line: shard["start_line"]
                )
                return CrowdShard(start: start, end: shard["end_offset"])
            }
        return CrowdFile(
            digest: digest,
            name: row["name"],
            byteCount: row["byte_count"],
            rowCount: row["row_count"],
            columns: try JSONDecoder().decode([String].self, from: Data(columns.utf8)),
            shards: shards
        )
    }

    private static let selectCrowdShards = "SELECT * FROM crowd_shard WHERE crowd = ? ORDER BY number"
}

extension Campaign {
    /// Reads a row of `campaign`.
    fileprivate init(_ row: Row) throws {
        let text: String = row["schedule"]
        let state: String = row["state"]
        guard let schedule = CampaignSchedule(stored: text), let state = CampaignState(rawValue: state) else {
            throw StoreError(.corrupted, during: "read campaign", detail: "\(text) \(state)")
        }
        let draft = CampaignDraft(
            name: row["name"],
            template: TemplateID(rawValue: row["template"]),
            crowd: row["crowd"],
            schedule: schedule,
            createdBy: row["created_by"]
        )
        self.init(
            id: CampaignID(rawValue: row["id"]),
            draft: draft,
            createdAt: Moment(millisecondsSinceEpoch: row["created_at"]),
            state: state,
            job: row["job"]
        )
    }
}
