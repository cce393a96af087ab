import CurlDriver
import Foundation
import Groundwork
import Logging
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// The adapter for mail over the real transport against the simulator: what is mail alone.
@Suite struct SimulatedMailTests {
    /// A running simulator and an adapter that speaks to it.
    private struct Bench {
        let supplier: SMTPSupplier
        let http: CurlHTTPClient
        let url: String
        let clock: ManualClock

        func send(
            _ recipient: String,
            _ content: WireObject = SMTPBench.content,
            key: String = "k-1"
        ) async -> SupplierVerdict? {
            await supplier.send(SMTPBench.call(content, to: recipient, key: key)).verdicts.first
        }

        func get(_ path: String) async throws -> WireObject {
            let answer = try await http.send(HTTPRequest(method: "GET", url: url + path))
            return try WireValue(json: answer.body).object ?? [:]
        }

        func order(_ path: String, _ body: String) async throws {
            let answer = try await http.send(HTTPRequest(url: url + path, body: Array(body.utf8)))
            #expect(answer.status == 200)
        }

        func accepted() async throws -> Int64? { try await get("/_sim/stats")["accepted"].wholeNumber }
    }

    private func use(
        password: String? = nil,
        bounces: String? = nil,
        _ body: (Bench) async throws -> Void
    ) async throws {
        let (http, clock) = (CurlHTTPClient(), ManualClock(SMTPBench.now))
        var settings = SimulatorSettings()
        settings.mailPort = 0
        settings.faults.receiptDelay = 0
        settings.callbacks[.smtp] = bounces
        let service = SimulatorService(
            settings: settings,
            http: http,
            clock: clock.calendar,
            logger: Logger(label: "simulator") { _ in SwiftLogNoOpLogHandler() }
        )
        let mail = CurlMailClient()
        try await whileRunning(service) {
            let url = try #require(await service.url)
            let mailURL = try #require(await service.mailURL)
            var setup = SimulatorCredentials.demo.setup(at: .smtp)
            if let password { setup.secrets = ["pass": Secret(password)] }
            let account = SupplierAccount(
                id: AccountID(rawValue: 1),
                name: "mail",
                kind: .smtp,
                channel: .email,
                url: mailURL,
                config: AccountConfig(setup.values, secrets: setup.secrets)
            )
            try account.check(against: .smtp)
            let supplier = SMTPBench.supplier(account, mail: mail)
            try await body(Bench(supplier: supplier, http: http, url: url, clock: clock))
            mail.shutdown()
        }
        http.shutdown()
    }

    @Test func `a message is accepted, and the ledger has it once`() async throws {
        try await use { bench in
            try await bench.supplier.check()
            for number in 0..<5 {
                #expect(await bench.send("p\(number)@example.com").map(\.fault) == .some(nil))
            }
            let stats = try await bench.get("/_sim/stats")
            #expect(stats["accepted"].wholeNumber == 5)
            #expect(stats["doubled"].wholeNumber == 0)
            let page = try await bench.http.send(
                HTTPRequest(method: "GET", url: bench.url + "/_sim/ledger?recipient=p1@example.com")
            )
            #expect(String(decoding: page.body, as: UTF8.self).contains(#""recipient":"p1@example.com""#))
        }
    }

    @Test func `the same content to the same person counts as doubled, whatever call it came by`()
        async throws
    {
        try await use { bench in
            for key in ["k-1", "k-2"] { _ = await bench.send("p@example.com", key: key) }
            _ = await bench.send("p@example.com", ["title": "other", "content": "<p>hello</p>"], key: "k-3")
            let stats = try await bench.get("/_sim/stats")
            #expect(stats["accepted"].wholeNumber == 3)
            #expect(stats["doubled"].wholeNumber == 1)
            #expect(stats["doubled_same_content"].wholeNumber == 1)
        }
    }

    @Test(
        arguments: [
            ("0002", .badRecipient, "smtp.550.5.1.1"), ("0003", .recipientLater, "smtp.450.4.2.1"),
            ("0005", .transient, "smtp.broken_before_end"), ("0006", .transient, "smtp.451.4.3.0"),
        ] as [(String, Refusal.Class, String)]
    )
    func `who is refused is not in the ledger`(
        script: String,
        fault: Refusal.Class,
        code: String
    ) async throws {
        try await use { bench in
            let refusal = await bench.send("p\(script)@example.com")?.refusal
            #expect(refusal?.fault == fault)
            #expect(refusal?.code == code)
            let taken = try await bench.accepted()
            #expect(taken == 0)
        }
    }

    @Test func `a stranger is made to wait for five minutes`() async throws {
        try await use { bench in
            let first = await bench.send("grey@example.com")?.refusal
            #expect(first?.wait == .seconds(300))
            #expect(await bench.send("grey@example.com")?.fault == .recipientLater)
            try await bench.order("/_sim/clock", #"{"advance_ms":300000}"#)
            #expect(await bench.send("grey@example.com").map(\.fault) == .some(nil))
        }
    }

    @Test func `wrong and withdrawn credentials are the account's fault`() async throws {
        try await use(password: "wrong") { bench in
            #expect(await bench.send("p@example.com")?.refusal?.code == "smtp.535.5.7.8")
        }
        try await use { bench in
            try await bench.order("/_sim/tokens/revoke", #"{"access_key":"demo@kpush.example"}"#)
            #expect(await bench.send("p@example.com")?.fault == .badConfig)
        }
    }

    @Test func `what cannot be delivered comes back as a mail that leads to the call`() async throws {
        let door = try RawServer { server, connection in
            while let request = connection.readRequest() {
                server.note(request)
                connection.answer("ok")
            }
        }
        defer { door.close() }
        try await use(bounces: door.url + "/bounces") { bench in
            _ = await bench.send("p0000@example.com", key: "k-1")
            _ = await bench.send("p0001@example.com", key: "k-2")
            try await eventually("the bounce is posted") { door.notes.count == 1 }
            let request = try #require(door.notes.first)
            let cut = try #require(request.range(of: "\r\n\r\n"))
            #expect(request[..<cut.lowerBound].lowercased().contains("content-type: message/rfc822"))
            let raw = Array(request[cut.upperBound...].utf8)
            let callback = SupplierCallback(headers: [("content-type", "message/rfc822")], body: raw)
            guard case .receipts(let kept, _) = try bench.supplier.open(callback) else {
                Issue.record("not taken")
                return
            }
            let page = try bench.supplier.readReceipts(kept)
            #expect(page.malformed == 0)
            #expect(page.receipts.map(\.requestKey) == ["k-2"])
            #expect(page.receipts.map(\.recipient) == ["p0001@example.com"])
            #expect(page.receipts.map(\.delivered) == [false])
            #expect(page.receipts.map(\.code) == ["5.1.1"])
            let name = MailName(requestKey: "k-2", recipient: "p0001@example.com")
            #expect(page.receipts.map(\.reference) == ["\(name.local)@kpush.example"])
        }
    }

    @Test func `many at once are each taken once`() async throws {
        try await use { bench in
            await withTaskGroup { group in
                for number in 0..<200 {
                    group.addTask {
                        let fault = await bench.send("p\(number)x@example.com", key: "k-\(number)")
                            .map(\.fault)
                        #expect(fault == .some(nil))
                    }
                }
            }
            let stats = try await bench.get("/_sim/stats")
            #expect(stats["accepted"].wholeNumber == 200)
            #expect(stats["distinct"].wholeNumber == 200)
        }
    }
}
