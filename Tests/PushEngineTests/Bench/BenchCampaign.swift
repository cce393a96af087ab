import Groundwork
import SQLiteDriver
import TestKit
import Testing

@testable import PushEngine

/// A campaign over a generated crowd, and what its file holds.
struct BenchCampaign: Sendable {
    let id: CampaignID
    let template: TemplateID
    let crowd: CrowdFile
    let summary: CrowdSummary
    /// Who can be sent to.
    let recipients: Set<String>
    let plannedAt: Moment

    /// Distinct good rows: each is sent to once.
    var good: Int { summary.good }
}

extension BenchEngine {
    /// Writes a crowd file of which one row in ten is bad and one in ten repeats an earlier one, surveys it, and
    /// makes a campaign over it.
    func campaign(
        rows: Int = 600,
        shards: Int = 3,
        content: String = "{$city}的朋友您好",
        scripted: Double = 0,
        guarantee: DeliveryGuarantee = .atMostOnce,
        seed: UInt64 = 1
    ) async throws -> BenchCampaign {
        var recipe = CrowdRecipe(rows: rows)
        recipe.seed = seed
        recipe.bad = 0.1
        recipe.duplicates = 0.1
        recipe.scripted = scripted
        var generator = try CrowdGenerator(recipe)
        var bytes: [UInt8] = []
        generator.appendHeader(to: &bytes)
        while generator.appendRow(to: &bytes) {}
        return try await campaign(
            CrowdText(bytes),
            shards: shards,
            template: try await template(content, .marketing, guarantee: guarantee),
            generator.summary
        )
    }

    private func campaign(
        _ text: CrowdText,
        shards: Int,
        template: TemplateID,
        _ summary: CrowdSummary
    ) async throws -> BenchCampaign {
        var settings = CrowdSurvey.Settings()
        settings.shardSize = Int64(text.bytes.count / shards + 1)
        settings.batchRows = 10
        var recipients: Set<String> = []
        let survey = try await CrowdSurvey.make(
            of: text,
            layout: text.layout(),
            settings: settings
        ) { batch in
            for phone in batch.phones {
                var text: [UInt8] = []
                phone.appendE164(to: &text)
                recipients.insert(String(decoding: text, as: UTF8.self))
            }
        }
        #expect(survey.shards.count == shards)
        let file = try await storage.stage()
        try await file.append(text.bytes)
        try await storage.keep(file, as: survey.sha256)
        let crowd = try await store.putCrowd(
            CrowdFile(
                digest: survey.sha256,
                name: "crowd.csv",
                byteCount: survey.size,
                rowCount: Int64(survey.rows),
                columns: survey.layout.columns,
                shards: survey.shards.map { CrowdShard(start: $0.cursor, end: $0.end) }
            )
        )
        let draft = CampaignDraft(
            name: "bench",
            template: template,
            crowd: crowd.digest,
            schedule: .manual,
            createdBy: "marketing"
        )
        return BenchCampaign(
            id: try await store.createCampaign(draft).id,
            template: template,
            crowd: crowd,
            summary: summary,
            recipients: recipients,
            plannedAt: bench.now
        )
    }

    /// Reads the campaign's crowd, all shards one after the other.
    @discardableResult
    func read(
        _ campaign: BenchCampaign,
        worker: Int = 0,
        of total: Int = 1,
        report: @escaping @Sendable (CampaignReading) -> Void = { _ in }
    ) async throws -> CampaignRunEnd {
        try await runner.read(
            campaign.id,
            plannedAt: campaign.plannedAt,
            worker: worker,
            of: total,
            report: report
        )
    }

    func set(_ campaign: BenchCampaign, _ state: CampaignState) async throws {
        _ = try await store.setCampaign(campaign.id, state)
    }

    func run(_ campaign: BenchCampaign) async throws -> CampaignRun {
        let runs = try await store.campaignRuns(of: campaign.id, before: nil, limit: 1)
        return try #require(runs.first)
    }

    /// How many messages of the campaign's occurrence are in each state, by the tallies; which must be what a
    /// recount finds.
    func counts(
        _ campaign: BenchCampaign,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [DeliveryState: Int] {
        let run = try await run(campaign).id
        let tallies = try await store.tallies(of: run)
            .reduce(into: [:]) { $0[$1.state, default: 0] += $1.count }
        let recount = try await store.recount(of: run)
        #expect(tallies.filter { $0.value != 0 } == recount, sourceLocation: sourceLocation)
        return recount
    }

    /// Checks that every row was read and counted once, and every good one is a message.
    func expectAllRowsCounted(
        _ campaign: BenchCampaign,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let run = try await run(campaign)
        let counts = try await counts(campaign, sourceLocation: sourceLocation)
        var refused = campaign.summary.badByCode
        refused["DUPLICATE"] = campaign.summary.duplicates
        #expect(run.state == .finished, sourceLocation: sourceLocation)
        #expect(run.rowsRead == campaign.summary.rows, sourceLocation: sourceLocation)
        #expect(run.refused == refused, sourceLocation: sourceLocation)
        #expect(counts.values.reduce(0, +) == campaign.good, sourceLocation: sourceLocation)
        #expect(run.shards.allSatisfy { $0.isDone }, sourceLocation: sourceLocation)
        let rejects = try await store.rejects(of: run.id, after: 0, limit: Int.max)
        let expected = campaign.summary.bad + campaign.summary.duplicates
        #expect(rejects.count == expected, sourceLocation: sourceLocation)
    }

    /// Checks that the suppliers took every good recipient, and each once.
    func expectEachTakenOnce(
        _ campaign: BenchCampaign,
        and others: Set<String> = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let counts = try await bench.town.counts()
        #expect(Set(counts.keys) == campaign.recipients.union(others), sourceLocation: sourceLocation)
        #expect(counts.values.allSatisfy { $0 == 1 }, sourceLocation: sourceLocation)
    }
}
