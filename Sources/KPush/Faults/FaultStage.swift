import Foundation
import Groundwork
import LocalServers
import PushEngine

/// Where a scenario takes place: what its script can reach, and what it has done and seen.
actor FaultStage {
    nonisolated let cluster: LocalCluster
    nonisolated let simulator: SimulatorControl
    /// Reaches the cluster's stores as one of its processes does.
    nonisolated let composition: Composition
    nonisolated let campaign: CampaignLoad
    nonisolated let sender: APISender
    nonisolated let jobs: JobLoad
    nonisolated let scenario: FaultScenario
    private var faults: [String: Int] = [:]
    /// When the last fault began; nil before any.
    private(set) var lastFaultAt: Moment?
    private var order: [String] = []
    private var checks: [FaultCheck] = []
    /// What the scenario brought with it.
    private(set) var props = FaultProps()
    private var endings: [@Sendable () async -> Void] = []

    init(
        cluster: LocalCluster,
        simulator: SimulatorControl,
        composition: Composition,
        campaign: CampaignLoad,
        sender: APISender,
        jobs: JobLoad,
        scenario: FaultScenario
    ) {
        self.cluster = cluster
        self.simulator = simulator
        self.composition = composition
        self.campaign = campaign
        self.sender = sender
        self.jobs = jobs
        self.scenario = scenario
    }

    // MARK: What is noted

    /// Notes a fault that is brought about now.
    func note(_ fault: String) {
        lastFaultAt = SystemClock().now
        note(repair: fault)
    }

    /// Notes that something is put right again.
    func note(repair: String) {
        if faults[repair] == nil { order.append(repair) }
        faults[repair, default: 0] += 1
        Terminal.out("  \(repair)\n")
    }

    /// Notes something that must hold, and whether it did.
    func expect(_ text: String, _ holds: Bool) {
        note(FaultCheck(text: text, holds: holds))
    }

    private func note(_ check: FaultCheck) {
        checks.append(check)
    }

    /// How long it takes until something is the case; it does not hold when that exceeds `limit`.
    nonisolated func expect(
        _ text: String,
        within limit: Duration,
        until condition: () async throws -> Bool
    ) async {
        let stopwatch = Stopwatch(ContinuousClock())
        var holds = true
        do {
            // Not yet, as long as nobody answers.
            try await waited(for: text, atMost: limit) { (try? await condition()) ?? false }
        } catch { holds = false }
        let time = "\(stopwatch.elapsed.inSeconds.tenths) s of at most \(limit.inSeconds.tenths) s"
        await note(FaultCheck(text: "\(text): \(time)", holds: holds, isOfTime: true))
    }

    /// The faults so far, such as `worker killed ×12`.
    var summary: String {
        order.map { fault in
            let count = faults[fault] ?? 0
            return count == 1 ? fault : "\(fault) ×\(count)"
        }
        .joined(separator: ", ")
    }

    /// What the script expected beside the books.
    var findings: [FaultCheck] { checks }

    // MARK: What goes on

    /// Lets time pass: the script's own rhythm, where there is nothing to wait for.
    nonisolated func pause(_ length: Duration) async throws {
        try await ContinuousClock().sleep(for: length)
    }

    /// Keeps something that the script needs.
    func keep(_ change: @Sendable (inout FaultProps) -> Void) {
        change(&props)
    }

    /// Has something done when all is over and no process of the cluster runs any more.
    func atEnd(_ ending: @escaping @Sendable () async -> Void) {
        endings.append(ending)
    }

    /// Does what was to be done at the end, the last first.
    func finish() async {
        for ending in endings.reversed() { await ending() }
        endings = []
    }

    /// How many threads and open files a process has; nil while it does not run.
    nonisolated func vitals(of name: String) async -> (threads: Int, files: Int)? {
        guard let pid = await cluster.pid(of: name) else { return nil }
        // A process that has just ended has neither.
        let counts = ["task", "fd"]
            .map { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/\($0)").count) ?? 0 }
        return (counts[0], counts[1])
    }

    /// Reads our books of some messages, page by page.
    nonisolated func eachRecord(_ filter: RecordFilter, _ body: (MessageRecord) -> Void) async throws {
        let store = composition.engine.store
        var before: MessageID?
        var isOver = false
        while !isOver {
            let page = try await store.records(filter, state: nil, before: before, limit: 1_000)
            for record in page { body(record) }
            before = page.last?.id
            isOver = page.isEmpty
        }
    }

    // MARK: Who runs

    /// Kills a process, which must have run until then.
    nonisolated func kill(_ name: String) async {
        await note(name, "killed", await cluster.kill(name), right: SIGKILL)
    }

    /// Has a process end, which it must do in order.
    nonisolated func stop(_ name: String) async {
        await note(name, "told to end", await cluster.stop(name), right: 0)
    }

    /// Notes the end of a process that ended otherwise than it was to.
    private func note(_ name: String, _ order: String, _ code: Int32?, right: Int32) {
        guard code != right else { return }
        let end = code.map { "ended with \($0)" } ?? "did not run"
        expect("\(name), \(order), \(end)", false)
    }

    // MARK: Who leads

    /// The scheduler that leads by the register's word; nil when it cannot be told.
    nonisolated func leader() async throws -> String? { try await cluster.leader() }

    /// What a process has said.
    nonisolated func log(of name: String) throws -> String {
        try String(contentsOfFile: cluster.log(of: name), encoding: .utf8)
    }

    /// Whether a scheduler has said something about a term.
    nonisolated func hasLogged(_ name: String, _ text: String, in term: Int64) throws -> Bool {
        try cluster.hasLogged(name, text, in: term)
    }

    /// The newest term's token.
    nonisolated func term() async throws -> Int64? { try await cluster.term() }

    /// Has a scheduler lead: whoever else does is told to end, and started again.
    nonisolated func handOver(to name: String) async throws {
        guard try await leader() != name else { return }
        await note("\(name) takes over")
        let others = await cluster.names(of: .scheduler).filter { $0 != name }
        for other in others { await stop(other) }
        await expect("\(name) leads", within: .seconds(8)) { try await self.leader() == name }
        for other in others { try await cluster.restart(other) }
    }

    /// Waits until another term than that of `token` has begun.
    nonisolated func expectNewTerm(after token: Int64?, within limit: Duration) async {
        await expect("a new leader", within: limit) {
            guard let now = try await self.term() else { return false }
            return now > (token ?? 0)
        }
    }
}

/// What scenarios bring with them beside a cluster.
struct FaultProps: Sendable {
    var sentinels: RedisSentinels?
    var networks: [NodeNetwork] = []
    var clock: ShiftedClock?
    var disk: SmallDisk?
}

/// One thing that must hold, and whether it did.
struct FaultCheck: Sendable, Codable {
    let text: String
    let holds: Bool
    /// Whether it is about how long something took, which depends on what else the host does.
    var isOfTime = false
}
