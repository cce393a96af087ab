import CurlDriver
import Executor
import Foundation
import Groundwork
import LocalServers
import Logging
import Scheduler
import ServiceLifecycle
import TestKit
import Testing

@testable import KPush

/// Executors that fetch their runs from a cluster: who leads, who holds their call and who is asked are other processes.
@Suite(.serialized, .timeLimit(.minutes(10))) struct PullClusterTests {
    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func `runs, logs and kills find their way through two web processes, one of which dies`()
        async throws
    {
        try await withCluster { cluster, composition in
            let other = try FreePort.find()
            try await cluster.start([
                ClusterNode(name: "scheduler-1", roles: [.scheduler]),
                ClusterNode(name: "web-1", roles: [.web]),
                ClusterNode(name: "web-2", roles: [.web], environment: ["KPUSH_WEB_PORT": "\(other)"]),
            ])
            let works = PullWorks()
            let urls = [cluster.url, "http://127.0.0.1:\(other)"]
            try await withExecutor(of: cluster, at: urls, works) {
                let held = try await job("held", "wait", composition)
                let run = try await trigger(held, composition)
                try await eventually("it runs", within: .seconds(60)) {
                    try await composition.run(run).state == .running
                }
                // The executor's call is at the first, and this asks the second.
                let api = APIClientOfTest(url: urls[1], token: cluster.token)
                try await eventually("its log is read", within: .seconds(30)) {
                    try await api.get("/api/v1/runs/\(run)/log").contains("waiting")
                }
                let quick = try await job("quick", "count", composition)
                var runs: [RunID] = []
                for number in 0..<40 {
                    if number == 10 { #expect(await cluster.kill("web-1") == SIGKILL) }
                    runs.append(try await trigger(quick, composition))
                }
                for run in runs {
                    try await eventually("run \(run) ends", within: .seconds(120)) {
                        try await composition.run(run).end?.reason == .completed
                    }
                }
                _ = try await RunService(composition.scheduler).kill(run)
                try await eventually("it is killed", within: .seconds(60)) {
                    try await composition.run(run).end?.reason == .killed
                }
                let beginnings = works.beginnings
                #expect(Set(beginnings.keys) == Set(runs + [run]))
                #expect(beginnings.values.allSatisfy { $0 == 1 })
            }
        }
    }

    @Test func `an executor process without a port runs what it fetches, and its death is noticed`()
        async throws
    {
        try await withCluster { cluster, composition in
            let environment = [
                "KPUSH_EXECUTOR_MODE": "pull", "KPUSH_EXECUTOR_APP_NAME": "pullers",
                "KPUSH_EXECUTOR_COMMANDS_ALLOWED": "/bin/sleep", "KPUSH_EXECUTOR_SCRIPTS_USER": Self.account,
            ]
            .filter { !$0.value.isEmpty }
            try await cluster.start([
                ClusterNode(name: "scheduler-1", roles: [.scheduler]),
                ClusterNode(name: "web-1", roles: [.web]),
                ClusterNode(name: "executor-1", roles: [.executor], environment: environment),
            ])
            let long = try await job("long", "commandJobHandler", composition) {
                $0.params = "/bin/sleep 600"
            }
            let short = try await job("short", "commandJobHandler", composition) {
                $0.params = "/bin/sleep 0"
            }
            let lost = try await trigger(long, composition)
            try await eventually("it runs", within: .seconds(60)) {
                try await composition.run(lost).state == .running
            }
            #expect(await cluster.kill("executor-1") == SIGKILL)
            let waiting = try await trigger(short, composition)
            try await cluster.restart("executor-1")
            // It finds in its journal what it had begun, and what was left for it meanwhile under its name.
            try await eventually("both have ended", within: .seconds(60)) {
                let runs = [try await composition.run(lost), try await composition.run(waiting)]
                return runs.allSatisfy { !$0.isOpen }
            }
            let end = try #require(try await composition.run(lost).end)
            #expect(end.message.contains("executor restarted"), "\(end)")
            #expect(try await composition.run(waiting).end?.reason == .completed)
            #expect(await cluster.stop("executor-1") == 0)
            #expect(try await RunService(composition.scheduler).executors().map(\.hasLeft) == [true])
        }
    }

    /// Root runs commands as somebody else.
    private static let account = getuid() == 0 ? "nobody" : ""

    private func withCluster(
        _ body: @Sendable (LocalCluster, Composition) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let data = folder.file("cluster")
        try DataFolder.make(data)
        let cluster = try await LocalCluster(
            data: data,
            webPort: 0,
            logLevel: "warning",
            program: try ServerProcess.program()
        )
        let outcome: Result<Void, any Error>
        do {
            let composition = try await Composition(
                try await cluster.settings("operator"),
                logger: Self.silent
            )
            defer { composition.engine.http.shutdown() }
            outcome = .success(try await body(cluster, composition))
        } catch {
            outcome = .failure(error)
        }
        await cluster.stop()
        try outcome.get()
    }

    /// Runs `body` beside an executor of ours that fetches its runs at `urls`.
    private func withExecutor(
        of cluster: LocalCluster,
        at urls: [String],
        _ works: PullWorks,
        _ body: @Sendable () async throws -> Void
    ) async throws {
        var settings = ExecutorSettings(
            appName: "pullers",
            schedulers: urls,
            folder: "\(cluster.data)/pullers"
        )
        settings.mode = .pull
        settings.token = Secret(cluster.executorToken)
        settings.pullWait = .seconds(2)
        try await works.serve(settings, body)
    }

    private func job(
        _ name: String,
        _ handler: String,
        _ composition: Composition,
        change: (inout JobSpec) -> Void = { _ in }
    ) async throws -> JobID {
        var spec = JobSpec.sample(name, group: "pullers", schedule: .manual)
        spec.handler = handler
        change(&spec)
        return try await composition.jobs.create(spec).id
    }

    private func trigger(_ job: JobID, _ composition: Composition) async throws -> RunID {
        try #require(try await composition.jobs.trigger(job).first?.id)
    }
}

extension Composition {
    /// The run as the books have it.
    fileprivate func run(_ id: RunID) async throws -> JobRun { try await RunService(scheduler).run(id) }
}

/// Reads the API as a program does.
private struct APIClientOfTest {
    let url: String
    let token: String
    private let http = CurlHTTPClient()

    init(url: String, token: String) {
        self.url = url
        self.token = token
    }

    func get(_ path: String) async throws -> String {
        let request = HTTPRequest(
            method: "GET",
            url: url + path,
            headers: [("Authorization", "Bearer \(token)")]
        )
        return String(decoding: try await http.send(request).body, as: UTF8.self)
    }
}
