import Foundation
import Groundwork
import PushEngine

/// A campaign over a generated crowd, and how far it is.
final class CampaignLoad: Sendable {
    let composition: Composition
    let campaign: CampaignID
    /// Whom it is to reach, by the generator's word.
    let recipients: [String]

    private init(_ composition: Composition, _ campaign: CampaignID, _ recipients: [String]) {
        self.composition = composition
        self.campaign = campaign
        self.recipients = recipients
    }

    /// Makes a crowd and a campaign that waits to be started.
    static func make(
        _ composition: Composition,
        rows: Int,
        template: TemplateID
    ) async throws -> CampaignLoad {
        var recipe = CrowdRecipe(rows: rows)
        recipe.bad = 0.01
        recipe.duplicates = 0.02
        var generator = try CrowdGenerator(recipe)
        let path = composition.folder.file("crowd.csv")
        try generator.write(to: path)
        let crowd = try await composition.engine.library.take(path)
        try FileManager.default.removeItem(atPath: path)
        let campaign = try await composition.campaigns.create(
            CampaignDraft(
                name: "Faults",
                template: template,
                crowd: crowd.digest,
                schedule: .manual,
                createdBy: "faults"
            )
        )
        return CampaignLoad(composition, campaign.id, generator.goodNumbers.map { "+86\($0)" })
    }

    func start() async throws {
        try await composition.campaigns.start(campaign)
    }

    /// How far it is; nil before it has begun.
    func progress() async throws -> CampaignProgress? {
        guard let run = try await composition.campaigns.runs(of: campaign, limit: 1).first else { return nil }
        return try await composition.campaigns.progress(of: run.id)
    }
}

/// How long suppliers take for a call, so that a campaign lasts as long as a scenario needs.
struct CampaignPace: Sendable {
    /// In milliseconds.
    let latency: Int64
    /// Whether the campaign lasts that long; calls that took longer than two seconds would be a fault of their own.
    let isEnough: Bool

    private static let most = 2_000.0

    init(rows: Int, span: Duration) {
        // Two workers with a batch each, of two thousand rows that go out in five waves of calls.
        let waves = max(1, Double(rows) / (2_000 * 2)) * 5
        let wanted = span.inSeconds * 1_000 / waves
        latency = Int64(min(Self.most, wanted))
        isEnough = wanted <= Self.most
    }
}
