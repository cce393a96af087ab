import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// Work notices against the simulated DingTalk: tokens, results, and taking back.
@Suite struct SimulatedNoticeTests {
    private func results(
        _ chat: SimulatedChat,
        of reply: SupplierReply,
        _ recipients: [String]
    ) async throws -> [SupplierReceipt] {
        let supplier = try #require(chat.supplier as? DingTalkNoticeSupplier)
        return try await supplier.results(
            ResultsQuestion(
                reference: try reference(of: reply),
                recipients: recipients,
                at: chat.clock.calendar.now
            )
        )
    }

    private func reference(of reply: SupplierReply) throws -> String {
        guard case .accepted(let reference, _)? = reply.verdicts.first else {
            throw SupplierError.malformed("\(reply.verdicts)")
        }
        return reference
    }

    @Test(arguments: [
        #"{"content":"c"}"#, #"{"sendType":"80","title":"T","content":"c"}"#,
        #"{"sendType":"110","title":"T","content":"c","url":"https://a"}"#,
        #"{"sendType":"120","title":"T","content":"c","url":"https://a"}"#,
        #"{"sendType":"120","title":"T","content":"c","btns":[{"title":"A","actionURL":"https://a"},{"title":"B","actionURL":"https://b"}]}"#,
        #"{"sendType":"130","url":"https://a","dingDingOaHead":{"text":"h"},"dingDingOaBody":{"title":"T"}}"#,
        #"{"sendType":"100","mediaId":"m"}"#, #"{"sendType":"60","mediaId":"m"}"#,
        #"{"sendType":"20","mediaId":"m","duration":"10"}"#,
    ])
    func `each kind of message is taken`(content: String) async throws {
        try await SimulatedChat.use(.dingTalkNotice) { chat in
            let content = try await MediaSamples.uploaded(content, by: chat.supplier)
            let reply = await chat.send(["u-1"], content: content)
            #expect(reply.isAccepted, "\(reply.verdicts)")
            let entry = try #require(try await chat.ledger(of: "u-1").first)
            #expect(entry["reference"] == .text(try reference(of: reply)))
        }
    }

    @Test func `a token that ended at the supplier alone is fetched anew, and nobody notices`() async throws {
        try await SimulatedChat.use(.dingTalkNotice) { chat in
            #expect(await chat.send(["u-1"]).isAccepted)
            try await chat.order("/_sim/clock", #"{"advance_ms":7200001}"#)
            #expect(await chat.send(["u-2"]).isAccepted)
            try await chat.expect(accepted: 2)
        }
    }

    @Test func `the credentials are proved by a token`() async throws {
        try await SimulatedChat.use(.dingTalkNotice) { try await $0.supplier.check() }
        try await SimulatedChat.use(.dingTalkNotice, secret: Secret("wrong")) { chat in
            let error = await #expect(throws: SupplierError.self) { try await chat.supplier.check() }
            guard case .refused(let refusal)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(refusal.fault == .badConfig)
            #expect(refusal.code == "40089")
        }
    }

    @Test func `what became of each is known by the call`() async throws {
        try await SimulatedChat.use(.dingTalkNotice) { chat in
            let users = ["u-1", "u-0000", "u-0001", "u-0002", "u-0003"]
            let reply = await chat.send(users)
            #expect(reply.isAccepted)
            try await chat.expect(accepted: 3)
            let receipts = try await results(chat, of: reply, users)
            #expect(receipts.map(\.recipient) == users)
            #expect(receipts.map(\.delivered) == [true, true, false, false, false])
            #expect(
                receipts.map(\.code) == ["delivered", "delivered", "failed", "invalid_user", "143105"]
            )
        }
    }

    @Test func `a call of none but unknown users is refused`() async throws {
        try await SimulatedChat.use(.dingTalkNotice) { chat in
            let reply = await chat.send(["u-0002", "v-0002"])
            #expect(reply.verdicts.map(\.fault) == [.badRecipient, .badRecipient])
            #expect(reply.mayBeSplit)
            #expect(await chat.send(["u-0002"]).mayBeSplit == false)
        }
    }

    @Test func `the same notice on the same day is taken, and reaches nobody twice`() async throws {
        try await SimulatedChat.use(.dingTalkNotice) { chat in
            #expect(await chat.send(["u-1"]).isAccepted)
            let again = await chat.send(["u-1", "u-2"])
            #expect(again.isAccepted)
            let receipts = try await results(chat, of: again, ["u-1", "u-2"])
            #expect(receipts.map(\.code) == ["143106", "delivered"])
            try await chat.expect(accepted: 2)
            #expect(await chat.send(["u-1"], content: #"{"content":"再见"}"#).isAccepted)
            #expect(try await chat.ledger(of: "u-1").count == 2)
            chat.clock.advance(by: .seconds(86_400))
            #expect(await chat.send(["u-1"]).isAccepted)
            #expect(try await chat.ledger(of: "u-1").count == 3)
        }
    }

    @Test func `a notice is taken back within a day, and not after`() async throws {
        try await SimulatedChat.use(.dingTalkNotice) { chat in
            let first = try reference(of: await chat.send(["u-1"]))
            chat.clock.advance(by: .seconds(86_400))
            try await chat.supplier.recall(reference: first, recipients: ["u-1"])
            chat.clock.advance(by: .milliseconds(1))
            for reference in [first, "7"] {
                await #expect(throws: SupplierError.self) {
                    try await chat.supplier.recall(reference: reference, recipients: ["u-1"])
                }
            }
        }
    }
}
