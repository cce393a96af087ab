import CurlDriver
import Executor
import Groundwork
import LocalServers
import Logging
import SQLiteDriver
import Scheduler
import ServiceLifecycle
import Synchronization
import TestKit
import Testing

/// A scheduler that leads, its door on a real port with a network between, and executors that fetch their runs.
struct PullStage: Sendable {
    let parts: SchedulerParts
    let relay: TCPRelay
    let works: PullWorks
    /// Where the executors keep their files.
    private let folder: String

    static let token = Secret("a-token-of-tests")

    var jobs: JobService { JobService(parts) }
    var runs: RunService { RunService(parts) }

    /// Serves and leads until `body` is done.
    static func serve(_ body: @Sendable (PullStage) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let database = try SchedulerDatabase(path: folder.file("scheduler.db"))
        let http = CurlHTTPClient()
        defer { http.shutdown() }
        let parts = SchedulerParts(
            jobs: SQLiteJobStore(database),
            history: SQLiteJobHistory(database),
            runs: SQLiteRunStore(database),
            ledger: SQLiteRunLedger(database),
            alarms: SQLiteAlarmStore(database),
            registry: SQLiteRegistryStore(database),
            groups: SQLiteGroupStore(database),
            calls: SQLiteIdempotencyStore(database),
            executors: ExecutorClient(http: http, accessToken: token),
            wall: SystemClock(),
            clock: ContinuousClock(),
            logger: silent
        )
        let door = ExecutorDoor(parts, accessToken: token)
        var settings = SchedulerSettings()
        // However slow the machine is, nothing counts as missed.
        settings.planner.misfireThreshold = .seconds(3_600)
        let scheduler = SchedulerService(
            parts,
            keeper: SQLiteLeaseKeeper(database),
            holder: "test",
            alarmSender: RecordingAlarmSender(),
            settings: settings
        )
        let answer: LoopbackServer.Answer = { call in
            let shown = call.headers.first { $0.name.lowercased() == WireHeader.accessToken.lowercased() }
            let name = call.url.split(separator: "/").last.map(String.init) ?? ""
            let caller = ExecutorDoor.Caller(accessToken: shown?.value)
            return HTTPResponse(status: 200, body: await door.answer(name, call.body, from: caller).json)
        }
        try await LoopbackServer.serve(answering: answer) { address in
            let port = try #require(address.split(separator: ":").last.flatMap { Int($0) })
            let relay = try await TCPRelay(to: port)
            let stage = PullStage(parts: parts, relay: relay, works: PullWorks(), folder: path)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await scheduler.run() }
                do { try await body(stage) } catch {
                    await relay.stop()
                    throw error
                }
                group.cancelAll()
                try await group.waitForAll()
            }
            await relay.stop()
        }
    }

    /// Runs `body` beside an executor that fetches its runs, and lets it shut down in order.
    func withExecutor(
        _ name: String = "one",
        _ change: (inout ExecutorSettings) -> Void = { _ in },
        _ body: @Sendable () async throws -> Void
    ) async throws {
        var settings = ExecutorSettings(
            appName: "pullers",
            schedulers: ["http://127.0.0.1:\(relay.port)"],
            folder: "\(folder)/\(name)"
        )
        settings.mode = .pull
        settings.token = Self.token
        settings.pullWait = .seconds(1)
        settings.backoff = Backoff(first: .milliseconds(50), ceiling: .milliseconds(500))
        change(&settings)
        try await works.serve(settings, body)
    }

    /// A job of theirs that is triggered by hand.
    func job(
        _ name: String,
        _ handler: String = "count",
        change: (inout JobSpec) -> Void = { _ in }
    ) async throws -> JobID {
        var spec = JobSpec.sample(name, group: "pullers", schedule: .manual)
        spec.handler = handler
        change(&spec)
        return try await jobs.create(spec).id
    }

    func trigger(_ job: JobID, at address: ExecutorAddress? = nil) async throws -> RunID {
        try #require(try await jobs.trigger(job, at: address?.url).first?.id)
    }

    /// How a run ended, once it has.
    func end(of run: RunID) async throws -> RunEnd {
        try await eventually("run \(run) ends", within: .seconds(60)) {
            try await runs.run(run).end != nil
        }
        return try #require(try await runs.run(run).end)
    }

    func isRunning(_ run: RunID) async throws -> Bool { try await runs.run(run).state == .running }

    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// What the executors of a test do, and what they have begun.
final class PullWorks: Sendable {
    let gate = Gate()
    private let begun = Mutex<[RunID: Int]>([:])

    /// How often each run began.
    var beginnings: [RunID: Int] { begun.withLock { $0 } }

    var handlers: HandlerCatalogue {
        var handlers = HandlerCatalogue()
        handlers.add("count") { [self] context in
            note(context.run)
            return "counted"
        }
        handlers.add("wait") { [self] context in
            note(context.run)
            context.log("waiting")
            try await gate.pass()
            return "waited"
        }
        return handlers
    }

    /// Runs `body` beside an executor that does this work, and lets it shut down in order.
    func serve(_ settings: ExecutorSettings, _ body: @Sendable () async throws -> Void) async throws {
        let http = CurlHTTPClient()
        defer { http.shutdown() }
        let executor = try ExecutorService(
            settings: settings,
            handlers: handlers,
            http: http,
            logger: PullStage.silent
        )
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [executor], logger: PullStage.silent)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            #expect(await executor.port == nil)
            do { try await body() } catch {
                gate.open()
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func note(_ run: RunID) {
        begun.withLock { $0[run, default: 0] += 1 }
    }
}
