package import Groundwork

/// An uploaded crowd file: frozen, named by the digest of its bytes.
package struct CrowdFile: Hashable, Sendable {
    /// SHA-256 of the bytes, hex.
    package let digest: String
    /// What it was called when it came.
    package let name: String
    package let byteCount: Int64
    /// Data rows, good and bad.
    package let rowCount: Int64
    package let columns: [String]
    /// Stretches that start and end between rows.
    package let shards: [CrowdShard]

    package init(
        digest: String,
        name: String,
        byteCount: Int64,
        rowCount: Int64,
        columns: [String],
        shards: [CrowdShard]
    ) {
        self.digest = digest
        self.name = name
        self.byteCount = byteCount
        self.rowCount = rowCount
        self.columns = columns
        self.shards = shards
    }
}

/// A stretch of a crowd file that one handler reads at a time.
package struct CrowdShard: Hashable, Sendable {
    package let start: CrowdCursor
    /// The offset just behind its last row.
    package let end: Int64

    package init(start: CrowdCursor, end: Int64) {
        self.start = start
        self.end = end
    }
}

/// When a campaign's occurrences are planned.
package enum CampaignSchedule: Hashable, Sendable {
    /// Only when somebody starts it.
    case manual
    case once(Moment)
    case cron(String, zone: String)
}

/// What is needed to make a campaign.
package struct CampaignDraft: Hashable, Sendable {
    package var name: String
    package var template: TemplateID
    /// Digest of the crowd file.
    package var crowd: String
    package var schedule: CampaignSchedule
    package var createdBy: String

    package init(
        name: String,
        template: TemplateID,
        crowd: String,
        schedule: CampaignSchedule,
        createdBy: String
    ) {
        self.name = name
        self.template = template
        self.crowd = crowd
        self.schedule = schedule
        self.createdBy = createdBy
    }
}

/// What people want of a campaign; every occurrence follows it, also one that begins later.
package enum CampaignState: String, Hashable, Sendable, CaseIterable {
    case active
    /// Occurrences stand still, and new ones begin so.
    case paused
    /// Nothing of it is sent any more, and nothing begins.
    case cancelled
}

/// A template, a crowd and a time.
package struct Campaign: Hashable, Sendable, Identifiable {
    package let id: CampaignID
    package let draft: CampaignDraft
    package let createdAt: Moment
    package let state: CampaignState
    /// The scheduler's job that fires it.
    package let job: Int64?

    package init(
        id: CampaignID,
        draft: CampaignDraft,
        createdAt: Moment,
        state: CampaignState = .active,
        job: Int64?
    ) {
        self.id = id
        self.draft = draft
        self.createdAt = createdAt
        self.state = state
        self.job = job
    }
}

/// Where an occurrence of a campaign stands.
package enum CampaignRunState: String, Hashable, Sendable, CaseIterable {
    /// Rows are read and sent.
    case running
    /// Nothing is read and nothing new is sent until somebody resumes it.
    case paused
    /// Stopped for good; what waited was taken back.
    case cancelled
    /// Every row was read.
    case finished
}

/// One occurrence of a campaign, and how far it is.
package struct CampaignRun: Hashable, Sendable, Identifiable {
    /// How far one shard is.
    package struct Shard: Hashable, Sendable {
        package let number: Int
        package let cursor: CrowdCursor
        package let end: Int64
        package let isDone: Bool

        package init(number: Int, cursor: CrowdCursor, end: Int64, isDone: Bool) {
            self.number = number
            self.cursor = cursor
            self.end = end
            self.isDone = isDone
        }
    }

    package let id: CampaignRunID
    package let campaign: CampaignID
    package let plannedAt: Moment
    package let templateVersion: Int
    package let state: CampaignRunState
    package let startedAt: Moment
    /// When its last row was read.
    package let readAt: Moment?
    package let rowsRead: Int64
    /// Rows that were left out, by code; `DUPLICATE` among them.
    package let refused: [String: Int]
    package let shards: [Shard]

    package init(
        id: CampaignRunID,
        campaign: CampaignID,
        plannedAt: Moment,
        templateVersion: Int,
        state: CampaignRunState,
        startedAt: Moment,
        readAt: Moment?,
        rowsRead: Int64,
        refused: [String: Int],
        shards: [Shard]
    ) {
        self.id = id
        self.campaign = campaign
        self.plannedAt = plannedAt
        self.templateVersion = templateVersion
        self.state = state
        self.startedAt = startedAt
        self.readAt = readAt
        self.rowsRead = rowsRead
        self.refused = refused
        self.shards = shards
    }
}
