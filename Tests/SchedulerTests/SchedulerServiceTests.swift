import CurlDriver
import Groundwork
import Logging
import SQLiteDriver
import ServiceLifecycle
import Synchronization
import TestKit
import Testing

@testable import Scheduler

/// The whole scheduler in one process, on a real file, a real clock and real HTTP in both directions.
@Suite(.timeLimit(.minutes(5)))
struct SchedulerServiceTests {
    @Test(arguments: FakeExecutor.Generation.allCases)
    func `a job runs on its schedule, on an executor of any generation`(
        generation: FakeExecutor.Generation
    ) async throws {
        let folder = try TemporaryFolder()
        let stage = try Stage(folder.file("scheduler.db"))
        let executor = FakeExecutor(generation)
        try await Host.serve(executor) { _ in
            .succeeded("done")
        } body: { host in
            try await stage.lead(host) {
                _ = try await stage.jobs.create(.sample(schedule: .every(.milliseconds(500))))
                try await eventually("three triggers have run") { try await stage.completed().count >= 3 }
            }
        }
        let runs = try await stage.completed()
        for run in runs {
            #expect(run.end?.message == "done")
            #expect(run.executor != nil)
            let instants = [run.plan.plannedAt, run.dispatchedAt, run.startedAt].compactMap(\.self)
            #expect(instants.sorted() == instants)
        }
        #expect(Set(executor.started).count == executor.started.count)
        #expect(executor.headers["xxl-job-access-token"] == SchedulerRig.accessToken.reveal())
    }

    @Test func `a run that fails is tried again until it succeeds`() async throws {
        let folder = try TemporaryFolder()
        let stage = try Stage(folder.file("scheduler.db"))
        let executor = FakeExecutor()
        let failures = Mutex(2)
        let backoff = Backoff(first: .milliseconds(50), ceiling: .milliseconds(100))
        let spec = JobSpec.sample(schedule: .manual, retry: RetryPolicy(limit: 3, backoff: backoff))
        try await Host.serve(executor) { _ in
            failures.withLock { left in
                left -= 1
                return left >= 0 ? .failed("boom") : .succeeded(nil)
            }
        } body: { host in
            try await stage.lead(host) {
                let job = try await stage.jobs.create(spec)
                _ = try await stage.jobs.trigger(job.id)
                try await eventually("the third attempt succeeds") {
                    try await stage.runs.list(RunFilter(reasons: [.completed])).elements.count == 1
                }
            }
        }
        let runs = try await stage.runs.list().elements
        #expect(runs.map(\.plan.attempt) == [3, 2, 1])
        #expect(Set(runs.map(\.plan.plannedAt)).count == 1)
        #expect(Set(executor.requests.map(\.plannedAt)).count == 1)
    }

    @Test func `a scheduler that is replaced again and again loses and doubles nothing`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("scheduler.db")
        let executor = FakeExecutor()
        let last = try Stage(path)
        let job = try await last.jobs.create(.sample(schedule: .every(.milliseconds(200))))
        try await Host.serve(executor) { _ in
            .succeeded(nil)
        } body: { host in
            for round in 1...5 {
                let stage = try Stage(path)
                try await stage.lead(host) {
                    try await eventually("some runs have ended") {
                        try await stage.completed().count >= round * 3
                    }
                }
            }
            _ = try await last.jobs.setEnabled(job.id, false)
            try await last.lead(host) {
                try await eventually("all runs have ended") {
                    try await last.runs.list(RunFilter(states: .open)).elements.isEmpty
                }
            }
        }
        let completed = try await last.completed()
        let planned = completed.map(\.plan.plannedAt).sorted()
        let start = try #require(job.startedAt)
        #expect(planned == (1...planned.count).map { start + .milliseconds(Int64($0) * 200) })
        #expect(executor.started.sorted() == completed.map(\.id).sorted())
        #expect(try await last.runs.list(limit: 500).elements.count == planned.count)
    }
}

/// A scheduler's process: everything but the program around it.
private struct Stage: Sendable {
    let parts: SchedulerParts
    let service: SchedulerService
    let door: ExecutorDoor

    var jobs: JobService { JobService(parts) }
    var runs: RunService { RunService(parts) }

    init(_ path: String) throws {
        let database = try SchedulerDatabase(path: path)
        parts = SchedulerParts(
            jobs: SQLiteJobStore(database),
            history: SQLiteJobHistory(database),
            runs: SQLiteRunStore(database),
            ledger: SQLiteRunLedger(database),
            alarms: SQLiteAlarmStore(database),
            registry: SQLiteRegistryStore(database),
            groups: SQLiteGroupStore(database),
            calls: SQLiteIdempotencyStore(database),
            executors: ExecutorClient(http: CurlHTTPClient(), accessToken: SchedulerRig.accessToken),
            wall: SystemClock(),
            clock: ContinuousClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let holder = "\(UInt64.random(in: .min ... .max))"
        var settings = SchedulerSettings()
        // However slow the machine is, nothing counts as missed.
        settings.planner.misfireThreshold = .seconds(3_600)
        service = SchedulerService(
            parts,
            keeper: SQLiteLeaseKeeper(database),
            holder: holder,
            alarmSender: RecordingAlarmSender(),
            settings: settings
        )
        door = ExecutorDoor(parts, accessToken: SchedulerRig.accessToken)
    }

    /// Serves and leads until `body` is done.
    func lead(_ host: Host, _ body: @Sendable () async throws -> Void) async throws {
        try await LoopbackServer.serve(answering: answer) { address in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await service.run() }
                try await host.move(to: address)
                try await body()
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }

    func completed() async throws -> [JobRun] {
        try await runs.list(RunFilter(reasons: [.completed]), limit: 500).elements
    }

    private func answer(_ request: HTTPRequest) async -> HTTPResponse? {
        let headers = Dictionary(request.headers.map { ($0.name.lowercased(), $0.value) }) { $1 }
        let caller = ExecutorDoor.Caller(accessToken: headers["xxl-job-access-token"])
        let name = String(request.url.split(separator: "/").last ?? "")
        let envelope = await door.answer(name, request.body, from: caller)
        let type = (name: "content-type", value: "application/json")
        return HTTPResponse(status: 200, headers: [type], body: envelope.json)
    }
}

/// An executor's process: outlives the schedulers that it registers with, and calls back until somebody
/// listens.
private final class Host: Sendable {
    private let address: String
    private let admin = Mutex("")
    private let client = CurlHTTPClient()

    private init(address: String) {
        self.address = address
    }

    /// Serves `executor` while `body` runs; every run it takes ends with `outcome`.
    static func serve(
        _ executor: FakeExecutor,
        outcome: @escaping @Sendable (RunRequest) -> RunOutcome,
        body: @Sendable (Host) async throws -> Void
    ) async throws {
        try await LoopbackServer.serve(answering: executor.answer) { address in
            let host = Host(address: address)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await host.callBack(executor, outcome) }
                try await body(host)
                group.cancelAll()
            }
        }
    }

    /// Registers with the scheduler at `admin`, and calls it back from now on.
    ///
    /// Like every executor it asks until it is heard: on a busy machine a first call may find no answer in time.
    func move(to admin: String) async throws {
        self.admin.withLock { $0 = admin }
        let body = RegistryRequest(appName: "app", address: address).json
        try await eventually("the scheduler takes the registration") { await call("registry", body) }
    }

    private func callBack(
        _ executor: FakeExecutor,
        _ outcome: @Sendable (RunRequest) -> RunOutcome
    ) async throws {
        for await request in executor.taken {
            executor.finish(request.job)
            let body = executor.callback(request, outcome(request))
            try await eventually("a scheduler takes the result") { await call("callback", body) }
        }
    }

    private func call(_ name: String, _ body: [UInt8]) async -> Bool {
        let request = HTTPRequest(
            url: "\(admin.withLock { $0 })/api/\(name)",
            headers: [(name: "XXL-JOB-ACCESS-TOKEN", value: SchedulerRig.accessToken.reveal())],
            body: body
        )
        // No answer is a no: the caller asks again.
        guard let response = try? await client.send(request) else { return false }
        return Envelope(status: response.status, body: response.body).isSuccess
    }
}
