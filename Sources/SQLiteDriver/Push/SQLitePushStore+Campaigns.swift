import Foundation
import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: CampaignStore {
    package func putCrowd(_ crowd: CrowdFile) async throws(StoreError) -> CrowdFile {
        try await database.write("put crowd") { db in
            if let known = try db.crowd(crowd.digest) { return known }
            let columns = String(decoding: try JSONEncoder().encode(crowd.columns), as: UTF8.self)
            try db.execute(
                cached: Self.insertCrowd,
                [crowd.digest, crowd.name, crowd.byteCount, crowd.rowCount, columns]
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

    package func crowd(_ digest: String) async throws(StoreError) -> CrowdFile? {
        try await database.read("read crowd") { try $0.crowd(digest) }
    }

    package func createCampaign(_ draft: CampaignDraft) async throws(StoreError) -> Campaign {
        let now = clock.now
        return try await database.write("create campaign") { db in
            let schedule = try draft.schedule.stored
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
        INSERT INTO crowd (digest, name, byte_count, row_count, columns) VALUES (?, ?, ?, ?, ?)
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

    func crowd(_ digest: String) throws -> CrowdFile? {
        let row = try Row.fetchOne(self, sql: "SELECT * FROM crowd WHERE digest = ?", arguments: [digest])
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
