import CurlDriver
import Groundwork
import Logging
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// Which supplier of app push, and how its devices are named.
enum PushWire: String, CaseIterable, Sendable {
    case getui
    case fcm
    case apns
    case huawei

    /// A device whose name ends in some digits, which may be a script.
    func device(_ digits: String) -> String {
        switch self {
        case .apns: String(repeating: "ab", count: 30) + digits
        default: "dev-\(digits)"
        }
    }
}

/// A running simulator and an adapter that speaks to it.
struct PushBench {
    let wire: PushWire
    let supplier: any Supplier
    let http: any HTTPClient
    let url: String

    func send(_ digits: String..., key: String? = nil) async -> SupplierReply {
        await supplier.send(
            PushAccounts.call(
                digits.map(wire.device),
                content: PushAccounts.rich,
                key: key ?? "kp1x4z-" + digits.joined(separator: ".")
            )
        )
    }

    func order(_ path: String, _ body: String) async throws {
        let answer = try await http.send(HTTPRequest(url: url + path, body: Array(body.utf8)))
        #expect(answer.status == 200)
    }

    func text(_ path: String) async throws -> String {
        let answer = try await http.send(HTTPRequest(method: "GET", url: url + path))
        return String(decoding: answer.body, as: UTF8.self)
    }

    /// Expects the simulator to have accepted so many messages, each once.
    func expect(accepted count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let parts = try await text("/_sim/stats").split(separator: /[^0-9]+/).prefix(3)
            .compactMap { Int($0) }
        #expect(parts == [count, count, 0], sourceLocation: sourceLocation)
    }

    /// Runs a simulator, and an adapter that speaks to it, while `body` does its work.
    static func use(
        _ wire: PushWire,
        timeout: Duration = .seconds(300),
        clock: any WallClock = SystemClock(),
        secrets: [String: Secret] = [:],
        _ body: (PushBench) async throws -> Void
    ) async throws {
        let http = CurlHTTPClient()
        var settings = SimulatorSettings()
        settings.faults.receiptDelay = 0
        let service = SimulatorService(
            settings: settings,
            http: http,
            clock: clock,
            logger: Logger(label: "simulator")
        )
        try await whileRunning(service) {
            // Its connections first, so that nobody waits for them.
            defer { http.shutdown() }
            let url = try #require(await service.url)
            let supplier = SimulatedSupplier(rawValue: wire.rawValue) ?? .fcm
            let setup = SimulatorCredentials.demo.setup(at: supplier)
            let account = SupplierAccount(
                id: AccountID(rawValue: 1),
                name: wire.rawValue,
                kind: SupplierKind(rawValue: wire.rawValue),
                channel: .push,
                url: "\(url)/\(wire.rawValue)",
                config: AccountConfig(setup.values, secrets: setup.secrets.merging(secrets) { $1 })
            )
            let tools = SupplierTools(http: http, clock: clock, timeouts: HTTPTimeouts(total: timeout))
            let adapter = SupplierForms(SupplierCatalogue.forms).adapter(of: account, tools)
            try await body(PushBench(wire: wire, supplier: adapter, http: http, url: url))
        }
    }
}
