import Groundwork
import PushEngine
import SupplierSimulator
import Testing

@testable import Suppliers

/// What WeCom alone does: members that are none, repetitions, what is too much, and what is taken back.
@Suite struct SimulatedWeComTests {
    @Test func `members that are none and members without a licence are refused alone`() async throws {
        try await SupplierBench.use(.weComApp) { bench in
            let reply = await bench.send(["Zhao", "Gone0002", "Unlicensed.Wang", "Li"])
            #expect(reply.verdicts.map(\.fault) == [nil, .badRecipient, .badRecipient, nil])
            #expect(reply.codes == ["invaliduser", "unlicenseduser"])
            #expect(Set(reply.references).count == 1)
            try await bench.expect(accepted: 2)
        }
    }

    @Test func `a call of nobody but members that are none is refused as a whole`() async throws {
        try await SupplierBench.use(.weComApp) { bench in
            let reply = await bench.send(["Gone0002", "Lost0002"])
            #expect(reply.codes == ["81013", "81013"])
            #expect(reply.verdicts.allSatisfy { $0.fault == .badRecipient })
            #expect(!reply.mayBeSplit)
        }
    }

    @Test func `a call without an answer that is made again reaches nobody twice, for five minutes`()
        async throws
    {
        try await SupplierBench.use(.weComApp) { bench in
            let members = ["Zhao", "Qian", "Sun"]
            try await bench.order("/_sim/faults", #"{"supplier":"wecom-app","bad_gateway_ratio":0}"#)
            _ = await bench.send(["Li"], content: bench.content("token"))
            try await bench.order("/_sim/faults", #"{"bad_gateway_ratio":1}"#)
            #expect(await bench.send(members).verdicts.allSatisfy { $0.isAmbiguous })
            try await bench.order("/_sim/faults", #"{"bad_gateway_ratio":0}"#)
            try await bench.advance(by: .seconds(290))
            let again = await bench.send(members)
            #expect(again.references.count == 3)
            try await bench.expect(accepted: 4)
            #expect(
                await bench.send(members, content: bench.content("another")).references != again.references
            )
            try await bench.expect(accepted: 7)
            try await bench.advance(by: .seconds(20))
            _ = await bench.send(members)
            try await bench.expect(accepted: 10)
        }
    }

    @Test func `what is too much for a member is dropped, and the answer is the same`() async throws {
        try await SupplierBench.use(.weComApp) { bench in
            // All in one of WeCom's minutes.
            try await bench.order("/_sim/clock", #"{"now_ms":1700000040000}"#)
            for number in 0..<31 {
                let reply = await bench.send(["Zhao"], content: bench.content("text \(number)"))
                #expect(reply.references.count == 1)
            }
            try await bench.expect(accepted: 30)
            #expect(try await bench.refused("dropped") == 1)
        }
    }

    @Test func `a message is taken back within a day, and not later`() async throws {
        try await SupplierBench.use(.weComApp) { bench in
            let reference = try #require(await bench.send(["Zhao", "Qian"]).references.first)
            try await bench.supplier.recall(reference: reference, recipients: ["Zhao", "Qian"])
            try await bench.advance(by: .seconds(86_400 - 60))
            try await bench.supplier.recall(reference: reference, recipients: ["Zhao", "Qian"])
            try await bench.advance(by: .seconds(120))
            let own = try await bench.stats()["wecom-app"].object
            #expect(own?["recalled"] == 1)
            let error = await #expect(throws: SupplierError.self) {
                try await bench.supplier.recall(reference: reference, recipients: ["Zhao", "Qian"])
            }
            #expect(error == .tooLate)
            await #expect(throws: SupplierError.tooLate) {
                try await bench.supplier.recall(reference: "none", recipients: [])
            }
        }
    }

    @Test(arguments: [
        #"{"sendType":"20","mediaId":"m"}"#, #"{"sendType":"30","mediaId":"m","title":"t"}"#,
        #"{"sendType":"40","articles":[{"title":"t","url":"http://a.b"}]}"#,
        #"{"sendType":"50","title":"t","description":"d","url":"http://a.b"}"#,
        #"{"sendType":"60","mediaId":"m"}"#, #"{"sendType":"70","appId":"wx","title":"t","contentItems":[]}"#,
        ##"{"sendType":"80","content":"# a"}"##,
        #"{"sendType":"90","templateCard":{"card_type":"text_notice"}}"#,
        #"{"sendType":"100","mediaId":"m"}"#,
        #"{"sendType":"140","mpNewsArticle":[{"title":"t","thumbMediaId":"m","content":"c"}]}"#,
    ])
    func `every kind of content is taken`(content: String) async throws {
        try await SupplierBench.use(.weComApp) { bench in
            let content = try await MediaSamples.uploaded(content, by: bench.supplier)
            #expect(await bench.send(["Zhao"], content: content).references.count == 1)
        }
    }
}
