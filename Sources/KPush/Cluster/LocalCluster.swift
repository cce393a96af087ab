import Console
import CurlDriver
import Foundation
import Groundwork
import LocalServers

/// PostgreSQL, Redis and processes of KPush on this host, all of them ours.
///
/// A process can be killed and started again as often as one likes: it keeps its name, its folder and its ports.
actor LocalCluster {
    nonisolated let postgres: PostgresServer
    nonisolated let redis: RedisServer
    nonisolated let data: String
    nonisolated let webPort: Int
    private let secrets: (cluster: String, token: String, executors: String)
    private let shared: [String: String]
    private let http = CurlHTTPClient()
    private let logLevel: String
    private let program: URL?
    private let folder: ServerFolder
    private var nodes: [String: ClusterNode] = [:]
    private var processes: [String: ChildProcess] = [:]
    private var executorPorts: [String: Int] = [:]
    private var peaks: [String: Int] = [:]

    /// Starts the servers; no process of KPush runs yet.
    ///
    /// - Parameters:
    ///   - data: takes the processes' folders and logs, and the crowd files.
    ///   - webPort: where the console listens; 0 takes a free one.
    ///   - logLevel: how much the processes log.
    ///   - directives: the configuration of Redis, such as `appendonly`.
    ///   - shared: settings of all processes beside those that every cluster needs, as environment variables.
    ///   - program: the `kpush` that the processes run; nil for this very one.
    /// - Throws: `LocalServerError` when a server does not come up.
    init(
        data: String,
        webPort: Int,
        logLevel: String,
        redis directives: [String: String] = LocalCluster.durable,
        shared: [String: String] = [:],
        program: URL? = nil
    ) async throws {
        self.data = URL(fileURLWithPath: data).standardizedFileURL.path
        self.webPort = try webPort == 0 ? FreePort.find() : webPort
        self.logLevel = logLevel
        self.shared = shared
        self.program = program
        secrets = (Self.random(), Self.random(), Self.random())
        folder = try ServerFolder("kpush-cluster")
        postgres = try await PostgresServer(in: folder, settings: Self.tuning)
        redis = try await RedisServer(in: folder, settings: directives)
        _ = try await postgres.makeDatabase("kpush")
    }

    /// What the processes are set to, beside what is each one's own.
    nonisolated var environment: [String: String] {
        [
            "KPUSH_POSTGRES_ADDRESS": postgres.address("kpush"), "KPUSH_REDIS_ADDRESS": redis.address,
            "KPUSH_CLUSTER_SECRET": secrets.cluster, "KPUSH_WEB_TOKEN": secrets.token,
            "KPUSH_CROWDS_STORAGE": "\(data)/crowds", "KPUSH_EXECUTOR_SCHEDULERS": url,
            "KPUSH_EXECUTOR_TOKEN": secrets.executors, "KPUSH_ZONE": "Asia/Shanghai",
            "KPUSH_LOG_LEVEL": logLevel,
        ]
        .merging(shared) { $1 }
    }

    /// Where the console is.
    nonisolated var url: String { "http://127.0.0.1:\(webPort)" }

    nonisolated var token: String { secrets.token }

    /// What executors and schedulers show each other.
    nonisolated var executorToken: String { secrets.executors }

    /// The settings of a process of this cluster that has no role: it only reaches what the others keep.
    func settings(_ name: String) async throws -> ServeSettings {
        let own = ["KPUSH_ROLES": "web", "KPUSH_DATA": "\(data)/\(name)"]
        var settings = try await ServeSettings.read(
            file: nil,
            environment: environment.merging(own) { $1 },
            flags: [:]
        )
        settings.roles = []
        return settings
    }

    /// Starts processes, and waits until those that take calls do.
    func start(_ nodes: [ClusterNode]) async throws {
        for node in nodes {
            self.nodes[node.name] = node
            try launch(node)
        }
        for node in nodes { try await ready(node) }
    }

    /// Starts a process that ended, as it was.
    func restart(_ name: String) throws {
        guard let node = nodes[name] else { return }
        try launch(node)
    }

    /// Sends a process a signal, such as `SIGKILL` or `SIGSTOP`.
    func signal(_ name: String, _ number: Int32) {
        if let process = processes[name] { Foundation.kill(process.pid, number) }
    }

    /// Kills a process as a power cut would, and waits until it is gone.
    ///
    /// - Returns: `SIGKILL`; anything else of one that had ended before; nil where none was to run.
    func kill(_ name: String) async -> Int32? {
        guard let process = processes.removeValue(forKey: name) else { return nil }
        notePeak(name, process)
        Foundation.kill(process.pid, SIGKILL)
        return await process.end()
    }

    /// Has a process end by itself, which the promised 30 s must do for; after a few more it is killed.
    ///
    /// - Returns: its exit code or the signal that ended it; nil where none was to run.
    @discardableResult
    func stop(_ name: String) async -> Int32? {
        guard let process = processes.removeValue(forKey: name) else { return nil }
        notePeak(name, process)
        Foundation.kill(process.pid, SIGTERM)
        // One that stands still would not hear of it.
        Foundation.kill(process.pid, SIGCONT)
        return await process.end(within: .seconds(35))
    }

    /// The names of the processes that were started.
    var names: [String] { nodes.keys.sorted() }

    /// The processes that were started and have a role.
    func names(of role: Role) -> [String] { names.filter { nodes[$0]?.roles.contains(role) == true } }

    /// A process's number; nil while it does not run.
    func pid(of name: String) -> Int32? { processes[name]?.pid }

    /// Where a process's log is.
    nonisolated func log(of name: String) -> String { "\(data)/\(name).log" }

    /// Waits until a process that was started again takes calls.
    func isReady(_ name: String) async throws {
        if let node = nodes[name] { try await ready(node) }
    }

    /// The most memory that all processes together had resident, in bytes.
    var peakMemory: Int {
        for (name, process) in processes { notePeak(name, process) }
        return peaks.values.reduce(0, +)
    }

    /// Ends everything: the processes first, so that they leave in order.
    func stop() async {
        await stopProcesses()
        await redis.stop()
        await postgres.stop()
        http.shutdown()
    }

    /// Ends the processes, and leaves the servers as they are.
    func stopProcesses() async {
        await withDiscardingTaskGroup { group in
            for name in processes.keys { group.addTask { await self.stop(name) } }
        }
    }

    private func launch(_ node: ClusterNode) throws {
        var own = [
            "KPUSH_ROLES": node.roles.map(\.rawValue).sorted().joined(separator: ","),
            "KPUSH_DATA": "\(data)/\(node.name)",
        ]
        if node.roles.contains(.web) { own["KPUSH_WEB_PORT"] = "\(webPort)" }
        if node.roles.contains(.executor), !node.fetches {
            let port = try executorPorts[node.name] ?? FreePort.find()
            executorPorts[node.name] = port
            own["KPUSH_EXECUTOR_PORT"] = "\(port)"
        }
        let log = log(of: node.name)
        if !FileManager.default.fileExists(atPath: log) { try Data().write(to: URL(fileURLWithPath: log)) }
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        try output.seekToEnd()
        processes[node.name] = try ChildProcess(
            ["serve", "--stop-with-input"],
            program: program,
            environment: environment.merging(own) { $1 }.merging(node.environment) { $1 },
            output: output,
            complaints: output
        )
        // The child has an end of its own.
        try output.close()
    }

    /// Waits until a process takes calls, where it takes any.
    private func ready(_ node: ClusterNode) async throws {
        let port = node.webPort ?? (node.roles.contains(.web) ? webPort : executorPorts[node.name])
        guard let port else { return }
        do {
            try await waited(for: "\(node.name) does not answer", atMost: .seconds(60)) {
                FreePort.isTaken(port)
            }
        } catch {
            throw DemoError("\(node.name) did not start; \(log(of: node.name)) says why")
        }
    }

    private func notePeak(_ name: String, _ process: ChildProcess) {
        peaks[name] = max(peaks[name] ?? 0, ProcessMemory.peak(of: process.pid) ?? 0)
    }

    private static func random() -> String {
        (0..<4).map { _ in String(UInt64.random(in: 0...UInt64.max), radix: 36) }.joined()
            .padding(toLength: 48, withPad: "k", startingAt: 0)
    }

    /// Redis as `deploy/` has it: its file is not written anew in the middle of a campaign.
    static let durable = [
        "appendonly": "yes", "appendfsync": "everysec", "auto-aof-rewrite-min-size": "1gb",
    ]

    /// What a small server of PostgreSQL is set to for many short writes.
    private static let tuning = [
        "shared_buffers": "512MB", "max_wal_size": "4GB", "checkpoint_timeout": "15min",
        "wal_compression": "lz4",
        "max_connections": "200",
    ]
}
