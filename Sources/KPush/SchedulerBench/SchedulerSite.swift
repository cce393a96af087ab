import CurlDriver
import Foundation
import Groundwork
import LocalServers
import Logging
import PostgresDriver
import SQLiteDriver
import Scheduler

/// A size of KPush that a row is measured on.
enum SiteSize: String, Hashable, Sendable {
    case embedded
    case cluster
    /// What needs no server.
    case none = "-"
}

/// KPush in one size, in processes of its own, and its stores as another process reaches them.
struct SchedulerSite: Sendable {
    private enum Form: Sendable {
        case embedded(EmbeddedServer)
        case cluster(LocalCluster, PostgresPool)
    }

    let size: SiteSize
    /// Where console, API and the executors' doors are.
    let url: String
    let apiToken: Secret
    let executorToken: Secret
    let jobs: any JobStore
    let runs: any RunBooks
    let service: JobService
    private let form: Form
    private let http: CurlHTTPClient

    /// Starts everything.
    ///
    /// - Parameters:
    ///   - size: with which stores.
    ///   - data: takes the processes' folders and logs.
    ///   - schedulers: processes that stand for election, on the cluster size.
    /// - Returns: the site, whose own jobs are switched off.
    /// - Throws: what says why something did not start.
    static func open(_ size: SiteSize, data: String, schedulers: Int = 1) async throws -> SchedulerSite {
        let site = size == .cluster ? try await cluster(data, schedulers) : try await embedded(data)
        // What KPush does by itself would be measured too.
        let own = try await site.service.list(limit: 500).elements
        for job in own where job.isEnabled { _ = try await site.service.setEnabled(job.id, false) }
        return site
    }

    /// Ends everything.
    func stop() async {
        switch form {
        case .embedded(let server): await server.stop()
        case .cluster(let cluster, let pool):
            await pool.close()
            await cluster.stop()
        }
        http.shutdown()
    }

    /// The processes that may lead, by name; one on the embedded size.
    var schedulers: [String: Int32] {
        get async {
            switch form {
            case .embedded(let server): return ["kpush": server.pid]
            case .cluster(let cluster, _):
                var pids: [String: Int32] = [:]
                for name in await cluster.names(of: .scheduler) { pids[name] = await cluster.pid(of: name) }
                return pids
            }
        }
    }

    /// The cluster.
    ///
    /// - Throws: `DemoError` on the embedded size.
    func needCluster() throws -> LocalCluster {
        guard case .cluster(let cluster, _) = form else { throw DemoError("this needs the cluster size") }
        return cluster
    }

    /// Makes jobs, several at a time.
    func make(_ count: Int, _ spec: @escaping @Sendable (Int) -> JobSpec) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                if number >= 8 { try await group.next() }
                group.addTask { [service] in _ = try await service.create(spec(number)) }
            }
            try await group.waitForAll()
        }
    }

    // MARK: Starting

    private static func embedded(_ data: String) async throws -> SchedulerSite {
        let server = try await EmbeddedServer(data: data)
        let database = try SchedulerDatabase(path: "\(server.data)/scheduler.db")
        return SchedulerSite(
            size: .embedded,
            url: server.url,
            apiToken: server.apiToken,
            executorToken: server.executorToken,
            jobs: SQLiteJobStore(database),
            history: SQLiteJobHistory(database),
            runs: SQLiteRunStore(database),
            ledger: SQLiteRunLedger(database),
            alarms: SQLiteAlarmStore(database),
            registry: SQLiteRegistryStore(database),
            groups: SQLiteGroupStore(database),
            calls: SQLiteIdempotencyStore(database),
            form: .embedded(server)
        )
    }

    private static func cluster(_ data: String, _ schedulers: Int) async throws -> SchedulerSite {
        try DataFolder.make(data)
        // Who leads is told by notices.
        let cluster = try await LocalCluster(data: data, webPort: 0, logLevel: "notice")
        do {
            try await cluster.start(ClusterNode.nodes([(.web, 1), (.scheduler, schedulers)]))
            guard let settings = try await cluster.settings("bench").cluster else {
                throw DemoError("the cluster has no settings")
            }
            let pool = PostgresPool(settings.postgres)
            let database = try await PostgresSchedulerDatabase(pool)
            try await waited(for: "nobody leads", atMost: .seconds(60)) { try await cluster.leader() != nil }
            return SchedulerSite(
                size: .cluster,
                url: cluster.url,
                apiToken: Secret(cluster.token),
                executorToken: Secret(cluster.executorToken),
                jobs: PostgresJobStore(database),
                history: PostgresJobHistory(database),
                runs: PostgresRunStore(database),
                ledger: PostgresRunLedger(database),
                alarms: PostgresAlarmStore(database),
                registry: PostgresRegistryStore(database),
                groups: PostgresGroupStore(database),
                calls: PostgresIdempotencyStore(database),
                form: .cluster(cluster, pool)
            )
        } catch {
            await cluster.stop()
            throw error
        }
    }

    private init(
        size: SiteSize,
        url: String,
        apiToken: Secret,
        executorToken: Secret,
        jobs: any JobStore,
        history: any JobHistory,
        runs: any RunBooks,
        ledger: any RunLedger,
        alarms: any AlarmStore,
        registry: any RegistryStore,
        groups: any GroupStore,
        calls: any IdempotencyStore,
        form: Form
    ) {
        self.size = size
        self.url = url
        self.apiToken = apiToken
        self.executorToken = executorToken
        self.jobs = jobs
        self.runs = runs
        self.form = form
        http = CurlHTTPClient()
        service = JobService(
            SchedulerParts(
                jobs: jobs,
                history: history,
                runs: runs,
                ledger: ledger,
                alarms: alarms,
                registry: registry,
                groups: groups,
                calls: calls,
                executors: ExecutorClient(http: http, accessToken: executorToken),
                wall: SystemClock(),
                clock: ContinuousClock(),
                logger: Logger(label: "kpush.bench") { _ in SwiftLogNoOpLogHandler() }
            )
        )
    }
}

/// One process of the embedded size that fires jobs and takes calls.
private struct EmbeddedServer: Sendable {
    let data: String
    let url: String
    let apiToken = Secret(UUID().uuidString)
    let executorToken = Secret(UUID().uuidString)
    private let process: ChildProcess

    var pid: Int32 { process.pid }

    init(data: String) async throws {
        self.data = URL(fileURLWithPath: data).standardizedFileURL.path
        let port = try FreePort.find()
        url = "http://127.0.0.1:\(port)"
        try DataFolder.make(self.data)
        let log = "\(self.data)/kpush.log"
        try Data().write(to: URL(fileURLWithPath: log))
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        process = try ChildProcess(
            ["serve", "--stop-with-input"],
            environment: [
                "KPUSH_ROLES": "web,scheduler", "KPUSH_DATA": self.data, "KPUSH_WEB_PORT": "\(port)",
                "KPUSH_WEB_TOKEN": apiToken.reveal(), "KPUSH_EXECUTOR_TOKEN": executorToken.reveal(),
                "KPUSH_LOG_LEVEL": "notice",
            ],
            output: output,
            complaints: output
        )
        // The child has an end of its own.
        try output.close()
        try await waited(for: "the server does not answer, \(log) says why", atMost: .seconds(60)) {
            FreePort.isTaken(port)
        }
    }

    func stop() async {
        Foundation.kill(process.pid, SIGTERM)
        _ = await process.end(within: .seconds(35))
    }
}
