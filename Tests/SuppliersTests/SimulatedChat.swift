import CurlDriver
import Groundwork
import Logging
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// A running simulator of the chats and an adapter that speaks to it over the real transport; both have the test's clock.
struct SimulatedChat {
    let supplier: any Supplier
    let clock: ManualClock
    private let http: any HTTPClient
    private let url: String

    /// Decides only how long a broken test takes.
    private static let patience = Duration.seconds(300)

    /// Runs a simulator while `body` runs.
    ///
    /// - Parameters:
    ///   - kind: which chat is spoken to.
    ///   - secret: what it signs with in place of what is right.
    ///   - nextKey: whether it signs with the account's next key.
    ///   - body: the test.
    /// - Throws: what the test throws.
    static func use(
        _ kind: SimulatedSupplier,
        secret: Secret? = nil,
        nextKey: Bool = false,
        _ body: (SimulatedChat) async throws -> Void
    ) async throws {
        let http = CurlHTTPClient()
        let clock = ManualClock(Moment(secondsSinceEpoch: 1_700_000_040))
        var settings = SimulatorSettings()
        settings.faults.receiptDelay = 0
        let service = SimulatorService(
            settings: settings,
            http: http,
            clock: clock.calendar,
            logger: Logger(label: "simulator")
        )
        try await whileRunning(service) {
            let url = try #require(await service.url)
            var setup = SimulatorCredentials.demo.setup(
                at: kind,
                key: nextKey ? SimulatorCredentials.demo[kind].nextKey : nil
            )
            if let secret {
                for name in setup.secrets.keys where name != "webhook" { setup.secrets[name] = secret }
            }
            let form = try #require(
                SupplierForms(SupplierCatalogue.forms)[SupplierKind(rawValue: kind.rawValue)]
            )
            let account = SupplierAccount(
                id: AccountID(rawValue: 1),
                name: kind.rawValue,
                kind: form.kind,
                channel: form.channel,
                url: "\(url)/\(kind.rawValue)",
                config: AccountConfig(setup.values, secrets: setup.secrets)
            )
            try account.check(against: form)
            let tools = SupplierTools(
                http: http,
                clock: clock.calendar,
                timeouts: HTTPTimeouts(total: patience)
            )
            try await body(
                SimulatedChat(supplier: form.adapter(account, tools), clock: clock, http: http, url: url)
            )
        }
        http.shutdown()
    }

    func send(
        _ recipients: [String] = ["u-1", "u-2", "u-3"],
        content: String = #"{"content":"您好"}"#,
        key: String = "k-1"
    ) async -> SupplierReply {
        await supplier.send(
            SupplierCall(
                requestKey: key,
                recipients: recipients,
                contents: [content],
                contentIndex: recipients.map { _ in 0 }
            )
        )
    }

    func order(_ path: String, _ body: String) async throws {
        let answer = try await http.send(HTTPRequest(url: url + path, body: Array(body.utf8)))
        #expect(answer.status == 200)
    }

    /// Makes sure of how many messages the simulator took, all to different recipients.
    func expect(accepted count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let answer = try await http.send(HTTPRequest(method: "GET", url: url + "/_sim/stats"))
        let stats = try #require(try WireValue(json: answer.body).object)
        for name in ["accepted", "distinct"] {
            #expect(stats[name] == .integer(Int64(count)), sourceLocation: sourceLocation)
        }
    }

    /// What the simulator took for a recipient, the latest first.
    func ledger(of recipient: String) async throws -> [WireObject] {
        let name = PercentEncoding.encoded(recipient)
        let answer = try await http.send(
            HTTPRequest(method: "GET", url: "\(url)/_sim/ledger?recipient=\(name)")
        )
        return (try WireValue(json: answer.body).list ?? []).compactMap(\.object)
    }
}

extension SupplierReply {
    /// Whether all were accepted, under whatever reference.
    var isAccepted: Bool {
        verdicts.allSatisfy { if case .accepted = $0 { true } else { false } }
    }
}
