import CurlDriver
import Foundation
import Groundwork
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Scheduler
import Synchronization

/// An executor that speaks xxl-job's wire, does nothing, and notes when it was asked for what.
///
/// It calls back as Java's does: one call at a time with all that ended meanwhile. A run that comes again is answered
/// again and done once.
final class BenchExecutor: Sendable {
    /// A run that came.
    struct Arrival: Hashable, Sendable {
        let run: RunID
        let job: JobID
        let plannedAt: Moment
        /// Microseconds since 1970.
        let at: Int64

        /// Microseconds from the planned instant.
        var lateness: Int64 { at - plannedAt.millisecondsSinceEpoch * 1_000 }
    }

    private struct Notes {
        var seen: Set<RunID> = []
        var arrivals: [Arrival] = []
        var waiting: [CallbackItem] = []
        var told = 0
        /// Calls with what was told that the scheduler did not take.
        var refusals = 0
    }

    /// The group that its jobs are of.
    static let group = "bench"
    /// The most results in one call.
    private static let batch = 1_000

    private let site: SchedulerSite
    private let http: CurlHTTPClient
    private let notes = Mutex(Notes())
    private let bell = Bell()
    private let bound = BoundPort()

    init(_ site: SchedulerSite) {
        self.site = site
        http = CurlHTTPClient()
    }

    /// The runs that came, each once, in the order in which they did.
    var arrivals: [Arrival] { notes.withLock { $0.arrivals } }

    /// How many runs came.
    var count: Int { notes.withLock { $0.arrivals.count } }

    /// How many results the scheduler said it stored.
    var stored: Int { notes.withLock { $0.told } }

    /// Forgets what came so far.
    func forget() {
        notes.withLock { $0 = Notes() }
    }

    /// The present instant, in microseconds since 1970.
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }

    /// Serves, registers and calls back while `body` runs.
    static func serving<Result: Sendable>(
        _ site: SchedulerSite,
        _ body: @escaping @Sendable (BenchExecutor) async throws -> Result
    ) async throws -> Result {
        let executor = BenchExecutor(site)
        defer { executor.http.shutdown() }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await executor.serve()
                return nil
            }
            group.addTask {
                await executor.callBack()
                return nil
            }
            group.addTask {
                try await executor.register()
                return try await body(executor)
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw DemoError("the bench's executor ended")
        }
    }

    /// Where it listens.
    var url: String {
        get async throws {
            guard let port = await bound.value else {
                throw DemoError("the bench's executor does not listen")
            }
            return "http://127.0.0.1:\(port)"
        }
    }

    // MARK: Serving

    private func serve() async throws {
        defer { bound.announce(nil) }
        var logger = Logger(label: "kpush.bench")
        logger.logLevel = .warning
        let application = Application(
            responder: BenchExecutorRoutes(executor: self),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { [bound] channel in bound.announce(channel.localAddress?.port) },
            logger: logger
        )
        try await application.runUntilCancelled(logger)
    }

    fileprivate func take(_ request: RunRequest, at now: Int64) {
        let isNew = notes.withLock { notes in
            guard notes.seen.insert(request.run).inserted else { return false }
            notes.arrivals.append(
                Arrival(run: request.run, job: request.job, plannedAt: request.plannedAt, at: now)
            )
            notes.waiting.append(
                CallbackItem(run: request.run, plannedAt: request.plannedAt, outcome: .succeeded(nil))
            )
            return true
        }
        if isNew { bell.ring() }
    }

    // MARK: Calling

    private func register() async throws {
        let request = RegistryRequest(
            appName: Self.group,
            address: try await url,
            instance: UUID().uuidString
        )
        guard await post("registry", request.json) else {
            throw DemoError("the scheduler does not take the bench's executor")
        }
    }

    private func callBack() async {
        while !Task.isCancelled {
            let items = notes.withLock { notes in
                let items = Array(notes.waiting.prefix(Self.batch))
                notes.waiting.removeFirst(items.count)
                return items
            }
            guard !items.isEmpty else {
                await bell.wait()
                continue
            }
            let isStored = await post("callback", CallbackBatch(items).json)
            notes.withLock { notes in
                if isStored {
                    notes.told += items.count
                } else {
                    notes.waiting += items
                    notes.refusals += 1
                }
            }
        }
    }

    private func post(_ door: String, _ body: [UInt8]) async -> Bool {
        let request = Groundwork.HTTPRequest(
            url: "\(site.url)/api/\(door)",
            headers: [
                ("Content-Type", "application/json"), (WireHeader.accessToken, site.executorToken.reveal()),
            ],
            body: body
        )
        // What cannot be told now is told again.
        guard let response = try? await http.send(request) else { return false }
        return Envelope(status: response.status, body: response.body).isSuccess
    }
}

/// Answers each call with yes, and notes runs.
private struct BenchExecutorRoutes: HTTPResponder {
    typealias Context = BasicRequestContext

    let executor: BenchExecutor

    private static let yes = Envelope.success().json

    func respond(to request: Request, context: Context) async throws -> Response {
        let now = BenchExecutor.now
        let body = try await request.body.collect(upTo: 1 << 20)
        if request.uri.path == "/run" {
            executor.take(try RunRequest(json: body.readableBytesView), at: now)
        }
        return Response(
            status: .ok,
            headers: [.contentType: "application/json;charset=UTF-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: Self.yes))
        )
    }
}
