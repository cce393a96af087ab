import CurlDriver
import Groundwork
import Logging
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// A running simulator and an adapter of one of its suppliers, over the real transport.
struct SupplierBench {
    let simulated: SimulatedSupplier
    let supplier: any Supplier
    let http: any HTTPClient
    /// Where the simulator is.
    let url: String

    /// Decides only how long a broken test takes.
    static let patience = Duration.seconds(300)

    /// Runs a simulator while `body` runs.
    ///
    /// - Parameters:
    ///   - simulated: whom the adapter speaks to.
    ///   - settings: how the simulator behaves.
    ///   - timeout: how long the adapter waits for an answer.
    ///   - secret: what it uses for each of its secrets in place of the right one.
    ///   - body: what is tried.
    /// - Throws: what stands in the way of running it, and what `body` throws.
    static func use(
        _ simulated: SimulatedSupplier,
        settings: SimulatorSettings = SimulatorSettings(),
        timeout: Duration = patience,
        secret: Secret? = nil,
        _ body: (SupplierBench) async throws -> Void
    ) async throws {
        let http = CurlHTTPClient()
        var settings = settings
        settings.faults.receiptDelay = 0
        let service = SimulatorService(settings: settings, http: http, logger: Logger(label: "simulator"))
        try await whileRunning(service) {
            let url = try #require(await service.url)
            let tools = SupplierTools(
                http: http,
                clock: SystemClock(),
                timeouts: HTTPTimeouts(total: timeout)
            )
            let account = try Self.account(simulated, at: url, secret: secret)
            let supplier = SupplierForms(SupplierCatalogue.forms).adapter(of: account, tools)
            try await body(
                SupplierBench(simulated: simulated, supplier: supplier, http: http, url: url)
            )
        }
        http.shutdown()
    }

    private static func account(
        _ simulated: SimulatedSupplier,
        at url: String,
        secret: Secret?
    ) throws -> SupplierAccount {
        let kind = SupplierKind(rawValue: simulated.rawValue)
        let form = try #require(SupplierForms(SupplierCatalogue.forms)[kind])
        let setup = SimulatorCredentials.demo.setup(at: simulated)
        let account = SupplierAccount(
            id: AccountID(rawValue: 1),
            name: simulated.rawValue,
            kind: kind,
            channel: form.channel,
            url: "\(url)/\(simulated.rawValue)",
            config: AccountConfig(setup.values, secrets: setup.secrets.mapValues { secret ?? $0 })
        )
        // What the simulator says of its account is what the supplier's form asks for.
        try account.check(against: form)
        return account
    }

    /// Recipients whose addresses end in these four digits.
    func people(_ endings: String...) -> [String] {
        switch simulated {
        case .weChatOfficialAccount, .weChatMiniProgram: endings.map { "oOpenid_\($0)" }
        case .weComApp: endings.map { "Zhang.San\($0)" }
        default: endings.map { "+861380013\($0)" }
        }
    }

    /// A content that the supplier takes, with a text of one's choice.
    func content(_ text: String = "您好") -> String {
        switch simulated {
        case .weChatOfficialAccount:
            #"{"templateId":"demo-oa-template","officialAccountParam":{"thing1":"\#(text)"}}"#
        case .weChatMiniProgram:
            #"{"templateId":"demo-mini-template","miniProgramParam":{"thing1":"\#(text)"}}"#
        case .weComApp: #"{"sendType":"10","content":"\#(text)"}"#
        default: text
        }
    }

    /// Makes one call, all recipients of which get one content.
    func send(_ recipients: [String], content: String? = nil, key: String = "k-1") async -> SupplierReply {
        await supplier.send(
            SupplierCall(
                requestKey: key,
                recipients: recipients,
                contents: [content ?? self.content()],
                contentIndex: recipients.map { _ in 0 }
            )
        )
    }

    func order(_ path: String, _ body: String) async throws {
        let answer = try await http.send(HTTPRequest(url: url + path, body: Array(body.utf8)))
        #expect(answer.status == 200)
    }

    /// Lets the simulator's time go on.
    func advance(by duration: Duration) async throws {
        try await order("/_sim/clock", #"{"advance_ms":\#(duration.wholeMilliseconds)}"#)
    }

    func stats() async throws -> WireObject {
        let answer = try await http.send(HTTPRequest(method: "GET", url: url + "/_sim/stats"))
        return try #require(try WireValue(json: answer.body).object)
    }

    /// Expects the simulator to have accepted so many messages.
    func expect(accepted count: Int64, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let accepted = try await stats()["accepted"].wholeNumber
        #expect(accepted == count, sourceLocation: sourceLocation)
    }

    /// How often the supplier refused with a code.
    func refused(_ code: String) async throws -> Int64 {
        let own = try #require(try await stats()[simulated.rawValue].object)
        return own["refused"].object?[code].wholeNumber ?? 0
    }
}

extension SupplierReply {
    /// The references of all that were accepted.
    var references: [String] {
        verdicts.compactMap { if case .accepted(let reference, _) = $0 { reference } else { nil } }
    }

    /// The codes of all that were refused.
    var codes: [String] {
        verdicts.compactMap { if case .refused(let refusal) = $0 { refusal.code } else { nil } }
    }
}

extension SupplierAccount {
    /// An account of a kind at an address that a script answers for.
    static func scripted(
        _ kind: SupplierKind,
        _ values: [String: String],
        secrets: [String: Secret],
        url: String = "http://127.0.0.1:8890/prefix"
    ) -> SupplierAccount {
        SupplierAccount(
            id: AccountID(rawValue: 1),
            name: "test",
            kind: kind,
            channel: SupplierForms(SupplierCatalogue.forms)[kind]?.channel ?? .sms,
            url: url,
            config: AccountConfig(values, secrets: secrets)
        )
    }
}
