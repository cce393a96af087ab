import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// What people answer, over the real transport from the simulator to the adapters.
@Suite struct SimulatedAnswerTests {
    private static func answer(
        _ bench: SupplierBench,
        _ text: String,
        from recipient: String
    ) async throws {
        let supplier = bench.simulated.rawValue
        let body: WireObject = [
            "supplier": .text(supplier), "recipient": .text(recipient), "text": .text(text),
        ]
        try await bench.order("/_sim/answers", String(decoding: WireValue.object(body).json, as: UTF8.self))
    }

    @Test(arguments: [SimulatedSupplier.tencent, .yunpian])
    func `answers are pulled once, and told apart from receipts when their page is read again`(
        supplier: SimulatedSupplier
    ) async throws {
        try await SupplierBench.use(supplier) { bench async throws in
            #expect(try await bench.supplier.pullWords().isEmpty)
            try await Self.answer(bench, "ＴＤ", from: "+8613800130100")
            try await Self.answer(bench, "好的\n“谢谢”", from: "+8613800130101")
            let page = try await bench.supplier.pullWords()
            #expect(page.words.map(\.sender) == ["+8613800130100", "+8613800130101"])
            #expect(page.words.map(\.meaning) == [.answer("ＴＤ"), .answer("好的\n“谢谢”")])
            #expect(
                page.words.map(\.signature) == Array(repeating: supplier == .tencent ? "快推" : nil, count: 2)
            )
            #expect(page.malformed == 0)
            #expect(try bench.supplier.readReceipts(page.raw).words == page.words)
            #expect(try await bench.supplier.pullWords().isEmpty)
        }
    }

    @Test(arguments: [SimulatedSupplier.tencent, .aliyun, .yunpian, .weChatOfficialAccount])
    func `answers are posted, and the door hears what was said`(supplier: SimulatedSupplier) async throws {
        let receiver = try RawServer { server, connection in
            while let request = connection.readRequest() {
                server.note(request)
                connection.answer(
                    supplier == .tencent || supplier == .aliyun ? #"{"result":0,"code":0}"# : "success"
                )
            }
        }
        defer { receiver.close() }
        try await SupplierBench.use(supplier) { bench async throws in
            try await bench.order("/_sim/callbacks", #"{"\#(supplier.rawValue)":"\#(receiver.url)/c/1"}"#)
            let isWeChat = supplier == .weChatOfficialAccount
            let person = try #require(bench.people("0100").first)
            for (text, meaning) in [("unsubscribe", RecipientWord.Meaning.left), ("subscribe", .joined)] {
                let count = receiver.notes.count
                try await Self.answer(bench, text, from: person)
                try await eventually("it is posted") { receiver.notes.count > count }
                let callback = try Self.callback(receiver.notes[count])
                guard case .receipts(let raw, _) = try bench.supplier.open(callback) else {
                    Issue.record("not kept")
                    return
                }
                let page = try bench.supplier.readReceipts(raw)
                #expect(page.words.map(\.sender) == [person])
                #expect(page.words.map(\.meaning) == [isWeChat ? meaning : .answer(text)])
                #expect(page.receipts.isEmpty && page.malformed == 0)
            }
        }
    }

    /// A request as the callback door hands it to an adapter.
    private static func callback(_ request: String) throws -> SupplierCallback {
        let parts = request.split(separator: "\r\n\r\n", maxSplits: 1)
        let target = try #require(parts.first?.split(separator: " ").dropFirst().first)
        let query = target.split(separator: "?").dropFirst().first ?? ""
        return SupplierCallback(
            query: try #require(PercentEncoding.parameters(of: Array(query.utf8))),
            body: Array((parts.count > 1 ? parts[1] : "").utf8)
        )
    }

    @Test(arguments: [SimulatedSupplier.weChatMiniProgram, .weComApp, .linTong])
    func `who tells nobody what people answer cannot be made to`(supplier: SimulatedSupplier) async throws {
        try await SupplierBench.use(supplier) { bench async throws in
            let body = #"{"supplier":"\#(supplier.rawValue)","recipient":"x","text":"TD"}"#
            let request = HTTPRequest(url: bench.url + "/_sim/answers", body: Array(body.utf8))
            #expect(try await bench.http.send(request).status == 400)
            #expect(try await bench.supplier.pullWords().isEmpty)
        }
    }

    @Test(arguments: [
        (
            SimulatedSupplier.tencent, ["FailedOperation.PhoneNumberInBlacklist"],
            ["InvalidParameterValue.IncorrectPhoneNumber"]
        ),
        (.yunpian, ["10"], ["2", "20", "23"]), (.aliyun, [], ["isv.MOBILE_NUMBER_ILLEGAL"]),
        (.weChatOfficialAccount, ["43004", "43019"], ["40003", "43101"]),
        (.weChatMiniProgram, [], ["43101", "40003"]),
        (.fcm, ["UNREGISTERED"], ["INVALID_ARGUMENT", "SENDER_ID_MISMATCH"]),
        (.apns, ["Unregistered", "ExpiredToken"], ["BadDeviceToken", "DeviceTokenNotForTopic"]),
        (.huawei, ["80300007", "80100000"], ["80300002"]),
    ])
    func `only what says that nobody is to be reached any more lasts`(
        supplier: SimulatedSupplier,
        lasting: [String],
        passing: [String]
    ) async throws {
        try await SupplierBench.use(supplier) { bench async throws in
            for (codes, isLasting) in [(lasting, true), (passing, false)] {
                for code in codes {
                    #expect(
                        bench.supplier.isLasting(Refusal(.badRecipient, code: code)) == isLasting,
                        "\(code)"
                    )
                }
            }
        }
    }
}
