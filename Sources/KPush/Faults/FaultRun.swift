import Console
import CurlDriver
import Foundation
import Groundwork
import LocalServers
import Logging
import PushEngine
import SupplierSimulator
import Suppliers

/// One scenario from an empty cluster to its row of the table.
struct FaultRun: Sendable {
    let scenario: FaultScenario
    let rows: Int
    let jobs: Int
    /// The scenario's own folder, empty.
    let data: String
    /// The `kpush` under test; nil for this very one.
    let program: URL?
    let logger: Logger

    /// For how long nothing may change while something is left to come to its end.
    private static let patience = Duration.seconds(120)
    private static let apiTemplate = TemplateDraft(
        name: "Probe",
        messageType: .verificationCode,
        templateType: .technical,
        content: "您的验证码是{$code}，5分钟内有效，请勿告诉他人。"
    )

    /// Performs it; what goes wrong beside what is meant to go wrong is in the verdict.
    func perform() async -> FaultVerdict {
        var verdict = FaultVerdict(scenario: scenario.name, promise: scenario.promise)
        if let obstacle = scenario.obstacle() {
            verdict.skipped = obstacle
            return verdict
        }
        do { try await perform(&verdict) } catch {
            verdict.checks.append(FaultCheck(text: "\(error)", holds: false))
        }
        return verdict
    }

    private func perform(_ verdict: inout FaultVerdict) async throws {
        let simulator = try SimulatorProcess(["--no-scripts", "--receipt-delay-ms", "500"], program: program)
        // Its input ends with us in any case.
        defer { try? simulator.stop() }
        let cluster = try await LocalCluster(
            data: data,
            webPort: 0,
            logLevel: "notice",
            redis: scenario.redis,
            shared: Self.haste.merging(scenario.shared) { $1 },
            program: program
        )
        let outcome: Result<FaultVerdict, any Error>
        do { outcome = .success(try await perform(on: cluster, simulator, verdict)) } catch {
            outcome = .failure(error)
        }
        await cluster.stop()
        verdict = try outcome.get()
    }

    /// Waits are shorter than in production, so that what is in doubt is cleared up while one watches.
    private static let haste = [
        "KPUSH_RECEIPTS_QUERY_AFTER": "5s", "KPUSH_RECEIPTS_CONFIRM_AFTER": "15s",
        "KPUSH_RECEIPTS_RESEND_AFTER": "20s", "KPUSH_RECEIPTS_PATIENCE": "75s",
        "KPUSH_WORKER_WIDTHS": "sms.marketing=1,sms.auth_code=64",
    ]

    private func perform(
        on cluster: LocalCluster,
        _ simulator: SimulatorProcess,
        _ start: FaultVerdict
    ) async throws -> FaultVerdict {
        // Makes the tables that processes of the cluster would otherwise make at the same time.
        let composition = try await Composition(try await cluster.settings("operator"), logger: logger)
        defer { composition.engine.http.shutdown() }
        let control = SimulatorControl(simulator, http: composition.engine.http)
        let (templates, accounts) = try await prepare(composition, simulator.url)
        let sender = APISender(
            url: cluster.url,
            token: cluster.token,
            template: templates.api,
            perSecond: scenario.sendsPerSecond
        )
        defer { sender.shutdown() }
        let stage = FaultStage(
            cluster: cluster,
            simulator: control,
            composition: composition,
            campaign: try await CampaignLoad.make(composition, rows: rows, template: templates.campaign),
            sender: sender,
            jobs: JobLoad(cluster, composition.jobs, count: jobs),
            scenario: scenario
        )
        let outcome: Result<FaultVerdict, any Error>
        do { outcome = .success(try await perform(on: stage, templates.api, accounts, start)) } catch {
            outcome = .failure(error)
        }
        await cluster.stopProcesses()
        await stage.finish()
        return try outcome.get()
    }

    private func perform(
        on stage: FaultStage,
        _ template: TemplateID,
        _ accounts: [SupplierAccount],
        _ start: FaultVerdict
    ) async throws -> FaultVerdict {
        let (cluster, control) = (stage.cluster, stage.simulator)
        try await cluster.start(try await scenario.nodes(stage))
        try await control.setLatency(pace.latency)
        if let aliyun = accounts.first(where: { $0.kind == .aliyun }) {
            try await control.postReceipts(to: [
                .aliyun: cluster.url + stage.composition.receiptAddress.path(aliyun.id)
            ])
        }
        var verdict = start
        let end: Result<Void, any Error>
        do { end = .success(try await underLoad(stage)) } catch { end = .failure(error) }
        verdict.faults = await stage.summary
        verdict.checks += await stage.findings
        switch end {
        case .success:
            try await FaultBooks.read(stage, template, fallsShort: !pace.isEnough)
                .judge(scenario, &verdict)
        case .failure(let error): verdict.checks.append(FaultCheck(text: "\(error)", holds: false))
        }
        verdict.checks += await farewell(cluster)
        return verdict
    }

    private func prepare(
        _ composition: Composition,
        _ simulator: String
    ) async throws -> (templates: (campaign: TemplateID, api: TemplateID), [SupplierAccount]) {
        let store = composition.engine.store
        let (campaign, accounts) = try await SampleData(templates: store, accounts: store)
            .load(simulator: simulator)
        var draft = Self.apiTemplate
        var own = campaign
        if scenario.splitsSuppliers {
            draft.account = accounts.first { $0.kind == .tencent }?.id
            own = try await pinned(campaign, to: accounts.first { $0.kind == .aliyun }?.id, store)
        }
        return ((own, try await approved(draft, store)), accounts)
    }

    private func pinned(
        _ template: TemplateID,
        to account: AccountID?,
        _ store: any TemplateStore
    ) async throws -> TemplateID {
        guard var draft = try await store.template(template)?.latest.draft else {
            throw DemoError("the sample data have no template for a campaign")
        }
        draft.account = account
        return try await approved(draft, store)
    }

    private func approved(_ draft: TemplateDraft, _ store: any TemplateStore) async throws -> TemplateID {
        let made = try await store.createTemplate(draft, by: "faults")
        _ = try await store.auditTemplate(
            made.id,
            version: made.latest.number,
            approved: true,
            note: "",
            by: "faults"
        )
        return made.id
    }

    private var pace: CampaignPace { CampaignPace(rows: rows, span: scenario.span) }

    /// Everything at work at the same time; ends when all has come to its end.
    private func underLoad(_ stage: FaultStage) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await stage.jobs.serve()
                return false
            }
            group.addTask {
                let stopwatch = Stopwatch(ContinuousClock())
                func tell(_ what: String) {
                    Terminal.out("  \(what) after \(stopwatch.elapsed.inSeconds.tenths) s\n")
                }
                try await stage.jobs.begin()
                let sending = Task { await stage.sender.run() }
                // Waited for below, and ended here in any case.
                defer { sending.cancel() }
                try await stage.campaign.start()
                try await waited(for: "nothing of the campaign is sent", atMost: .seconds(60)) {
                    try await stage.campaign.progress().map { $0.received > $0.waiting } ?? false
                }
                tell("everything at work")
                try await scenario.faults(stage)
                tell("faults over")
                // What is left need not take its time.
                try await stage.simulator.setLatency(0)
                try await sent(stage)
                tell("all of the campaign sent")
                sending.cancel()
                await sending.value
                try await stage.jobs.end()
                try await settled(stage)
                tell("all ended")
                return true
            }
            defer { group.cancelAll() }
            guard try await group.next() == true else { throw DemoError("the oracle's executor ended") }
        }
    }

    /// Waits until every row is read and everything of the campaign is with a supplier.
    private func sent(_ stage: FaultStage) async throws {
        try await whileChanging {
            guard let progress = try await stage.campaign.progress() else { return ("none", false) }
            return ("\(progress)", progress.run.state == .finished && progress.waiting == 0)
        }
    }

    /// Waits until every message and every run has ended.
    private func settled(_ stage: FaultStage) async throws {
        let sends = "SELECT coalesce(sum(queued + held + accepted + unknown), 0)::bigint FROM batch"
        try await whileChanging {
            let progress = try await stage.campaign.progress()
            let open = try await stage.cluster.postgres.query(sends, in: "kpush").first ?? ""
            let runs = try await stage.jobs.open()
            return ("\(open) \(runs)", progress?.isSettled == true && open == "0" && runs == 0)
        }
    }

    /// Asks until the answer is yes, or has not changed for too long.
    private func whileChanging(_ look: () async throws -> (String, Bool)) async throws {
        let clock = ContinuousClock()
        var last = ""
        var deadline = clock.now + Self.patience
        while clock.now < deadline {
            // Nobody answers while the database is away.
            if let (now, isOver) = try? await look() {
                if isOver { return }
                if now != last { deadline = clock.now + Self.patience }
                last = now
            }
            try await clock.sleep(for: .milliseconds(200))
        }
        // What is left has never ended, and is counted so.
    }

    /// Ends the processes and sees that each leaves in time and in order.
    private func farewell(_ cluster: LocalCluster) async -> [FaultCheck] {
        var checks: [FaultCheck] = []
        for name in await cluster.names where await cluster.pid(of: name) != nil {
            let stopwatch = Stopwatch(ContinuousClock())
            let code = await cluster.stop(name)
            let time = stopwatch.elapsed
            guard code != 0 || time > .seconds(30) else { continue }
            checks.append(
                FaultCheck(
                    text: "\(name) ended with \(code ?? -1) after \(time.inSeconds.tenths) s",
                    holds: false
                )
            )
        }
        return checks
    }
}
