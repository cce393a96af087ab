import Groundwork
import PushEngine
import Testing

@Suite struct QueueTests {
    private static let lane = Lane(channel: .sms, type: .notice)

    @Test func `depths, dead letters and their revival`() async throws {
        try await ConsoleBench.use { bench in
            let message = QueueMessage(batch: BatchID(rawValue: 1 << 40), lane: Self.lane, campaignRun: nil)
            try await bench.queue.append([message])
            let depths = try await bench.get("/api/v1/queue")
            #expect(depths["items.0.lane"] == "sms.notice")
            #expect(depths["items.0.ready"] == 1)

            let claimed = try await bench.queue.claim(Self.lane, limit: 1, visibility: .seconds(9))
            try await bench.queue.bury(#require(claimed.first), reason: "unreadable")
            let dead = try await bench.get("/api/v1/queue/dead")
            #expect(dead["items.0.batch"] == "1099511627776")
            #expect(dead["items.0.reason"] == "unreadable")

            let full = try await bench.get("/api/v1/queue/dead?limit=1")
            let next = try #require(full["next"].text)
            let rest = try await bench.get("/api/v1/queue/dead?limit=1&before=\(next)")
            #expect(rest["items.0"] == .null)
            #expect(try await bench.get("/api/v1/queue/dead?before=x").status == 400)

            let revive = "/api/v1/queue/dead/1099511627776/revive"
            #expect(try await bench.post(revive).status == 204)
            #expect(try await bench.post(revive).status == 404)
            #expect(try await bench.get("/api/v1/queue")["items.0.ready"] == 1)
            #expect(try await bench.post("/api/v1/queue/dead/x/revive").status == 400)
        }
    }
}
