import Console
import Foundation
import Groundwork
import PushEngine
import SupplierSimulator
import Suppliers

/// The demo campaign: a generated crowd, scheduled by cron a little ahead, watched until everybody is accounted for.
struct DemoRun: Sendable {
    let composition: Composition
    let simulator: SimulatorControl
    /// The base URL of the console that takes receipts.
    let door: String
    let settings: DemoSettings

    /// What came of it, in numbers of ours and of the simulator's.
    struct Outcome: Sendable {
        let progress: CampaignProgress
        /// States counted from the records themselves.
        let recount: [DeliveryState: Int]
        let crowd: CrowdSummary
        let accounts: [SupplierAccount]
        let stats: SimulatorStats
        /// From the first row read to the last message in a supplier's hands.
        let sendTime: Duration
        /// From the first row read to the last final state.
        let settleTime: Duration
    }

    /// Performs it.
    ///
    /// - Throws: `DemoError`, or what a store or the simulator throws.
    func perform() async throws -> Outcome {
        let engine = composition.engine
        let sample = SampleData(templates: engine.store, accounts: engine.store)
        let (template, accounts) = try await sample.load(simulator: simulator.url)
        try await postReceipts(of: accounts)
        let (crowd, summary) = try await makeCrowd()
        let campaign = try await schedule(crowd, template)
        let (run, sendTime, settleTime) = try await watch(campaign)
        return Outcome(
            progress: try await composition.campaigns.progress(of: run),
            recount: try await engine.store.recount(of: run),
            crowd: summary,
            accounts: accounts,
            stats: try await simulator.stats(),
            sendTime: sendTime,
            settleTime: settleTime
        )
    }

    /// One supplier posts its receipts to our door; the other's are pulled by the job.
    private func postReceipts(of accounts: [SupplierAccount]) async throws {
        guard let aliyun = accounts.first(where: { $0.kind == .aliyun }) else { return }
        try await simulator.postReceipts(to: [.aliyun: door + composition.receiptAddress.path(aliyun.id)])
    }

    private func makeCrowd() async throws -> (CrowdFile, CrowdSummary) {
        var recipe = CrowdRecipe(rows: settings.rows)
        recipe.seed = settings.seed
        recipe.bad = settings.bad
        recipe.duplicates = settings.duplicates
        var generator = try CrowdGenerator(recipe)
        let path = composition.folder.file("demo-crowd.csv")
        try generator.write(to: path)
        let crowd = try await composition.engine.library.take(path)
        try FileManager.default.removeItem(atPath: path)
        Terminal.out(
            "Crowd:     \(crowd.rowCount.grouped) rows, \(summary(generator.summary)); frozen as \(crowd.digest.prefix(12))\n"
        )
        return (crowd, generator.summary)
    }

    private func summary(_ summary: CrowdSummary) -> String {
        "\(summary.bad.grouped) of them bad, \(summary.duplicates.grouped) repeats"
    }

    private func schedule(_ crowd: CrowdFile, _ template: TemplateID) async throws -> Campaign {
        let zone = composition.settings.zone
        // A cron expression counts whole seconds.
        let start = Moment(
            secondsSinceEpoch: (composition.engine.clock.now + settings.lead).secondsSinceEpoch + 1
        )
        let cron = CronText.once(at: start, in: zone)
        let campaign = try await composition.campaigns.create(
            CampaignDraft(
                name: "Demo",
                template: template,
                crowd: crowd.digest,
                schedule: .cron(cron, zone: zone.identifier),
                createdBy: "demo"
            )
        )
        Terminal.out(
            "Campaign:  \(campaign.id.rawValue), scheduled by cron \"\(cron)\" in \(zone.identifier)\n"
        )
        return campaign
    }

    /// Shows how it goes until every message has its final state.
    private func watch(
        _ campaign: Campaign
    ) async throws -> (run: CampaignRunID, sendTime: Duration, settleTime: Duration) {
        let timer = composition.engine.timer
        var deadline = timer.now + settings.lead + settings.patience
        var bar = ProgressBar()
        var last: CampaignProgress?
        var sentAfter: Duration?
        while timer.now < deadline {
            if let run = try await composition.campaigns.runs(of: campaign.id, limit: 1).first {
                let progress = try await composition.campaigns.progress(of: run.id)
                let now = composition.engine.clock.now
                let time = now - run.startedAt
                if progress.run.state == .finished, progress.waiting == 0, sentAfter == nil {
                    sentAfter = time
                }
                bar.show(progress.settledShare, progress.line(at: now))
                if progress.isSettled {
                    bar.finish()
                    return (run.id, sentAfter ?? time, time)
                }
                if progress != last { deadline = timer.now + settings.patience }
                last = progress
            } else if let next = try await composition.campaigns.nextInstant(of: campaign) {
                let left = max(.zero, next - composition.engine.clock.now)
                bar.note("starts in \(left.components.seconds) s")
            }
            try await timer.sleep(for: .milliseconds(100))
        }
        bar.finish()
        throw DemoError(
            "nothing has changed for \(settings.patience.components.seconds) s, and some wait still"
        )
    }
}

extension CampaignProgress {
    /// The numbers beside the bar.
    fileprivate func line(at now: Moment) -> String {
        let sent = received - waiting
        var text = "\(run.rowsRead.grouped) rows read, \(sent.grouped) sent, "
        text += "\(states[.delivered, default: 0].grouped) delivered, \(refused.grouped) refused"
        if let rate = rate(at: now) { text += ", \(Int(rate).grouped) rows/s" }
        if let left = timeLeft(at: now) { text += ", \(left.components.seconds) s left" }
        return text
    }
}

/// Cron expressions for single instants.
enum CronText {
    /// The expression that matches one second of one year.
    static func once(at moment: Moment, in zone: TimeZone) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .minute, .second],
            from: Date(timeIntervalSince1970: Double(moment.secondsSinceEpoch))
        )
        let fields = [parts.second, parts.minute, parts.hour, parts.day, parts.month].map { String($0 ?? 0) }
        return fields.joined(separator: " ") + " ? \(parts.year ?? 0)"
    }
}
