import Groundwork
import TestKit
import Testing

@testable import PushEngine

/// Messages from the API to the handset, over real stores and the simulated suppliers.
@Suite struct DeliveryTests {
    @Test func `a message of the API is accepted, sent and delivered, and its story is complete`()
        async throws
    {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            let template = try await engine.template("您的验证码是{$code}", .verificationCode)
            let messages = try await engine.send(["13800130100"], template, ["code": "4711"])
            let message = try #require(messages.first)
            try await engine.settle()
            #expect(try await engine.takeReceipts().counted.stray == 0)

            #expect(try await engine.stages(message) == [.accepted, .calling, .answered, .receipt])
            let story = try await engine.story(message)
            #expect(story.map(\.state) == [.queued, .queued, .accepted, .delivered])
            try await engine.expectSoundStories(messages)
            let record = try await engine.record(message)
            #expect(record.state == .delivered)
            #expect(record.content == "您的验证码是4711")
            #expect(record.recipient == "+8613800130100")
            #expect(record.charge == 1)
            #expect(record.code == "DELIVRD")
            #expect(try await bench.town.counts() == ["+8613800130100": 1])
        }
    }
}
