import Groundwork
import TestKit
import Testing

@testable import SupplierSimulator

/// The simulated work notices: who may send what, and how much.
@Suite struct NoticeDeskTests {
    private static let account = SimulatorCredentials.demo.dingTalkNotice
    private static let gettoken =
        "/dingtalk-notice/gettoken?appkey=\(account.key.accessKey)&appsecret=\(account.key.secretKey.reveal())"
    private static let topic = "/dingtalk-notice/topapi/message/corpconversation/"
    private static let message = #""msg":{"msgtype":"text","text":{"content":"hi"}}"#

    private func members(_ response: HTTPResponse) throws -> WireObject {
        try #require(try WireValue(json: response.body).object)
    }

    private func token(_ simulator: RunningSimulator) async throws -> String {
        try #require(try members(try await simulator.get(Self.gettoken))["access_token"].text)
    }

    private func call(
        _ simulator: RunningSimulator,
        _ action: String = "asyncsend_v2",
        token: String,
        _ body: String
    ) async throws -> WireObject {
        try members(try await simulator.post("\(Self.topic)\(action)?access_token=\(token)", body))
    }

    @Test func `a token is handed out again, and lasts longer by it`() async throws {
        try await RunningSimulator.use { simulator in
            let token = try await token(simulator)
            simulator.clock.advance(by: .seconds(7_000))
            #expect(try await self.token(simulator) == token)
            simulator.clock.advance(by: .seconds(7_199))
            let body = #"{"agent_id":\#(Self.account.appID),"userid_list":"u1",\#(Self.message)}"#
            #expect(try await call(simulator, token: token, body)["errcode"] == 0)
            simulator.clock.advance(by: .seconds(1))
            #expect(try await call(simulator, token: token, body)["errcode"] == 42_001)
            #expect(try await self.token(simulator) != token)
            let wrong = Self.gettoken + "x"
            #expect(try members(try await simulator.get(wrong))["errcode"] == 40_089)
        }
    }

    @Test func `a token that is none comes back wrapped`() async throws {
        try await RunningSimulator.use { simulator in
            let answer = try await call(simulator, token: "none", "{}")
            #expect(answer["errcode"] == 88)
            #expect(answer["sub_code"] == "40014")
            let token = try await token(simulator)
            let other = try await call(simulator, token: token, #"{"agent_id":7}"#)
            #expect(other["sub_code"] == "60011")
        }
    }

    @Test(
        arguments: [
            (#""userid_list":"",\#(Self.message)"#, 1_430_000),
            (
                #""userid_list":"\#((0...100).map { "u\($0)" }.joined(separator: ","))",\#(Self.message)"#,
                40_032
            ),
            (#""userid_list":"u1""#, 40_008), (#""userid_list":"u1","msg":{"msgtype":"text"}"#, 40_035),
            (#""userid_list":"u1","msg":{"msgtype":"feed","feed":{}}"#, 40_008),
            (
                #""userid_list":"u1","msg":{"msgtype":"oa","oa":{"message_url":"u","head":{},"body":{}}}"#,
                40_035
            ),
            (
                #""userid_list":"u1","msg":{"msgtype":"text","text":{"content":"\#(String(repeating: "x", count: 2_048))"}}"#,
                34_016
            ),
        ] as [(String, Int64)]
    )
    func `what is missing or too long is refused`(fields: String, code: Int64) async throws {
        try await RunningSimulator.use { simulator in
            let body = #"{"agent_id":\#(Self.account.appID),\#(fields)}"#
            let answer = try await call(simulator, token: try await token(simulator), body)
            #expect(answer["errcode"] == .integer(code))
        }
    }

    @Test func `over the limit all is well, and the result tells otherwise`() async throws {
        try await RunningSimulator.use { simulator in
            let token = try await token(simulator)
            let body = #"{"agent_id":\#(Self.account.appID),"userid_list":"u1",\#(Self.message)}"#
            _ = try await call(simulator, token: token, body)
            let again = try await call(simulator, token: token, body)
            #expect(again["errcode"] == 0)
            let task = try #require(again["task_id"].text)
            let question = #"{"agent_id":\#(Self.account.appID),"task_id":\#(task)}"#
            let answer = try await call(simulator, "getsendresult", token: token, question)
            let result = try #require(answer["send_result"].object)
            #expect(result["forbidden_user_id_list"] == .list(["u1"]))
            #expect(
                result["forbidden_list"] == .list([.object(["code": "143106", "count": 1, "userid": "u1"])])
            )
            #expect(try await simulator.stats().contains(#""accepted":1"#))
        }
    }

    // The book itself.

    private static let noon = Moment(secondsSinceEpoch: 1_700_020_800)

    @Test func `a user gets 500 notices a day, and as many the next day`() {
        var book = NoticeBook()
        for number in 0..<500 {
            #expect(book.admit("u1", contentHash: UInt64(number), at: Self.noon) == nil)
        }
        #expect(book.admit("u1", contentHash: 500, at: Self.noon) == "143105")
        #expect(book.admit("u2", contentHash: 500, at: Self.noon) == nil)
        #expect(book.admit("u1", contentHash: 500, at: Self.noon + .seconds(86_400)) == nil)
    }

    @Test func `the day turns at midnight in China`() {
        var book = NoticeBook()
        let midnight = Moment(secondsSinceEpoch: 1_700_064_000)
        #expect(book.admit("u1", contentHash: 1, at: midnight - .milliseconds(1)) == nil)
        #expect(book.admit("u1", contentHash: 1, at: midnight - .milliseconds(1)) == "143106")
        #expect(book.admit("u1", contentHash: 1, at: midnight) == nil)
    }

    @Test func `an application reaches 5000 people a minute`() {
        var book = NoticeBook()
        for number in 0..<5_000 {
            #expect(book.admit("u\(number)", contentHash: 1, at: Self.noon) == nil)
        }
        #expect(book.admit("u5000", contentHash: 1, at: Self.noon) == "143103")
        #expect(book.admit("u5000", contentHash: 1, at: Self.noon + .seconds(60)) == nil)
    }

    @Test func `the whole company gets 3 notices a day`() {
        var book = NoticeBook()
        for number in 0..<3 {
            #expect(book.admit("@all", contentHash: UInt64(number), at: Self.noon) == nil)
        }
        #expect(book.admit("@all", contentHash: 3, at: Self.noon) == "143105")
    }
}
