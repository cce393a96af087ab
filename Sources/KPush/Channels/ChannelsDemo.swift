import Console
import Foundation
import Groundwork
import PushEngine
import SupplierSimulator

/// A campaign over each channel, all at once, watched until everybody is accounted for.
struct ChannelsDemo: Sendable {
    let composition: Composition
    let simulator: SimulatorControl
    /// The base URL of the console that takes receipts.
    let door: String
    /// How many recipients each campaign has.
    let recipients: Int
    /// How far ahead the campaigns are scheduled.
    let lead: Duration

    /// How long to wait while nothing changes.
    private static let patience = Duration.seconds(180)

    /// A campaign, and what it was made of.
    struct Entry: Sendable {
        let sample: ChannelSample
        let accounts: [SupplierAccount]
        let campaign: Campaign
        /// Rows of its crowd that cannot be sent to.
        let refused: Int
    }

    /// What came of one.
    struct Outcome: Sendable {
        let entry: Entry
        let progress: CampaignProgress
        /// States counted from the records themselves.
        let recount: [DeliveryState: Int]
    }

    /// Performs them.
    ///
    /// - Returns: what came of each, and what the simulator saw.
    /// - Throws: `DemoError`, or what a store or the simulator throws.
    func perform() async throws -> (outcomes: [Outcome], stats: SimulatorStats) {
        // A cron expression counts whole seconds.
        let start = Moment(
            secondsSinceEpoch: (composition.engine.clock.now + lead).secondsSinceEpoch + 1
        )
        var entries: [Entry] = []
        for sample in ChannelSample.all { entries.append(try await prepare(sample, at: start)) }
        try await postReceipts(of: entries.flatMap(\.accounts))
        Terminal.out(
            "Campaigns: \(entries.count), one for each channel, \(recipients.grouped) recipients each\n"
        )
        let runs = try await watch(entries)
        var outcomes: [Outcome] = []
        for (entry, run) in zip(entries, runs) {
            outcomes.append(
                Outcome(
                    entry: entry,
                    progress: try await composition.campaigns.progress(of: run),
                    recount: try await composition.engine.store.recount(of: run)
                )
            )
        }
        return (outcomes, try await simulator.stats())
    }

    private func prepare(_ sample: ChannelSample, at start: Moment) async throws -> Entry {
        let store = composition.engine.store
        var accounts: [SupplierAccount] = []
        for supplier in sample.suppliers {
            let account = SampleData.demoAccount(
                supplier,
                channel: sample.channel,
                at: try sample.url(of: supplier, at: simulator)
            )
            accounts.append(try await store.putAccount(account))
        }
        let draft = TemplateDraft(
            name: "Demo of \(sample.channel.name)",
            channel: sample.channel,
            messageType: sample.channel == .sms ? .marketing : .notice,
            templateType: .operations,
            content: sample.content
        )
        let template = try await store.createTemplate(draft, by: "demo")
        _ = try await store.auditTemplate(
            template.id,
            version: template.latest.number,
            approved: true,
            note: "demo",
            by: "demo"
        )
        let (bytes, refused) = sample.crowd(of: recipients)
        let crowd = try await composition.engine.library.take(
            name: "\(sample.channel.name).csv",
            addresses: sample.channel.addressForm
        ) { try await $0.append(bytes) }
        let zone = composition.settings.zone
        let campaign = try await composition.campaigns.create(
            CampaignDraft(
                name: draft.name,
                template: template.id,
                crowd: crowd.digest,
                schedule: .cron(CronText.once(at: start, in: zone), zone: zone.identifier),
                createdBy: "demo"
            )
        )
        return Entry(sample: sample, accounts: accounts, campaign: campaign, refused: refused)
    }

    /// Has everybody who posts receipts post them to our door; the others' are pulled by the job.
    private func postReceipts(of accounts: [SupplierAccount]) async throws {
        let posting: [SimulatedSupplier] = [
            .aliyun, .huawei, .weChatOfficialAccount, .weChatMiniProgram, .smtp,
        ]
        var addresses: [SimulatedSupplier: String] = [:]
        for account in accounts {
            guard let supplier = SimulatedSupplier(rawValue: account.kind.rawValue),
                posting.contains(supplier)
            else { continue }
            addresses[supplier] = door + composition.receiptAddress.path(account.id)
        }
        try await simulator.postReceipts(to: addresses)
    }

    /// Shows how it goes until every message has its final state.
    private func watch(_ entries: [Entry]) async throws -> [CampaignRunID] {
        let timer = composition.engine.timer
        var deadline = timer.now + lead + Self.patience
        var bar = ProgressBar()
        var last: [CampaignProgress] = []
        while timer.now < deadline {
            var now: [CampaignProgress] = []
            for entry in entries {
                guard let run = try await composition.campaigns.runs(of: entry.campaign.id, limit: 1).first
                else { continue }
                now.append(try await composition.campaigns.progress(of: run.id))
            }
            bar.show(
                now.map(\.settledShare).reduce(0, +) / Double(max(1, entries.count)),
                "\(now.count { $0.isSettled }) of \(entries.count) campaigns settled"
            )
            if now.count == entries.count, now.allSatisfy(\.isSettled) {
                bar.finish()
                return now.map(\.run.id)
            }
            if now != last { deadline = timer.now + Self.patience }
            last = now
            try await timer.sleep(for: .milliseconds(200))
        }
        bar.finish()
        throw DemoError("nothing has changed for \(Self.patience.components.seconds) s, and some wait still")
    }
}
