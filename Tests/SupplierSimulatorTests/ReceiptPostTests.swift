import Foundation
import Groundwork
import TestKit
import Testing

@testable import SupplierSimulator

/// Receipts that the simulator posts.
@Suite struct ReceiptPostTests {
    /// Takes posts and answers each with the next of `answers`, the last one for ever.
    private func receiver(_ answers: [String]) throws -> RawServer {
        try RawServer { server, connection in
            while let request = connection.readRequest() {
                let number = server.notes.count
                server.note(request.range(of: "\r\n\r\n").map { String(request[$0.upperBound...]) } ?? "")
                connection.answer(answers[min(number, answers.count - 1)])
            }
        }
    }

    private func until(
        _ what: Comment,
        _ clock: ManualClock,
        advancing step: Duration = .seconds(1),
        _ condition: () -> Bool
    ) async throws {
        try await eventually(what) {
            if condition() { return true }
            clock.advance(by: step)
            return false
        }
    }

    @Test func `Tencent's receipts are posted in pages of a hundred, each once`() async throws {
        let receiver = try receiver([#"{"result":0,"errmsg":"OK"}"#])
        defer { receiver.close() }
        var settings = SimulatorSettings()
        settings.callbacks[.tencent] = receiver.url + "/receipts"
        try await RunningSimulator.use(settings) { simulator in
            let numbers = (0..<150).map { "+86138001\(30_100 + $0)" }.map { $0.prefix(14) }.map(String.init)
            _ = try await simulator.sendTencent(numbers, key: "k-9")
            try await until("all are posted", simulator.clock) {
                receiver.notes.joined().components(separatedBy: "\"sid\"").count == 151
            }
            let pages = receiver.notes
            #expect(pages.map { $0.components(separatedBy: "\"sid\"").count - 1 }.sorted() == [50, 100])
            #expect(pages.allSatisfy { $0.contains(#""ext":"k-9""#) && $0.contains(#""nationcode":"86""#) })
        }
    }

    @Test func `Aliyun tries again after 1, 5 and 10 minutes and then drops`() async throws {
        let receiver = try receiver([#"{"code":1,"msg":"busy"}"#])
        defer { receiver.close() }
        var settings = SimulatorSettings()
        settings.callbacks[.aliyun] = receiver.url
        var world = World(settings: settings)
        let start = RunningSimulator.vectorTime
        _ = world.accept(
            [World.Message(recipient: 8_613_800_130_100, contentHash: 0)],
            by: .aliyun,
            usedNextKey: false,
            key: [],
            at: start
        )
        let simulation = Simulation(settings: settings, clock: SystemClock())
        var post = try #require(
            world.takePosts(of: simulation.desks, at: start + .seconds(1)).first
        )
        var waits: [Int64] = []
        var now = start
        while let next = post.next(simulation.desk(.aliyun).postWaits, after: now) {
            waits.append((next.due - now.millisecondsSinceEpoch) / 60_000)
            now = Moment(millisecondsSinceEpoch: next.due)
            post = next
        }
        #expect(waits == [1, 5, 10])
    }

    @Test func `a post that is not taken comes again a minute later, and no more once it is taken`()
        async throws
    {
        let receiver = try receiver([#"{"result":1}"#, #"{"result":0}"#])
        defer { receiver.close() }
        var settings = SimulatorSettings()
        settings.callbacks[.tencent] = receiver.url
        try await RunningSimulator.use(settings) { simulator in
            _ = try await simulator.sendTencent(["+8613800130100"])
            try await until("it is posted", simulator.clock) { receiver.notes.count == 1 }
            try await eventually("the refusal is noted") {
                try await simulator.stats().contains(#""posts_failed":1"#)
            }
            simulator.clock.advance(by: .seconds(59))
            #expect(receiver.notes.count == 1)
            try await until("it is posted again", simulator.clock) { receiver.notes.count == 2 }
            #expect(receiver.notes[0] == receiver.notes[1])
            try await eventually("it is counted") {
                try await simulator.stats().contains(#""receipts_sent":1"#)
            }
        }
    }

    @Test func `a late receipt comes twice, and a lost one never`() {
        var settings = SimulatorSettings()
        settings.faults.receiptLossRatio = 1
        var world = World(settings: settings)
        let now = RunningSimulator.vectorTime
        let recipients: [UInt64] = [8_613_800_130_008, 8_613_800_130_100]
        _ = world.accept(
            recipients.map { World.Message(recipient: $0, contentHash: 0) },
            by: .tencent,
            usedNextKey: false,
            key: [],
            at: now
        )
        let early = world.receipts[.tencent]
            .takeDue(
                at: (now + .seconds(30)).millisecondsSinceEpoch,
                limit: 100
            )
        #expect(early.isEmpty)
        let late = world.receipts[.tencent]
            .takeDue(at: (now + .seconds(60)).millisecondsSinceEpoch, limit: 100)
        #expect(late.map { world.ledger[$0].recipient } == [8_613_800_130_008, 8_613_800_130_008])
    }
}
