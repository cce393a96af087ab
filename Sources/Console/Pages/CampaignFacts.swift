import Groundwork
import PushEngine

/// All that a page tells of one campaign, read from the stores.
struct CampaignFacts: Sendable {
    let campaign: Campaign
    let template: MessageTemplate?
    let crowd: CrowdFile?
    /// A page of its occurrences, newest first.
    let runs: [CampaignRun]
    let hasOlderRuns: Bool
    /// Of the occurrence that is looked at, the newest unless another was asked for.
    let progress: CampaignProgress?
    let next: Moment?

    var phase: CampaignPhase { CampaignPhase(campaign.state, progress, next: next != nil) }

    /// Whether nothing of it will change unless somebody starts it.
    var isOver: Bool { next == nil && (progress.map(\.isSettled) ?? false) }
}

/// Reads what pages tell of campaigns.
struct CampaignReader: Sendable {
    private let parts: ConsoleParts

    /// How many occurrences a page lists.
    private static let runLimit = 20

    /// How often a sum that does not come out is read again: rows and messages are counted one after the other,
    /// and a batch may be taken on in between.
    private static let readings = 3

    init(_ parts: ConsoleParts) {
        self.parts = parts
    }

    /// The facts of a campaign and of the occurrence `run`, its latest unless it is said, with a list of those older
    /// than `before`.
    func facts(
        _ campaign: Campaign,
        run: CampaignRunID? = nil,
        before: CampaignRunID? = nil
    ) async throws -> CampaignFacts {
        let runs = try await parts.campaigns.runs(of: campaign.id, before: before, limit: Self.runLimit)
        let latest =
            before == nil ? runs.first : try await parts.campaigns.runs(of: campaign.id, limit: 1).first
        let chosen = run ?? latest?.id
        return CampaignFacts(
            campaign: campaign,
            template: try await parts.templates.template(campaign.draft.template),
            crowd: try await parts.crowds.crowd(campaign.draft.crowd),
            runs: runs,
            hasOlderRuns: runs.count == Self.runLimit,
            progress: try await progress(chosen, of: campaign.id),
            next: try await parts.campaigns.nextInstant(of: campaign)
        )
    }

    /// The campaigns of which something is under way, the newest first.
    func open(limit: Int) async throws -> [CampaignFacts] {
        var found: [CampaignFacts] = []
        for run in try await parts.campaignRuns.campaignRuns(of: nil, before: nil, limit: limit) {
            guard !found.contains(where: { $0.campaign.id == run.campaign }) else { continue }
            let facts = try await facts(try await parts.campaigns.campaign(run.campaign))
            if facts.progress?.isSettled == false { found.append(facts) }
        }
        return found
    }

    private func progress(_ run: CampaignRunID?, of campaign: CampaignID) async throws -> CampaignProgress? {
        guard let run else { return nil }
        var progress = try await parts.campaigns.progress(of: run)
        guard progress.run.campaign == campaign else { throw Trouble.notFound("\(run.rawValue)") }
        for _ in 1..<Self.readings where !progress.addsUp {
            progress = try await parts.campaigns.progress(of: run)
        }
        return progress
    }
}

extension CampaignProgress {
    /// Whether every row that was read is either refused or taken on.
    var addsUp: Bool { run.rowsRead == Int64(refused + received) }
}
