import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// The chats' adapters over the real transport against the simulator: what is theirs.
@Suite struct SimulatedChatTests {
    static let robots: [SimulatedSupplier] = [.dingTalkRobot, .feishuRobot, .weComRobot]
    static let all: [SimulatedSupplier] = robots + [.webhook, .dingTalkNotice]

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

    @Test(arguments: robots + [.webhook])
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
}
