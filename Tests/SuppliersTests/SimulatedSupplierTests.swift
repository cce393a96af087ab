import CurlDriver
import Foundation
import Groundwork
import Logging
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// Both adapters over the real transport against the simulator: every way in which a call can end.
@Suite struct SimulatedSupplierTests {
    /// Which adapter, and how it signs.
    enum Wire: String, CaseIterable, Sendable {
        case tencent
        case aliyunACS3
        case aliyunRPC
    }

    /// A running simulator and an adapter that speaks to it.
    private struct Bench {
        let supplier: any Supplier
        /// The same account, with all the time in the world: for what must be answered.
        let patient: any Supplier
        let http: any HTTPClient
        let url: String

        func send(
            _ numbers: [String],
            contents: [String] = ["您好"],
            key: String = "k-1"
        ) async -> SupplierReply {
            await supplier.send(
                SupplierCall(
                    requestKey: key,
                    recipients: numbers,
                    contents: contents,
                    contentIndex: numbers.indices.map { $0 % contents.count }
                )
            )
        }

        func order(_ path: String, _ body: String) async throws {
            let answer = try await http.send(HTTPRequest(url: url + path, body: Array(body.utf8)))
            #expect(answer.status == 200)
        }

        /// How many messages the simulator accepted; they all have to be of different recipients.
        func accepted() async throws -> Int? {
            let parts = try await stats().split(separator: /[^0-9]+/).prefix(3).compactMap { Int($0) }
            #expect(parts.count == 3 && parts[0] == parts[1] && parts[2] == 0)
            return parts.first
        }

        func stats() async throws -> String {
            let answer = try await http.send(HTTPRequest(method: "GET", url: url + "/_sim/stats"))
            return String(decoding: answer.body, as: UTF8.self)
        }
    }

    /// Decides only how long a broken test takes.
    private static let patience = Duration.seconds(300)

    private func use(
        _ wire: Wire,
        timeout: Duration = Self.patience,
        secret: Secret? = nil,
        _ body: (Bench) async throws -> Void
    ) async throws {
        let http = CurlHTTPClient()
        var settings = SimulatorSettings()
        settings.faults.receiptDelay = 0
        let service = SimulatorService(settings: settings, http: http, logger: Logger(label: "simulator"))
        try await whileRunning(service) {
            let url = try #require(await service.url)
            let supplier = Self.supplier(wire, url: url, over: http, timeout: timeout, secret: secret)
            let patient = Self.supplier(wire, url: url, over: http, timeout: Self.patience, secret: secret)
            try await body(Bench(supplier: supplier, patient: patient, http: http, url: url))
        }
        http.shutdown()
    }

    private static func supplier(
        _ wire: Wire,
        url: String,
        over http: any HTTPClient,
        timeout: Duration,
        secret: Secret?
    ) -> any Supplier {
        let supplier: SimulatedSupplier = wire == .tencent ? .tencent : .aliyun
        var setup = SimulatorCredentials.demo.setup(at: supplier)
        if let secret { setup.secrets = setup.secrets.mapValues { _ in secret } }
        if wire == .aliyunRPC { setup.values["signature"] = "rpc" }
        let account = SupplierAccount(
            id: AccountID(rawValue: 1),
            name: wire.rawValue,
            kind: SupplierKind(rawValue: supplier.rawValue),
            channel: .sms,
            url: "\(url)/\(supplier.rawValue)",
            config: AccountConfig(setup.values, secrets: setup.secrets)
        )
        let tools = SupplierTools(
            http: http,
            clock: SystemClock(),
            timeouts: HTTPTimeouts(total: timeout)
        )
        return SupplierForms(SupplierCatalogue.forms).adapter(of: account, tools)
    }

    private static let plain = ["+8613800130100", "+8613800130101", "+8613800130102"]

    @Test(arguments: Wire.allCases)
    func `a call is accepted for each recipient, and the ledger has each once`(wire: Wire) async throws {
        try await use(wire) { bench in
            let reply = await bench.send(Self.plain)
            #expect(reply.verdicts.count { if case .accepted = $0 { true } else { false } } == 3)
            let stats = try await bench.stats()
            #expect(stats.hasPrefix(#"{"accepted":3,"distinct":3,"doubled":0"#))
        }
    }

    @Test(arguments: [
        (Wire.tencent, 200, 1), (.aliyunACS3, 1_000, 1), (.aliyunRPC, 1_000, 1), (.aliyunACS3, 100, 2),
    ])
    func `the largest call of each shape is accepted`(wire: Wire, size: Int, texts: Int) async throws {
        try await use(wire) { bench in
            let numbers = (0..<size).map { "+86138\(10_010_010 + $0 * 100)" }
            let reply = await bench.send(numbers, contents: (0..<texts).map { "text \($0)" })
            #expect(reply.verdicts.allSatisfy { if case .accepted = $0 { true } else { false } })
            let taken = try await bench.accepted()
            #expect(taken == size)
        }
    }

    @Test func `Tencent refuses single numbers, and the others go`() async throws {
        try await use(.tencent) { bench in
            let reply = await bench.send([
                "+8613800130100", "+8613800130002", "+8613800130003", "+8613800130101",
            ])
            #expect(reply.verdicts.map(\.fault) == [nil, .badRecipient, .recipientLimit, nil])
            #expect(!reply.mayBeSplit)
            let taken = try await bench.accepted()
            #expect(taken == 2)
        }
    }

    @Test(
        arguments: [Wire.aliyunACS3, .aliyunRPC],
        [("0002", Refusal.Class.badRecipient), ("0003", .recipientLimit)]
    )
    func `Aliyun refuses the whole call for one number, and halves of it go`(
        wire: Wire,
        script: (digits: String, fault: Refusal.Class)
    ) async throws {
        try await use(wire) { bench in
            let bad = "+861380013" + script.digits
            let all = await bench.send(["+8613800130100", bad])
            #expect(all.verdicts.map(\.fault) == [script.fault, script.fault])
            #expect(all.mayBeSplit)
            let good = await bench.send(["+8613800130100"])
            #expect(good.verdicts.map(\.fault) == [nil])
            let alone = await bench.send([bad])
            #expect(alone.verdicts.map(\.fault) == [script.fault])
            #expect(!alone.mayBeSplit)
            let taken = try await bench.accepted()
            #expect(taken == 1)
        }
    }

    @Test(arguments: Wire.allCases)
    func `a withheld answer leaves all open, although all were accepted`(wire: Wire) async throws {
        try await use(wire, timeout: .milliseconds(300)) { bench in
            let reply = await bench.send(["+8613800130100", "+8613800130004"])
            #expect(reply.verdicts.allSatisfy { $0.isAmbiguous })
            let taken = try await bench.accepted()
            #expect(taken == 2)
        }
    }

    @Test(arguments: Wire.allCases, ["0005", "0007"])
    func `a reset and a cut answer leave all open`(wire: Wire, digits: String) async throws {
        try await use(wire) { bench in
            let reply = await bench.send(["+8613800130100", "+861380013\(digits)"])
            #expect(reply.verdicts.allSatisfy { $0.isAmbiguous })
            let accepted = digits == "0007" ? 2 : 0
            let taken = try await bench.accepted()
            #expect(taken == accepted)
        }
    }

    @Test(arguments: Wire.allCases)
    func `a server error twice is transient twice, and then the call goes`(wire: Wire) async throws {
        try await use(wire) { bench in
            var faults: [Refusal.Class?] = []
            for _ in 0..<3 { faults += await bench.send(["+8613800130006"]).verdicts.map(\.fault) }
            #expect(faults == [.transient, .transient, nil])
            let taken = try await bench.accepted()
            #expect(taken == 1)
        }
    }

    @Test(arguments: Wire.allCases)
    func `a bad gateway leaves all open, an outage refuses`(wire: Wire) async throws {
        try await use(wire) { bench in
            try await bench.order("/_sim/faults", #"{"bad_gateway_ratio":1}"#)
            #expect(await bench.send(Self.plain).verdicts.allSatisfy { $0.isAmbiguous })
            try await bench.order("/_sim/faults", #"{"bad_gateway_ratio":0,"outage":true}"#)
            #expect(await bench.send(Self.plain).verdicts.allSatisfy { $0.fault == .transient })
            try await bench.order("/_sim/faults", #"{"outage":false,"throttled_ratio":1}"#)
            #expect(await bench.send(Self.plain).verdicts.allSatisfy { $0.fault == .throttled })
        }
    }

    @Test(arguments: Wire.allCases)
    func `a wrong secret, a revoked key and a clock that is off are the account's fault`(
        wire: Wire
    ) async throws {
        try await use(wire, secret: Secret("wrong")) { bench in
            #expect(await bench.send(Self.plain).verdicts.allSatisfy { $0.fault == .badConfig })
        }
        try await use(wire) { bench in
            try await bench.order("/_sim/clock", #"{"advance_ms":1800000}"#)
            #expect(await bench.send(Self.plain).verdicts.allSatisfy { $0.fault == .badConfig })
            try await bench.order("/_sim/clock", #"{"reset":true}"#)
            let demo = wire == .tencent ? SimulatorCredentials.demo.tencent : SimulatorCredentials.demo.aliyun
            try await bench.order("/_sim/tokens/revoke", #"{"access_key":"\#(demo.key.accessKey)"}"#)
            #expect(await bench.send(Self.plain).verdicts.allSatisfy { $0.fault == .badConfig })
        }
    }

    @Test func `nobody listens: nothing was sent, and another supplier may be asked`() async throws {
        let http = CurlHTTPClient()
        let supplier = SupplierOutcomeTests.supplier(.tencent, over: http, url: "http://127.0.0.1:1")
        let reply = await supplier.send(SupplierOutcomeTests.call(Self.plain))
        #expect(reply.verdicts.allSatisfy { $0.fault == .transient })
        http.shutdown()
    }

    @Test func `Tencent's receipts are pulled once, with the key and the reference of the call`() async throws
    {
        try await use(.tencent) { bench in
            let reply = await bench.send(["+8613800130000", "+8613800130001"], key: "k-7")
            let references = reply.verdicts.map {
                if case .accepted(let reference, _) = $0 { reference } else { "" }
            }
            let page = try await bench.supplier.pullReceipts()
            #expect(page.receipts.map(\.reference) == references)
            #expect(page.receipts.map(\.delivered) == [true, false])
            #expect(page.receipts.allSatisfy { $0.requestKey == "k-7" })
            #expect(page.receipts.map(\.recipient) == ["+8613800130000", "+8613800130001"])
            #expect(try await bench.supplier.pullReceipts().receipts.isEmpty)
        }
    }

    @Test(arguments: Wire.allCases)
    func `what became of a withheld call can be asked, and of one that never came nothing is known`(
        wire: Wire
    ) async throws {
        try await use(wire, timeout: .milliseconds(300)) { bench in
            let sentAt = SystemClock().now
            _ = await bench.send(["+8613800130004"], key: "k-open")
            let found = try await bench.patient.query(
                recipient: "+8613800130004",
                requestKey: "k-open",
                sentAt: sentAt
            )
            guard case .receipt(let receipt) = found else {
                Issue.record("\(found)")
                return
            }
            #expect(receipt.delivered)
            #expect(receipt.requestKey == "k-open")
            let none = try await bench.patient.query(
                recipient: "+8613800130004",
                requestKey: "k-other",
                sentAt: sentAt
            )
            #expect(none == .unknown)
        }
    }

    @Test(arguments: [Wire.tencent, .aliyunACS3])
    func `posted receipts are read as they come`(wire: Wire) async throws {
        try await use(wire) { bench in
            let receiver = try RawServer { server, connection in
                while let request = connection.readRequest() {
                    server.note(
                        String(request[(request.range(of: "\r\n\r\n")?.upperBound ?? request.startIndex)...])
                    )
                    connection.answer(#"{"result":0,"code":0}"#)
                }
            }
            defer { receiver.close() }
            let kind = wire == .tencent ? "tencent" : "aliyun"
            try await bench.order("/_sim/callbacks", "{\"\(kind)\":\"\(receiver.url)\"}")
            _ = await bench.send(["+8613800130000", "+8613800130001"], key: "k-8")
            try await eventually("the receipts are posted") { !receiver.notes.isEmpty }
            let page = try bench.supplier.readReceipts(Array(receiver.notes[0].utf8))
            #expect(page.malformed == 0)
            #expect(Set(page.receipts.map(\.recipient)) == ["+8613800130000", "+8613800130001"])
            #expect(page.receipts.allSatisfy { $0.requestKey == "k-8" })
            #expect(page.receipts.count { $0.delivered } == 1)
        }
    }
}
