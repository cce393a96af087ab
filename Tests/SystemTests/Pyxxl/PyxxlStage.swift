import CurlDriver
import Foundation
import Groundwork
import LocalServers
import Scheduler
import TestKit
import Testing

@testable import KPush

/// A served scheduler, and executors in Python before it.
final class PyxxlStage {
    let api: APIClient

    private let data: TemporaryFolder
    private let folder: ServerFolder
    private let server: ServerProcess
    private let token: String
    private let http = CurlHTTPClient()
    private var executors: [PyxxlExecutor] = []

    /// The group that the executors register under.
    static let group = "python"

    /// Starts the scheduler and so many executors, and waits until they are registered.
    init(executors count: Int = 1, queueLength: Int = 30) async throws {
        data = try TemporaryFolder()
        folder = try ServerFolder("kpush-pyxxl")
        let server = try ServerProcess(data: data.file("data"))
        self.server = server
        try await server.start()
        let url = "http://127.0.0.1:\(server.webPort)"
        func secret(_ name: String) throws -> String {
            try String(contentsOfFile: server.data + "/" + name, encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        api = APIClient(server: url, token: Secret(try secret("api-token")))
        token = try secret("executor-token")
        for _ in 0..<count {
            let executor = try PyxxlExecutor(
                Self.group,
                server: url,
                token: token,
                queueLength: queueLength,
                in: folder
            )
            executors.append(executor)
            try await executor.start()
        }
        try await registered(executors.map(\.address))
    }

    /// The only executor, or the first.
    var executor: PyxxlExecutor { executors[0] }

    var addresses: [String] { executors.map(\.address).sorted() }

    /// Stops everything.
    func stop() async {
        for executor in executors { await executor.stop() }
        server.kill()
        api.shutdown()
        http.shutdown()
    }

    /// Makes a job for a handler and runs it once.
    func run(
        _ handler: String,
        _ params: String = "",
        timeout: Duration = .zero,
        retries: Int = 0,
        route: RouteStrategy = .first
    ) async throws -> [RunAnswer] {
        try await trigger(job(handler, params, timeout: timeout, retries: retries, route: route))
    }

    /// Makes a job for a handler, whose number it gives.
    func job(
        _ handler: String,
        _ params: String = "",
        timeout: Duration = .zero,
        retries: Int = 0,
        route: RouteStrategy = .first
    ) async throws -> Int64 {
        let spec = JobSpec(
            name: "job-\(UUID().uuidString.prefix(8))",
            group: Self.group,
            schedule: .manual,
            overlap: .serial,
            route: route,
            handler: handler,
            params: params,
            timeout: timeout,
            retry: RetryPolicy(limit: retries, backoff: Backoff(first: .zero, ceiling: .zero, jitter: 0))
        )
        let job: JobAnswer = try await api.post("/api/v1/jobs", spec.draft).decoded()
        return job.id
    }

    func trigger(_ job: Int64) async throws -> [RunAnswer] {
        let made: RunsAnswer = try await api.post("/api/v1/jobs/\(job)/trigger").decoded()
        return made.items
    }

    func look(_ run: RunAnswer) async throws -> RunAnswer {
        try await api.get("/api/v1/runs/\(run.id)").decoded()
    }

    func runs(of job: Int64) async throws -> [RunAnswer] {
        let page: RunsAnswer = try await api.get("/api/v1/runs", [("job", "\(job)")]).decoded()
        return page.items
    }

    /// The run once it has ended.
    func end(of run: RunAnswer) async throws -> RunAnswer {
        try await eventually("run \(run.id) ends", every: .milliseconds(50)) { try await look(run).hasEnded }
        return try await look(run)
    }

    /// The run once its executor has it.
    func start(of run: RunAnswer) async throws -> RunAnswer {
        try await eventually("run \(run.id) runs", every: .milliseconds(20)) {
            try await look(run).state == "running"
        }
        return try await look(run)
    }

    /// Hands an executor a run of a job that takes for ever, as another scheduler would.
    func occupy(_ address: String, with job: Int64, run: Int64) async throws {
        let foreign = RunRequest(
            job: JobID(rawValue: job),
            run: RunID(rawValue: run),
            handler: "wait",
            plannedAt: Moment(millisecondsSinceEpoch: 0)
        )
        #expect(try await call("\(address)/run", foreign.json).isSuccess)
    }

    /// Registers an address, as an executor that lives there would.
    func register(_ address: String) async throws {
        let body = RegistryRequest(appName: Self.group, address: address, instance: nil).json
        #expect(try await call("\(api.server)/api/registry", body).isSuccess)
    }

    private func call(_ url: String, _ body: [UInt8]) async throws -> Envelope {
        var request = HTTPRequest(url: url, body: body)
        request.headers = [("Content-Type", "application/json"), (WireHeader.accessToken, token)]
        return try Envelope(json: try await http.send(request).body)
    }

    /// Waits until those addresses, and no others, get runs.
    func registered(_ addresses: [String]) async throws {
        try await eventually("registered are \(addresses)", every: .milliseconds(20)) {
            let known: Executors = try await api.get("/api/v1/executors").decoded()
            let living = known.items.filter { $0.group == Self.group && $0.alive }
            return Set(living.map(\.address)) == Set(addresses)
        }
    }

    private struct Executors: Decodable {
        struct Item: Decodable {
            let group: String
            let address: String
            let alive: Bool
        }

        let items: [Item]
    }
}
