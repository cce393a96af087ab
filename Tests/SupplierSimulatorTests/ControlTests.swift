import Foundation
import Groundwork
import TestKit
import Testing

@testable import SupplierSimulator

/// The simulator's own door.
@Suite struct ControlTests {
    private struct Stats: Decodable {
        struct Supplier: Decodable {
            let calls: Int
            let accepted: Int
            let refused: [String: Int]
            let receiptsWaiting: Int
            let receiptsSent: Int
        }

        let accepted: Int
        let distinct: Int
        let doubled: Int
        let doubledSameContent: Int
        let tencent: Supplier
    }

    private func stats(_ simulator: RunningSimulator) async throws -> Stats {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Stats.self, from: Data(try await simulator.get("/_sim/stats").body))
    }

    private let pull = Array(#"{"Limit":100,"SmsSdkAppId":"1400000001"}"#.utf8)

    @Test func `what was accepted is counted, found and exported`() async throws {
        try await RunningSimulator.use { simulator in
            _ = try await simulator.sendTencent(
                ["+8613800130100", "+8613800130102", "+8613800130002"],
                key: "k-1"
            )
            _ = try await simulator.sendTencent(["+8613800130100"], text: "other", key: "k-2")
            let stats = try await stats(simulator)
            #expect(stats.accepted == 3)
            #expect(stats.distinct == 2)
            #expect(stats.doubled == 1)
            #expect(stats.doubledSameContent == 0)
            #expect(stats.tencent.calls == 2)
            #expect(stats.tencent.refused == ["FailedOperation.PhoneNumberInBlacklist": 1])
            let ledger = try await simulator.get("/_sim/ledger?recipient=%2B8613800130100").text
            #expect(ledger.contains(#""request_key":"k-2""#) && ledger.contains(#""request_key":"k-1""#))
            let export = try await simulator.get("/_sim/ledger/export").text
            let lines = export.split(separator: "\n").map { $0.split(separator: "\t") }
            #expect(lines.map { $0[0] } == ["+8613800130100", "+8613800130102", "+8613800130100"])
            #expect(lines.allSatisfy { $0.count == 4 && $0[1] == "tencent" && $0[2] == "1700000000000" })
            #expect(lines[0][3] == lines[1][3] && lines[0][3] != lines[2][3])
        }
    }

    @Test func `an export is whole, however long`() async throws {
        try await RunningSimulator.use { simulator in
            for batch in 0..<50 {
                let numbers = (0..<200).map { "+86138\(10_010_010 + (batch * 200 + $0) * 100)" }
                _ = try await simulator.sendTencent(numbers)
            }
            let export = try await simulator.get("/_sim/ledger/export").text
            #expect(Set(export.split(separator: "\n")).count == 10_000)
        }
    }

    @Test func `a pulled receipt is gone, and none comes before it is due`() async throws {
        try await RunningSimulator.use { simulator in
            _ = try await simulator.sendTencent(["+8613800130000", "+8613800130001"], key: "k-1")
            let early = try await simulator.callTencent("PullSmsSendStatus", pull)
            #expect(early.text.contains(#""PullSmsSendStatusSet":[]"#))
            simulator.clock.advance(by: .milliseconds(1_000))
            let page = try await simulator.callTencent("PullSmsSendStatus", pull).text
            #expect(page.contains("DELIVRD") && page.contains("UNDELIV") && page.contains("k-1"))
            let again = try await simulator.callTencent("PullSmsSendStatus", pull)
            #expect(again.text.contains(#""PullSmsSendStatusSet":[]"#))
            #expect(try await stats(simulator).tencent.receiptsSent == 2)
        }
    }

    @Test func `the clock can be moved, and signatures follow it`() async throws {
        try await RunningSimulator.use { simulator in
            let moved = try await simulator.post("/_sim/clock", #"{"advance_ms":301000}"#)
            #expect(moved.text == #"{"now_ms":1700000301000}"#)
            let late = try await simulator.callTencent("PullSmsSendStatus", pull)
            #expect(late.text.contains("AuthFailure.SignatureExpire"))
            let right = try await simulator.callTencent("PullSmsSendStatus", pull, skew: .seconds(1))
            #expect(right.text.contains("PullSmsSendStatusSet"))
            _ = try await simulator.post("/_sim/clock", #"{"reset":true}"#)
            #expect(
                try await simulator.callTencent("PullSmsSendStatus", pull).text
                    .contains("PullSmsSendStatusSet")
            )
        }
    }

    @Test func `scripts can be turned off`() async throws {
        try await RunningSimulator.use { simulator in
            let refused = try await simulator.sendTencent(["+8613800130002"])
            #expect(refused.text.contains("PhoneNumberInBlacklist"))
            _ = try await simulator.post("/_sim/script", #"{"enabled":false}"#)
            let accepted = try await simulator.sendTencent(["+8613800130002"])
            #expect(accepted.text.contains(#""Code":"Ok""#))
        }
    }

    @Test(arguments: [
        (#"{"supplier":"tencent","transient_ratio":1}"#, 500, 0),
        (#"{"supplier":"tencent","bad_gateway_ratio":1}"#, 502, 1), (#"{"outage":true}"#, 503, 0),
        (#"{"supplier":"aliyun","outage":true}"#, 200, 1),
    ])
    func `faults happen to the supplier that they were set for`(
        faults: String,
        status: Int,
        accepted: Int
    ) async throws {
        try await RunningSimulator.use { simulator in
            let set = try await simulator.post("/_sim/faults", faults)
            #expect(set.status == 200)
            let answer = try await simulator.sendTencent(["+8613800130100"])
            #expect(answer.status == status)
            let stats = try await stats(simulator)
            #expect(stats.accepted == accepted)
        }
    }

    @Test func `a supplier that is down hands out no receipts and answers no question`() async throws {
        try await RunningSimulator.use { simulator in
            _ = try await simulator.sendTencent(["+8613800130100"])
            simulator.clock.advance(by: .seconds(2))
            _ = try await simulator.post("/_sim/faults", #"{"outage":true}"#)
            let pull = Array(#"{"Limit":100,"SmsSdkAppId":"1400000001"}"#.utf8)
            #expect(try await simulator.callTencent("PullSmsSendStatus", pull).status == 503)
            _ = try await simulator.post("/_sim/faults", #"{"outage":false}"#)
            #expect(
                try await simulator.callTencent("PullSmsSendStatus", pull).text.contains("+8613800130100")
            )
        }
    }

    @Test func `questions about a number reach seven days back`() async throws {
        try await RunningSimulator.use { simulator in
            let start = simulator.clock.calendar.now.secondsSinceEpoch
            _ = try await simulator.sendTencent(["+8613800130100"])
            let question = Array(
                "{\"PhoneNumber\":\"+8613800130100\",\"SendDateTime\":\(start),\"Offset\":0,\"Limit\":100,\"SmsSdkAppId\":\"1400000001\"}"
                    .utf8
            )
            simulator.clock.advance(by: .seconds(7 * 86_400))
            let action = "PullSmsSendStatusByPhoneNumber"
            #expect(try await simulator.callTencent(action, question).text.contains("DELIVRD"))
            simulator.clock.advance(by: .seconds(1))
            #expect(try await !simulator.callTencent(action, question).text.contains("DELIVRD"))
        }
    }

    @Test(arguments: [(66, 1), (67, 2), (130, 2), (131, 3)])
    func `a long text is billed by its parts, the signature included`(length: Int, fee: Int) async throws {
        try await RunningSimulator.use { simulator in
            let text = String(repeating: "快", count: length)
            let answer = try await simulator.sendTencent(["+8613800130100"], text: text).text
            #expect(answer.contains("\"Fee\":\(fee),"))
        }
    }

    @Test func `a fault that is set leaves the others as they were`() async throws {
        try await RunningSimulator.use { simulator in
            _ = try await simulator.post("/_sim/faults", #"{"receipt_delay_ms":7,"fail_ratio":0.5}"#)
            let now = try await simulator.post("/_sim/faults", #"{"supplier":"aliyun","fail_ratio":0.25}"#)
                .text
            #expect(
                now.components(separatedBy: #""receipt_delay_ms":7"#).count == SimulatedSupplier.allCases
                    .count + 1
            )
            #expect(now.contains(#""fail_ratio":0.5"#) && now.contains(#""fail_ratio":0.25"#))
        }
    }

    @Test func `a reset forgets what was accepted and keeps how to behave`() async throws {
        try await RunningSimulator.use { simulator in
            _ = try await simulator.post("/_sim/script", #"{"enabled":false}"#)
            _ = try await simulator.sendTencent(["+8613800130002"])
            _ = try await simulator.post("/_sim/reset", "{}")
            #expect(try await stats(simulator).accepted == 0)
            #expect(try await simulator.get("/_sim/ledger/export").body.isEmpty)
            _ = try await simulator.sendTencent(["+8613800130002"])
            #expect(try await stats(simulator).accepted == 1)
        }
    }

    @Test(arguments: [
        ("/_sim/faults", "{"), ("/_sim/faults", #"{"supplier":"nobody"}"#),
        ("/_sim/faults", #"{"fail_ratio":"much"}"#), ("/_sim/script", "{}"), ("/_sim/clock", "[]"),
        ("/_sim/callbacks", #"{"nobody":"http://x"}"#), ("/_sim/tokens/revoke", "{}"),
    ])
    func `an order that cannot be read is refused`(path: String, body: String) async throws {
        try await RunningSimulator.use { simulator in
            let answer = try await simulator.post(path, body)
            #expect(answer.status == 400)
        }
    }
}
