import CurlDriver
import Foundation
import Groundwork
import Logging
import ServiceLifecycle
import TestKit
import Testing

@testable import Executor

/// The real client, without its time-outs: a slow machine must not look like a silent server.
private struct PatientHTTPClient: HTTPClient {
    let client: CurlHTTPClient

    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        var request = request
        request.timeouts = HTTPTimeouts(connect: .seconds(600), total: .seconds(600))
        return try await client.send(request)
    }
}

@Suite final class ExecutorServiceTests: Sendable {
    private let folder: TemporaryFolder
    private let clock = ManualClock(RunnerBench.planned)

    init() throws {
        folder = try TemporaryFolder("service")
    }

    private func settings(_ admins: [String]) -> ExecutorSettings {
        var settings = ExecutorSettings(appName: "kpush-executor", schedulers: admins, folder: folder.path)
        settings.port = 0
        settings.token = Secret("secret")
        return settings
    }

    private func executor(
        _ admin: FakeAdmin,
        _ handlers: HandlerCatalogue,
        http: any HTTPClient = LoopbackHTTPClient()
    ) throws -> ExecutorService {
        try ExecutorService(
            settings: settings([admin.address]),
            handlers: handlers,
            http: http,
            clock: clock,
            calendar: clock.calendar,
            logger: RunnerBench.silent
        )
    }

    /// Runs `body` beside the executor, and lets it shut down gracefully when `body` says so.
    private func serve(
        _ executor: ExecutorService,
        _ body: @Sendable (Int, ServiceGroup) async throws -> Void
    ) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [executor], logger: RunnerBench.silent)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await executor.port)
            try await body(port, group)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func handlers(_ gate: Gate) -> HandlerCatalogue {
        var handlers = HandlerCatalogue()
        handlers.add("work") { _ in
            try await gate.pass()
            return "done"
        }
        return handlers
    }

    private static func call(
        _ port: Int,
        _ path: String,
        _ message: (some WireMessage)?
    ) async throws -> Envelope {
        let response = try await LoopbackHTTPClient()
            .send(
                HTTPRequest(
                    url: "http://127.0.0.1:\(port)/\(path)",
                    headers: [("xxl-job-access-token", "secret")],
                    body: message?.json ?? []
                )
            )
        #expect(response.headers.contains { $0 == ("content-type", "application/json;charset=UTF-8") })
        return Envelope(status: response.status, body: response.body)
    }

    private static func run(_ run: Int64) -> RunRequest {
        RunRequest(
            job: JobID(rawValue: 1),
            run: RunID(rawValue: run),
            handler: "work",
            plannedAt: RunnerBench.planned
        )
    }

    @Test func `it registers, runs what it is told, calls back, drains and signs off last`() async throws {
        try await FakeAdmin.serve(token: Secret("secret")) { admin in
            let gate = Gate()
            let executor = try executor(admin, handlers(gate))
            try await serve(executor) { port, group in
                try await eventually("registered") { !admin.events.isEmpty }
                #expect(try await Self.call(port, "run", Self.run(1)).isSuccess)
                #expect(try await Self.call(port, "trigger", Self.run(2)).isSuccess)
                try await eventually("started") { gate.waiters == 1 }
                await group.triggerGracefulShutdown()
                // Refused either way, so that asking again and again changes nothing.
                var probe = Self.run(3)
                probe.handler = "nobody"
                let question = probe
                try await eventually("new runs are refused while the old ones end") {
                    try await Self.call(port, "run", question) == .failure("not now: the executor shuts down")
                }
                #expect(!admin.events.contains { if case .signedOff = $0 { true } else { false } })
                gate.open()
            }
            let port = try #require(await executor.port)
            let events = admin.events
            guard case .registered(let registration) = events.first else {
                Issue.record("the first event is not a registration")
                return
            }
            #expect(registration.appName == "kpush-executor")
            #expect(registration.address == "http://127.0.0.1:\(port)/")
            #expect((registration.instance?.count ?? 0) >= 16)
            #expect(admin.callbacks.map(\.run.rawValue).sorted() == [1, 2])
            #expect(admin.callbacks.allSatisfy { $0.outcome == .succeeded("done") })
            #expect(events.last == .signedOff(registration))
            await #expect(throws: HTTPError.self) { try await Self.call(port, "beat", nil as KillRequest?) }
        }
    }

    @Test func `it beats with every period, sooner after a failure`() async throws {
        try await FakeAdmin.serve(token: Secret("secret")) { admin in
            admin.setDown(true)
            try await serve(try executor(admin, HandlerCatalogue())) { _, _ in
                try await eventually("one call") { admin.calls == 1 }
                // The pruner and the beat wait.
                await clock.sleepers(2)
                admin.setDown(false)
                clock.advance(by: .seconds(1))
                try await eventually("registered") { admin.events.count == 1 }
                for beats in 2...4 {
                    await clock.sleepers(2)
                    clock.advance(by: .milliseconds(29_999))
                    #expect(admin.events.count == beats - 1)
                    clock.advance(by: .milliseconds(1))
                    try await eventually("beat \(beats)") { admin.events.count == beats }
                }
            }
            #expect(
                Set(
                    admin.events.compactMap {
                        if case .registered(let one) = $0 { one.instance } else { nil }
                    }
                )
                .count == 1
            )
        }
    }

    @Test(arguments: FakeAdmin.Generation.allCases)
    func `over kept-alive connections it serves and stops as over fresh ones`(
        generation: FakeAdmin.Generation
    ) async throws {
        try await FakeAdmin.serve(generation, token: Secret("secret")) { admin in
            let http = PatientHTTPClient(client: CurlHTTPClient())
            let gate = Gate()
            gate.open()
            try await serve(try executor(admin, handlers(gate), http: http)) { port, _ in
                for run in 1...20 as ClosedRange<Int64> {
                    let response = try await http.send(
                        HTTPRequest(
                            url: "http://127.0.0.1:\(port)/run",
                            headers: [("XXL-JOB-ACCESS-TOKEN", "secret")],
                            body: Self.run(run).json
                        )
                    )
                    #expect(Envelope(status: response.status, body: response.body).isSuccess)
                }
            }
            #expect(Set(admin.callbacks.map(\.run.rawValue)) == Set(1...20))
            guard case .signedOff = admin.events.last else {
                Issue.record("the last event is not the sign-off")
                return
            }
        }
    }

    @Test func `a callback is taken while a kill is answered`() async throws {
        try await FakeAdmin.serve(token: Secret("secret")) { admin in
            try await serve(try executor(admin, handlers(Gate()))) { port, _ in
                #expect(try await Self.call(port, "run", Self.run(1)).isSuccess)
                #expect(try await Self.call(port, "run", Self.run(2)).isSuccess)
                #expect(try await Self.call(port, "kill", KillRequest(job: JobID(rawValue: 1))).isSuccess)
                try await eventually("both are called back") { admin.callbacks.count == 2 }
                #expect(admin.callbacks.allSatisfy { if case .killed = $0.outcome { true } else { false } })
            }
        }
    }

    @Test(arguments: [
        "POST /beat HTTP/1.1\r\nHost: h\r\nXXL-JOB-ACCESS-TOKEN: secret\r\n",
        "POST /beat HTTP/1.1\r\nHost: h\r\nXxl-Job-Access-Token: secret\r\nContent-Length: 2\r\n\r\n\"\"",
        "POST /beat HTTP/1.1\r\nHost: h\r\nxxl-job-access-token: secret\r\nContent-Length: 0\r\n",
    ])
    func `a beat is taken as every generation writes it`(head: String) async throws {
        try await FakeAdmin.serve { admin in
            try await serve(try executor(admin, HandlerCatalogue())) { port, _ in
                let bytes = head.replacing("Host: h\r\n", with: "Host: h\r\nConnection: close\r\n")
                let request = bytes.hasSuffix("\"\"") ? bytes : bytes + "\r\n"
                let answer = try await LoopbackHTTPClient.exchange(Array(request.utf8), port: port)
                let response = try #require(LoopbackHTTPClient.parse(answer))
                #expect(response.status == 200)
                #expect(
                    String(decoding: response.body, as: UTF8.self)
                        == #"{"code":200,"msg":null,"content":null,"data":null}"#
                )
            }
        }
    }

    @Test func `what is not POST, shows no token or is too large is answered with status 200`() async throws {
        try await FakeAdmin.serve { admin in
            try await serve(try executor(admin, HandlerCatalogue())) { port, _ in
                let client = LoopbackHTTPClient()
                let url = "http://127.0.0.1:\(port)/run"
                let get = try await client.send(HTTPRequest(method: "GET", url: url))
                #expect(get.status == 200)
                #expect(try Envelope(json: get.body) == .failure("invalid request, HttpMethod not support."))
                let spaces = [UInt8](repeating: 32, count: ExecutorRoutes.bodyLimit + 1)
                let other = try await client.send(HTTPRequest(url: url, body: spaces))
                #expect(try Envelope(json: other.body) == .failure("The access token is wrong."))
                let token = [(name: "xxl-job-access-token", value: "secret")]
                let large = try await client.send(HTTPRequest(url: url, headers: token, body: spaces))
                #expect(large.status == 200)
                #expect(try Envelope(json: large.body).message?.contains("exceeds") == true)
            }
        }
    }

    @Test func `a second executor on the same folder does not start`() async throws {
        try await FakeAdmin.serve { admin in
            let second = try executor(admin, HandlerCatalogue())
            try await serve(try executor(admin, HandlerCatalogue())) { _, _ in
                let error = await #expect(throws: ExecutorError.self) { try await second.run() }
                #expect(error?.code == .folderInUse)
                #expect(await second.port == nil)
            }
        }
    }

    @Test func `a port that is taken fails the start and hangs nobody`() async throws {
        try await FakeAdmin.serve { admin in
            try await serve(try executor(admin, HandlerCatalogue())) { port, _ in
                let elsewhere = try TemporaryFolder("service-elsewhere")
                var settings = settings([admin.address])
                settings.folder = elsewhere.path
                settings.port = port
                let other = try ExecutorService(
                    settings: settings,
                    handlers: HandlerCatalogue(),
                    http: LoopbackHTTPClient(),
                    logger: RunnerBench.silent
                )
                await #expect(throws: (any Error).self) { try await other.run() }
                #expect(await other.port == nil)
            }
        }
    }

    static let spoilers: [(String, @Sendable (inout ExecutorSettings) -> Void)] = [
        ("appName", { $0.appName = "abc" }), ("port", { $0.port = 70_000 }),
        ("schedulers", { $0.schedulers = [] }), ("schedulers", { $0.schedulers = ["localhost:8080"] }),
        ("folder", { $0.folder = "logs" }), ("advertisedAddress", { $0.advertisedAddress = "me" }),
        ("advertisedAddress", { $0.host = "0.0.0.0" }), ("logRetentionDays", { $0.logRetentionDays = 0 }),
        ("logLimit", { $0.logLimit = 1 }), ("queueLength", { $0.queueLength = -1 }),
        ("token", { ($0.host, $0.token) = ("10.0.0.1", Secret("")) }),
        ("token", { ($0.host, $0.token) = ("10.0.0.1", Secret("default_token")) }),
        ("heartbeat", { $0.heartbeat = .zero }),
    ]

    @Test(arguments: ExecutorServiceTests.spoilers)
    func `a setting out of range is named`(
        name: String,
        spoil: @Sendable (inout ExecutorSettings) -> Void
    ) throws {
        var settings = settings(["http://127.0.0.1:8080"])
        try settings.validate()
        spoil(&settings)
        let error = #expect(throws: ExecutorError.self) { try settings.validate() }
        #expect(error?.code == .settings)
        #expect(error?.operation == name)
    }
}
