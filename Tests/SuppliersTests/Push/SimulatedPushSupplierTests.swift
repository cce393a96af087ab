import Foundation
import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// The adapters of app push over the real transport against the simulator: what is each supplier's own.
@Suite struct SimulatedPushSupplierTests {
    @Test func `of many Huawei devices the dead ones are told apart`() async throws {
        try await PushBench.use(.huawei) { bench in
            let reply = await bench.send("1111", "0002", "1113")
            #expect(reply.verdicts.map(\.fault) == [nil, .badRecipient, nil])
            try await bench.expect(accepted: 2)
            let many = (0..<1_000).map { "many-\($0)x" }
            let all = await bench.supplier.send(PushAccounts.call(many))
            #expect(all.verdicts.allSatisfy { if case .accepted = $0 { true } else { false } })
            try await bench.expect(accepted: 1_002)
        }
    }

    @Test func `Apple's token serves an hour, and is signed anew when it is rejected`() async throws {
        let clock = ManualClock(PushAccounts.now)
        try await PushBench.use(.apns, clock: clock.calendar) { bench in
            for digits in ["1111", "1112"] {
                #expect(await bench.send(digits).verdicts.map(\.fault) == [nil])
            }
            clock.advance(by: .seconds(3_601))
            #expect(await bench.send("1113").verdicts.map(\.fault) == [nil])
            try await bench.expect(accepted: 3)
        }
    }

    @Test func `processes that do not share a token are told so by Apple`() async throws {
        let clock = ManualClock(PushAccounts.now)
        try await PushBench.use(.apns, clock: clock.calendar) { bench in
            #expect(await bench.send("1111").verdicts.map(\.fault) == [nil])
            clock.advance(by: .seconds(1_199))
            let setup = SimulatorCredentials.demo.setup(at: .apns)
            let other = PushAccounts.account(
                .apns,
                url: bench.url + "/apns",
                setup.values,
                setup.secrets.mapValues { $0.reveal() }
            )
            let tools = SupplierTools(http: bench.http, clock: clock.calendar)
            let early = await APNsSupplier(other, tools)
                .send(PushAccounts.call(PushWire.apns.device("1112")))
            #expect(early.verdicts[0].refusal?.code == "TooManyProviderTokenUpdates")
            #expect(early.verdicts[0].fault == .throttled)
            clock.advance(by: .seconds(1))
            let late = await APNsSupplier(other, SupplierTools(http: bench.http, clock: clock.calendar))
                .send(PushAccounts.call(PushWire.apns.device("1113")))
            #expect(late.verdicts.map(\.fault) == [nil])
        }
    }

    @Test func `many pushes at once to Apple are all taken`() async throws {
        try await PushBench.use(.apns) { bench in
            let supplier = bench.supplier
            let taken = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let device = PushWire.apns.device(String(5_000 + number))
                        let reply = await supplier.send(PushAccounts.call(device, key: "k-\(number)"))
                        return reply.verdicts[0].fault == nil && !reply.verdicts[0].isAmbiguous
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(taken == 200)
            try await bench.expect(accepted: 200)
        }
    }

    @Test func `GeTui takes a call once, however often it comes`() async throws {
        try await PushBench.use(.getui) { bench in
            let first = await bench.send("1111", key: "kp1x4z-77")
            let again = await bench.send("1111", key: "kp1x4z-77")
            #expect(first.verdicts == again.verdicts)
            try await bench.expect(accepted: 1)
        }
    }

    @Test func `GeTui does not try who was not seen for long`() async throws {
        try await PushBench.use(.getui) { bench in
            let refusal = await bench.send("0001").verdicts[0].refusal
            #expect(refusal?.code == "successed_ignore")
            #expect(refusal?.fault == .badRecipient)
        }
    }

    @Test func `GeTui takes a message back that it has, and none that it has not`() async throws {
        try await PushBench.use(.getui) { bench in
            guard case .accepted(let reference, _) = await bench.send("1111").verdicts[0] else {
                Issue.record("not accepted")
                return
            }
            try await bench.supplier.recall(reference: reference, recipients: [bench.wire.device("1111")])
            await #expect(throws: SupplierError.self) {
                try await bench.supplier.recall(reference: "RASS_demo_99", recipients: ["x"])
            }
            try await bench.expect(accepted: 1)
        }
    }

    @Test func `Huawei's receipts are signed, and tell what became of each message`() async throws {
        try await PushBench.use(.huawei) { bench in
            let receiver = try RawServer { server, connection in
                while let request = connection.readRequest() {
                    server.note(request)
                    connection.answer(#"{"code":"0","message":"success"}"#)
                }
            }
            defer { receiver.close() }
            try await bench.order("/_sim/callbacks", #"{"huawei":"\#(receiver.url)"}"#)
            _ = await bench.send("0000", "0001", "0003", key: "k-8")
            try await eventually("the receipts are posted") { !receiver.notes.isEmpty }
            let callback = try Self.callback(receiver.notes[0])
            guard case .receipts(let raw, _) = try bench.supplier.open(callback) else {
                Issue.record("no receipts")
                return
            }
            let page = try bench.supplier.readReceipts(raw)
            #expect(page.malformed == 0)
            let receipts = page.receipts.sorted { $0.recipient < $1.recipient }
            #expect(receipts.map(\.recipient) == ["dev-0000", "dev-0001", "dev-0003"])
            #expect(receipts.map(\.code) == ["0", "15", "256"])
            #expect(receipts.map(\.delivered) == [true, false, false])
            #expect(page.receipts.allSatisfy { $0.requestKey == "k-8" })
        }
    }

    /// A posted request as the engine's door hands it on.
    private static func callback(_ request: String) throws -> SupplierCallback {
        let end = try #require(request.range(of: "\r\n\r\n"))
        let fields = request[..<end.lowerBound].split(separator: "\r\n").dropFirst()
            .map { line in
                let pair = line.split(separator: ":", maxSplits: 1)
                return (name: pair[0].lowercased(), value: String(pair[1].drop { $0 == " " }))
            }
        return SupplierCallback(headers: fields, body: Array(request[end.upperBound...].utf8))
    }
}
