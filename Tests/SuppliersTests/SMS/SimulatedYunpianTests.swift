import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// What Yunpian alone does: its rule about repetitions, its receipts, its records.
@Suite struct SimulatedYunpianTests {
    @Test func `the same to the same number is refused for 30 seconds, and the fourth time in 5 minutes`()
        async throws
    {
        try await SupplierBench.use(.yunpian) { bench in
            let number = bench.people("0100")
            #expect(await bench.send(number).references.count == 1)
            let soon = await bench.send(number)
            #expect(soon.codes == ["8"] && soon.verdicts.map(\.fault) == [.recipientLater])
            #expect(await bench.send(number, content: "another").references.count == 1)
            for _ in 0..<2 {
                try await bench.advance(by: .seconds(31))
                #expect(await bench.send(number).references.count == 1)
            }
            try await bench.advance(by: .seconds(31))
            #expect(await bench.send(number).codes == ["9"])
            try await bench.advance(by: .seconds(300))
            #expect(await bench.send(number).references.count == 1)
            try await bench.expect(accepted: 5)
        }
    }

    @Test func `receipts are pulled once, with the call's key and the number of 64 bits`() async throws {
        try await SupplierBench.use(.yunpian) { bench in
            let numbers = bench.people("0000", "0001")
            let reply = await bench.send(numbers, key: "k-7")
            let page = try await bench.supplier.pullReceipts()
            #expect(page.receipts.map(\.reference) == reply.references)
            #expect(reply.references.allSatisfy { Int64($0).map { $0 > 1 << 53 } ?? false })
            #expect(page.receipts.map(\.delivered) == [true, false])
            #expect(page.receipts.map(\.recipient) == numbers)
            #expect(page.receipts.allSatisfy { $0.requestKey == "k-7" })
            #expect(try await bench.supplier.pullReceipts().receipts.isEmpty)
        }
    }

    @Test func `posted receipts are read as they come, and come again after 5 minutes until they are taken`()
        async throws
    {
        let receiver = try RawServer { server, connection in
            while let request = connection.readRequest() {
                let body = request.split(separator: "\r\n\r\n", maxSplits: 1).last ?? ""
                connection.answer(server.notes.isEmpty ? "later" : "SUCCESS")
                server.note(String(body))
            }
        }
        defer { receiver.close() }
        try await SupplierBench.use(.yunpian) { bench in
            try await bench.order("/_sim/callbacks", #"{"yunpian":"\#(receiver.url)"}"#)
            let reply = await bench.send(bench.people("0000"), key: "k-8")
            try await eventually("it is posted") { receiver.notes.count == 1 }
            try await eventually("the failure is noted") {
                try await bench.stats()["yunpian"].object?["posts_failed"] == 1
            }
            try await bench.advance(by: .seconds(300))
            try await eventually("it is posted again") { receiver.notes.count == 2 }
            #expect(receiver.notes[0] == receiver.notes[1])
            let callback = SupplierCallback(body: Array(receiver.notes[1].utf8))
            guard case .receipts(let raw, let answer) = try bench.supplier.open(callback) else {
                Issue.record("not kept")
                return
            }
            #expect(answer == CallbackAnswer(text: "SUCCESS"))
            let page = try bench.supplier.readReceipts(raw)
            #expect(page.receipts.map(\.reference) == reply.references)
            #expect(page.receipts.map(\.requestKey) == ["k-8"])
        }
    }
}
