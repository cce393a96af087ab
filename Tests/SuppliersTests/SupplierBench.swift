import CurlDriver
import Groundwork
import Logging
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// A running simulator and an adapter of one of its suppliers, over the real transport; both have the test's clock.
struct SupplierBench {
    let entry: AdapterCase
    let supplier: any Supplier
    /// The same account, with all the time in the world: for what must be answered.
    let patient: any Supplier
    let clock: ManualClock
    let http: any HTTPClient
    /// Where the simulator is.
    let url: String

    var simulated: SimulatedSupplier { entry.simulated }

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
        try await use(
            .of(simulated),
            settings: settings,
            timeout: timeout,
            secrets: { secrets in secret.map { secret in secrets.mapValues { _ in secret } } ?? secrets },
            body
        )
    }

    /// Runs a simulator while `body` runs.
    ///
    /// - Parameters:
    ///   - entry: the adapter.
    ///   - settings: how the simulator behaves.
    ///   - timeout: how long the adapter waits for an answer.
    ///   - secrets: what it uses in place of the right ones.
    ///   - address: where it looks for the supplier in place of the simulator.
    ///   - body: what is tried.
    /// - Throws: what stands in the way of running it, and what `body` throws.
    static func use(
        _ entry: AdapterCase,
        settings: SimulatorSettings = SimulatorSettings(),
        timeout: Duration = patience,
        secrets: ([String: Secret]) -> [String: Secret] = { $0 },
        at address: String? = nil,
        _ body: (SupplierBench) async throws -> Void
    ) async throws {
        let (http, mail) = (CurlHTTPClient(), CurlMailClient())
        // In the middle of a minute, by which some count.
        let clock = ManualClock(Moment(secondsSinceEpoch: 1_700_000_040))
        var settings = settings
        settings.faults.receiptDelay = 0
        settings.mailPort = 0
        let service = SimulatorService(
            settings: settings,
            http: http,
            clock: clock.calendar,
            logger: Logger(label: "simulator") { _ in SwiftLogNoOpLogHandler() }
        )
        try await whileRunning(service) {
            // Its connections first, so that nobody waits for them.
            defer {
                http.shutdown()
                mail.shutdown()
            }
            let url = try #require(await service.url)
            let kind = SupplierKind(rawValue: entry.simulated.rawValue)
            let form = try #require(SupplierForms(SupplierCatalogue.forms)[kind])
            let setup = SimulatorCredentials.demo.setup(at: entry.simulated)
            let place = entry.simulated == .smtp ? await service.mailURL : "\(url)/\(kind.rawValue)"
            let account = SupplierAccount(
                id: AccountID(rawValue: 1),
                name: kind.rawValue,
                kind: kind,
                channel: form.channel,
                url: try #require(address ?? place),
                config: AccountConfig(
                    setup.values.merging(entry.values) { $1 },
                    secrets: secrets(setup.secrets)
                )
            )
            // What the simulator says of its account is what the supplier's form asks for.
            try account.check(against: form)
            let tokens = SupplierTools(http: http, clock: clock.calendar).tokens
            let adapters = [timeout, patience]
                .map { limit in
                    let tools = SupplierTools(
                        http: http,
                        clock: clock.calendar,
                        timeouts: HTTPTimeouts(total: limit),
                        tokens: tokens,
                        mail: LimitedMail(client: mail, total: limit)
                    )
                    return form.adapter(account, tools)
                }
            try await body(
                SupplierBench(
                    entry: entry,
                    supplier: adapters[0],
                    patient: adapters[1],
                    clock: clock,
                    http: http,
                    url: url
                )
            )
        }
    }

    /// Recipients whose addresses end in these four digits.
    func people(_ endings: String...) -> [String] { endings.map(entry.person) }

    /// A content that the supplier takes, with a text of one's choice.
    func content(_ text: String = "您好") -> String { entry.content(text) }

    /// Makes one call, all recipients of which get one content.
    func send(_ recipients: [String], content: String? = nil, key: String = "kp1x4z-1") async -> SupplierReply
    {
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

    /// Lets the simulator's time go on, and not the adapter's.
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

    /// Expects the simulator to have accepted so many messages, all to different people.
    func expect(once count: Int64, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let stats = try await stats()
        #expect(stats["accepted"].wholeNumber == count, sourceLocation: sourceLocation)
        #expect(stats["distinct"].wholeNumber == count, sourceLocation: sourceLocation)
    }

    /// How often the supplier refused with a code.
    func refused(_ code: String) async throws -> Int64 {
        let own = try #require(try await stats()[simulated.rawValue].object)
        return own["refused"].object?[code].wholeNumber ?? 0
    }
}

/// A client whose calls have another limit.
struct LimitedMail: MailClient {
    let client: CurlMailClient
    let total: Duration

    func send(_ mail: Mail, to server: MailServer) async throws(MailError) -> MailReply {
        try await client.send(mail, to: limited(server))
    }

    func greet(_ server: MailServer) async throws(MailError) -> MailReply {
        try await client.greet(limited(server))
    }

    private func limited(_ server: MailServer) -> MailServer {
        var server = server
        server.timeouts = MailTimeouts(total: total)
        return server
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
