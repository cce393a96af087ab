import Groundwork
import SQLiteDriver
import SupplierSimulator
import TestKit
import Testing

@testable import PushEngine

/// What recipients answer, and what suppliers say of them for good, becomes an entry of the blacklist.
@Suite(.timeLimit(.minutes(5))) struct RecipientWordTests {
    private static let ann = "+8613800130100"

    private func answer(
        _ bench: PushBench,
        _ text: String,
        from recipient: String = ann,
        to supplier: String = "tencent"
    ) async throws {
        let body = #"{"supplier":"\#(supplier)","recipient":"\#(recipient)","text":"\#(text)"}"#
        let url = bench.town.url + "/_sim/answers"
        let answer = try await bench.http.send(HTTPRequest(url: url, body: Array(body.utf8)))
        #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
    }

    private func entries(_ engine: BenchEngine) async throws -> [SuppressionDraft] {
        try await engine.store.suppressions(of: nil, after: nil, limit: 100).map(\.draft)
    }

    @Test func `an answer that refuses stops what goes out under its signature, and only that`() async throws
    {
        try await PushBench.use { bench async throws in
            let engine = try await bench.open()
            try await answer(bench, " ｔｄ。")
            try await answer(bench, "谢谢，收到了 R", from: "+8613800130101")
            try await engine.takeReceipts()
            let draft = try #require(try await entries(engine).first)
            #expect(try await entries(engine).count == 1)
            #expect(draft.addressee == Addressee(space: .phone, address: Self.ann))
            #expect(draft.scope == .signature("快推"))
            #expect(draft.source == .reply && draft.by == "tencent")
            #expect(draft.at == Moment(secondsSinceEpoch: bench.now.secondsSinceEpoch))
            #expect(try await engine.store.pendingPages(limit: 10).isEmpty)
            let messages = try await engine.send([Self.ann], engine.template())
            try await engine.settle()
            #expect(try await engine.states(messages) == [.suppressed])
            #expect(try await engine.story(messages[0]).last?.detail == "opted_out 快推")
        }
    }

    @Test func `an answer that is posted is taken at the door`() async throws {
        try await PushBench.use { bench async throws in
            let engine = try await bench.open()
            try await answer(bench, "退订", to: "aliyun")
            try await eventually("it is on the list") {
                try await bench.town.wake()
                return try await entries(engine).map(\.scope) == [.signature("快推")]
            }
        }
    }

    /// What Yunpian posts and hands out, which tells no signature.
    @Test func `an answer without a signature refuses marketing`() async throws {
        #expect(
            RecipientWord(sender: "+8613800130100", .answer("N"), at: PushBench.noon).refusal
                == .type(.marketing)
        )
        #expect(RecipientWord(sender: "x", .answer("no"), at: PushBench.noon).refusal == nil)
        #expect(RecipientWord(sender: "x", .left, at: PushBench.noon).refusal == .everything)
        #expect(RecipientWord(sender: "x", .joined, at: PushBench.noon).refusal == nil)
    }

    @Test func `told again, before or after a crash or a removal, it changes nothing`() async throws {
        try await PushBench.use { bench async throws in
            let engine = try await bench.open()
            let at = bench.now.secondsSinceEpoch
            let posted = """
                {"mobile":"13800130100","nationcode":"86","sign":"快推","text":"TD","time":\(at),"extend":""}
                """
            let callback = SupplierCallback(body: Array(posted.utf8))
            for _ in 0..<3 { _ = try await engine.desk.receive(callback, for: engine.tencent) }
            #expect(try await entries(engine).count == 1)
            // A page that was kept and not applied: the crash came between.
            _ = try await engine.store.keepPage(Array(posted.utf8), of: engine.tencent, at: bench.now)
            let after = try await bench.open()
            try await after.takeReceipts()
            #expect(try await entries(after).count == 1)
            #expect(try await after.store.pendingPages(limit: 10).isEmpty)
            bench.clock.advance(by: .seconds(60))
            let entry = try #require(try await after.store.suppressions(of: nil, after: nil, limit: 1).first)
            _ = try await after.store.unsuppress(entry.id, at: bench.now, by: "ann")
            _ = try await after.desk.receive(callback, for: after.tencent)
            #expect(try await entries(after).isEmpty)
        }
    }

    @Test func `who follows an account no more gets nothing, and everything when they follow it again`()
        async throws
    {
        try await PushBench.use { bench async throws in
            let engine = try await bench.open()
            let words = RecipientWords(store: engine.store)
            var account = SupplierAccount.sample("wechat")
            account.channel = .officialAccount
            let at = bench.now
            let left = RecipientWord(sender: "oUser", .left, at: at)
            let joined = RecipientWord(sender: "oUser", .joined, at: at + .seconds(60))
            try await words.take([left], of: account)
            let draft = try #require(try await entries(engine).first)
            #expect(draft.addressee == Addressee(space: .users(of: .officialAccount), address: "oUser"))
            #expect(draft.scope == .everything)
            try await words.take([joined, left], of: account)
            #expect(try await entries(engine).isEmpty)
        }
    }

    @Test func `a supplier's blacklist becomes ours, a wrong number does not`() async throws {
        try await PushBench.use { bench async throws in
            var plan = BenchPlan()
            plan.weights = (tencent: 1, aliyun: 0)
            let engine = try await bench.open(plan)
            let template = try await engine.template("{$text}")
            // The simulator's script: one ends in 0002 and is on Tencent's blacklist.
            let messages = try await engine.send(["13800130002", "13800130100"], template, ["text": "a"])
            try await engine.settle()
            #expect(try await engine.states(messages).map(\.isSent) == [false, true])
            let draft = try #require(try await entries(engine).first)
            #expect(try await entries(engine).count == 1)
            #expect(draft.addressee.address == "+8613800130002")
            #expect(draft.scope == .signature("快推") && draft.source == .supplier)
            #expect(draft.note == "FailedOperation.PhoneNumberInBlacklist" && draft.by == "tencent")
            bench.clock.advance(by: .seconds(1))
            let calls = try await bench.town.stats().tencent.calls
            let later = try await engine.send(["13800130002"], template, ["text": "b"])
            try await engine.settle()
            #expect(try await engine.states(later) == [.suppressed])
            #expect(try await bench.town.stats().tencent.calls == calls)
        }
    }

    @Test func `a refusal that is about one message puts nobody on the list`() async throws {
        try await PushBench.use { bench async throws in
            var plan = BenchPlan()
            plan.weights = (tencent: 0, aliyun: 1)
            let engine = try await bench.open(plan)
            let messages = try await engine.send(["13800130002", "13800130100"], engine.template())
            try await engine.settle()
            #expect(try await engine.states(messages)[0] == .failed)
            #expect(try await entries(engine).isEmpty)
        }
    }
}
