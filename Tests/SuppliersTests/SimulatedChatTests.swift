import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// The chats' adapters over the real transport against the simulator: every way in which a call can end.
@Suite struct SimulatedChatTests {
    static let robots: [SimulatedSupplier] = [.dingTalkRobot, .feishuRobot, .weComRobot]
    static let all: [SimulatedSupplier] = robots + [.webhook, .dingTalkNotice]
    /// Those whose calls are signed, by something else than their address.
    static let signed: [SimulatedSupplier] = [.dingTalkRobot, .feishuRobot, .webhook, .dingTalkNotice]

    @Test(arguments: all)
    func `a call is accepted for each recipient, and the ledger has each once`(
        kind: SimulatedSupplier
    ) async throws {
        try await SimulatedChat.use(kind) { chat in
            let reply = await chat.send()
            #expect(reply.isAccepted, "\(reply.verdicts)")
            try await chat.expect(accepted: 3)
            let entry = try #require(try await chat.ledger(of: "u-2").first)
            #expect(entry["recipient"] == "u-2")
            #expect(entry["supplier"] == .text(kind.rawValue))
            #expect(entry["request_key"] == .text(kind == .webhook ? "k-1" : ""))
        }
    }

    @Test(arguments: all)
    func `the largest call is accepted`(kind: SimulatedSupplier) async throws {
        try await SimulatedChat.use(kind) { chat in
            let size = try #require(chat.supplier.shapes.first).recipients
            let reply = await chat.send((0..<size).map { "user-\($0)x" })
            #expect(reply.verdicts.count == size)
            #expect(reply.isAccepted)
            try await chat.expect(accepted: size)
        }
    }

    @Test(arguments: all)
    func `everybody at once is accepted`(kind: SimulatedSupplier) async throws {
        try await SimulatedChat.use(kind) { chat in
            #expect(await chat.send(["@all"]).isAccepted)
            let entries = try await chat.ledger(of: "@all")
            #expect(entries.count == 1)
        }
    }

    @Test(arguments: [SimulatedSupplier.dingTalkRobot, .weComRobot])
    func `a mobile is mentioned as one`(kind: SimulatedSupplier) async throws {
        try await SimulatedChat.use(kind) { chat in
            #expect(await chat.send(["13800130100", "+8613800130101"]).isAccepted)
            for number in ["+8613800130100", "+8613800130101"] {
                let entries = try await chat.ledger(of: number)
                #expect(entries.map { $0["recipient"] } == [.text(number)])
            }
        }
    }

    @Test(arguments: [
        (SimulatedSupplier.dingTalkRobot, #"{"sendType":"80","title":"T","content":"c"}"#, true),
        (.dingTalkRobot, #"{"sendType":"110","title":"T","content":"c","url":"https://a"}"#, false),
        (.dingTalkRobot, #"{"sendType":"120","title":"T","content":"c","url":"https://a"}"#, false),
        (
            .dingTalkRobot,
            #"{"sendType":"120","title":"T","content":"c","btns":[{"title":"A","actionURL":"https://a"},{"title":"B","actionURL":"https://b"}]}"#,
            false
        ),
        (.dingTalkRobot, #"{"sendType":"40","feedCards":[{"title":"T","messageURL":"https://a"}]}"#, false),
        (.feishuRobot, #"{"sendType":"150","title":"T","postContent":[[{"tag":"text","text":"c"}]]}"#, true),
        (.feishuRobot, #"{"sendType":"100","mediaId":"img"}"#, false),
        (.feishuRobot, #"{"sendType":"160","mediaId":"oc"}"#, false),
        (.feishuRobot, #"{"sendType":"120","card":{"elements":[]}}"#, false),
        (.weComRobot, #"{"sendType":"80","content":"c"}"#, true),
        (.weComRobot, #"{"sendType":"100","base64":"aGVsbG8="}"#, false),
        (.weComRobot, #"{"sendType":"40","articles":[{"title":"T","url":"https://a"}]}"#, false),
        (.weComRobot, #"{"sendType":"60","mediaId":"m"}"#, false),
        (.weComRobot, #"{"sendType":"20","mediaId":"m"}"#, false),
        (.weComRobot, #"{"sendType":"90","templateCard":{"card_type":"text_notice"}}"#, false),
    ])
    func `each kind of a robot's message is taken, and mentions whom it can`(
        kind: SimulatedSupplier,
        content: String,
        mentions: Bool
    ) async throws {
        try await SimulatedChat.use(kind) { chat in
            let content = try await MediaSamples.uploaded(content, by: chat.supplier)
            let reply = await chat.send(["u-1"], content: content)
            #expect(reply.isAccepted, "\(reply.verdicts)")
            let entries = try await chat.ledger(of: mentions ? "u-1" : "@group")
            #expect(entries.count == 1)
        }
    }

    @Test(arguments: all)
    func `what is said counts as the same, whoever else is called`(kind: SimulatedSupplier) async throws {
        try await SimulatedChat.use(kind) { chat in
            _ = await chat.send(["u-1", "u-12"])
            _ = await chat.send(["u-3"])
            let hashes = try await chat.ledger(of: "u-1") + chat.ledger(of: "u-3")
            #expect(hashes.count == 2)
            #expect(Set(hashes.map { $0["content_hash"] }).count == 1)
        }
    }

    @Test(arguments: all)
    func `a withheld answer leaves all open, although all were accepted`(
        kind: SimulatedSupplier
    ) async throws {
        try await SimulatedChat.use(kind, timeout: .milliseconds(500)) { chat in
            let reply = await chat.send(["u-1", "u-0004"])
            #expect(reply.verdicts.allSatisfy { $0.isAmbiguous })
            try await chat.expect(accepted: 2)
        }
    }

    @Test(arguments: all, ["0005", "0007"])
    func `a reset and a cut answer leave all open`(kind: SimulatedSupplier, digits: String) async throws {
        try await SimulatedChat.use(kind) { chat in
            let reply = await chat.send(["u-1", "u-\(digits)"])
            #expect(reply.verdicts.allSatisfy { $0.isAmbiguous })
            try await chat.expect(accepted: digits == "0007" ? 2 : 0)
        }
    }

    @Test(arguments: all)
    func `a server error twice is transient twice, and then the call goes`(
        kind: SimulatedSupplier
    ) async throws {
        try await SimulatedChat.use(kind) { chat in
            var faults: [Refusal.Class?] = []
            for _ in 0..<3 { faults += await chat.send(["u-0006"]).verdicts.map(\.fault) }
            #expect(faults == [.transient, .transient, nil])
            try await chat.expect(accepted: 1)
        }
    }

    @Test(arguments: all)
    func `a bad gateway leaves all open, a full house and an outage refuse`(
        kind: SimulatedSupplier
    ) async throws {
        try await SimulatedChat.use(kind) { chat in
            try await chat.order("/_sim/faults", #"{"bad_gateway_ratio":1}"#)
            #expect(await chat.send().verdicts.allSatisfy { $0.isAmbiguous })
            try await chat.order("/_sim/faults", #"{"bad_gateway_ratio":0,"throttled_ratio":1}"#)
            #expect(await chat.send().verdicts.allSatisfy { $0.fault == .throttled })
            try await chat.order("/_sim/faults", #"{"throttled_ratio":0,"outage":true}"#)
            #expect(await chat.send().verdicts.allSatisfy { $0.fault == .transient })
        }
    }

    @Test(arguments: signed)
    func `a wrong secret is the account's fault`(kind: SimulatedSupplier) async throws {
        try await SimulatedChat.use(kind, secret: Secret("SECwrong")) { chat in
            #expect(await chat.send().verdicts.allSatisfy { $0.fault == .badConfig })
            try await chat.expect(accepted: 0)
        }
    }

    @Test(arguments: all)
    func `the next key works as well, until it is revoked`(kind: SimulatedSupplier) async throws {
        try await SimulatedChat.use(kind, nextKey: true) { chat in
            #expect(await chat.send(["u-1"]).isAccepted)
            let entry = try #require(try await chat.ledger(of: "u-1").first)
            #expect(entry["signed_with_next_key"] == true)
            let key = SimulatorCredentials.demo[kind].nextKey.accessKey
            try await chat.order("/_sim/tokens/revoke", #"{"access_key":"\#(key)"}"#)
            #expect(await chat.send().verdicts.allSatisfy { $0.fault == .badConfig })
        }
    }

    @Test(arguments: [SimulatedSupplier.dingTalkRobot, .feishuRobot, .webhook])
    func `a clock that is off is the account's fault`(kind: SimulatedSupplier) async throws {
        try await SimulatedChat.use(kind) { chat in
            try await chat.order("/_sim/clock", #"{"advance_ms":3601000}"#)
            #expect(await chat.send().verdicts.allSatisfy { $0.fault == .badConfig })
            try await chat.order("/_sim/clock", #"{"reset":true}"#)
            #expect(await chat.send().isAccepted)
        }
    }

    // What robots and webhooks do about single recipients.

    @Test(arguments: robots)
    func `a robot passes over whom its group does not have`(kind: SimulatedSupplier) async throws {
        try await SimulatedChat.use(kind) { chat in
            #expect(await chat.send(["u-1", "u-0002"]).isAccepted)
            try await chat.expect(accepted: 1)
        }
    }

    @Test func `a webhook refuses single recipients, and the others go`() async throws {
        try await SimulatedChat.use(.webhook) { chat in
            let reply = await chat.send(["u-1", "u-0002", "u-2"])
            #expect(reply.verdicts.map(\.fault) == [nil, .badRecipient, nil])
            try await chat.expect(accepted: 2)
        }
    }

    @Test(arguments: [
        (SimulatedSupplier.dingTalkRobot, Duration.seconds(600)), (.feishuRobot, .seconds(60)),
        (.weComRobot, .seconds(60)), (.webhook, .seconds(30)),
    ])
    func `too much is told with the wait that follows`(
        kind: SimulatedSupplier,
        wait: Duration
    ) async throws {
        try await SimulatedChat.use(kind) { chat in
            let reply = await chat.send(["u-1", "u-0003"])
            #expect(reply.verdicts.allSatisfy { $0.fault == .throttled })
            #expect(reply.wait == wait)
            try await chat.expect(accepted: 0)
        }
    }

    @Test(arguments: [(SimulatedSupplier.dingTalkRobot, 20), (.weComRobot, 20), (.feishuRobot, 5)])
    func `one message too many is refused, and the rest come later`(
        kind: SimulatedSupplier,
        rate: Int
    ) async throws {
        try await SimulatedChat.use(kind) { chat in
            for number in 0..<rate { #expect(await chat.send(["user-\(number)x"]).isAccepted) }
            let reply = await chat.send(["user-x"])
            #expect(reply.verdicts.map(\.fault) == [.throttled])
            chat.clock.advance(by: reply.wait ?? .zero)
            #expect(await chat.send(["user-x"]).isAccepted)
            try await chat.expect(accepted: rate + 1)
        }
    }
}
