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
        if faults[fault] == nil { order.append(fault) }
        faults[fault, default: 0] += 1
        Terminal.out("  \(fault)\n")
    }

    /// Notes something that must hold, and whether it did.
    func expect(_ text: String, _ holds: Bool) {
        checks.append(FaultCheck(text: text, holds: holds))
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
        await expect("\(text): \(time)", holds)
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

    /// Whether the log of a process has a line with this text.
    nonisolated func hasLogged(_ name: String, _ text: String) throws -> Bool {
        try String(contentsOfFile: cluster.log(of: name), encoding: .utf8).contains(text)
    }

    /// How many threads and open files a process has; nil while it does not run.
    nonisolated func vitals(of name: String) async -> (threads: Int, files: Int)? {
        guard let pid = await cluster.pid(of: name) else { return nil }
        // A process that has just ended has neither.
        let counts = ["task", "fd"]
            .map { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/\($0)").count) ?? 0 }
        return (counts[0], counts[1])
    }

    // MARK: Who leads

    /// The scheduler that leads by the register's word; nil when it cannot be told.
    nonisolated func leader() async throws -> String? {
        guard let token = try await term() else { return nil }
        let mark = "\(LogKey.fencingToken)=\(token)"
        for name in await cluster.names(of: .scheduler) {
            let log = try String(contentsOfFile: cluster.log(of: name), encoding: .utf8)
            let hasGained = log.split(separator: "\n")
                .contains { $0.contains("leadership gained") && $0.split(separator: " ").contains(mark[...]) }
            if hasGained { return name }
        }
        return nil
    }

    /// The newest term's token.
    nonisolated func term() async throws -> Int64? {
        try await cluster.postgres.query("SELECT token FROM leader_term", in: "kpush").first
            .flatMap { Int64($0) }
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
}
