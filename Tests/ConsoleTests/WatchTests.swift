import Groundwork
import HTTPTypes
import PushEngine
import Scheduler
import TestKit
import Testing

@testable import Console

/// What those look at who keep the service running.
@Suite struct WatchTests {
    @Test func `answers that it lives and is ready, to anybody`() async throws {
        try await ConsoleBench.use { bench in
            let alive = try await bench.call("GET", "/healthz", token: nil)
            #expect(alive.status == 200)
            #expect(alive.text == "ok\n")
            let ready = try await bench.call("GET", "/readyz", token: nil)
            #expect(ready.status == 200)
            #expect(ready["ready"] == true)
            #expect(bench.clock.waiting == 0)
        }
    }

    @Test func `is not ready while a store fails, and names it`() async throws {
        try await ConsoleBench.use { bench async throws in
            var parts = bench.parts
            parts.queue = BrokenQueue(isSilent: false)
            let told = await HealthRoutes(parts: parts).readiness()
            #expect(told.status.code == 503)
            #expect(told.json.object?["silent"] == .list(["queue"]))
        }
    }

    @Test func `does not wait for a store that is silent`() async throws {
        try await ConsoleBench.use { bench async throws in
            var parts = bench.parts
            parts.queue = BrokenQueue(isSilent: true)
            // The other questions may be late as well: what counts is that there is an answer.
            let ticking = Task {
                while !Task.isCancelled {
                    bench.clock.advance(by: .seconds(2))
                    await Task.yield()
                }
            }
            let told = await HealthRoutes(parts: parts).readiness()
            ticking.cancel()
            await ticking.value
            #expect(told.status.code == 503)
            #expect(told.json.object?["silent"].list?.contains("queue") == true)
        }
    }

    @Test func `metrics tell of messages, queues, executors and runs`() async throws {
        try await ConsoleBench.use { bench in
            try await bench.executor()
            _ = try await bench.running()
            let template = try await bench.template("hello")
            let body =
                #"{"messageTemplateId":\#(template.rawValue),"messageParam":{"receiver":"13800138000"}}"#
            _ = try await bench.post("/api/v1/send", body)
            bench.clock.advance(by: .seconds(5))
            let answer = try await bench.get("/metrics")
            #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            let lines = Set(answer.text.split(separator: "\n").map(String.init))
            let expected = [
                #"kpush_queue_batches{lane="sms.notice",state="ready"} 1"#,
                #"kpush_messages_today{state="queued"} 1"#, #"kpush_messages_today{state="delivered"} 0"#,
                #"kpush_executors_living{group="app"} 1"#, #"kpush_runs_planned_total{trigger="manual"} 1"#,
                "kpush_scheduler_leader 0", "kpush_uptime_seconds 5",
                "# TYPE kpush_handover_seconds histogram",
                #"kpush_plan_lateness_seconds_bucket{le="+Inf"} 0"#,
                #"kpush_run_stage_seconds_bucket{stage="sent",le="+Inf"} 0"#,
                "# TYPE kpush_dead_letters gauge",
            ]
            for line in expected { #expect(lines.contains(line), "\(line)") }
            #expect(lines.contains { $0.hasPrefix("process_resident_memory_bytes ") })
        }
    }

    @Test func `every family has its help and its type, once, before its samples`() async throws {
        try await ConsoleBench.use { bench in
            let lines = try await bench.get("/metrics").text.split(separator: "\n")
            var open = ""
            var seen: Set<Substring> = []
            for line in lines {
                let words = line.split(separator: " ")
                if line.hasPrefix("# HELP") {
                    #expect(seen.insert(words[2]).inserted)
                    open = String(words[2])
                } else if !line.hasPrefix("# TYPE") {
                    #expect(line.hasPrefix(open), "\(line)")
                    #expect(words.last.flatMap { Double($0) } != nil, "\(line)")
                }
            }
        }
    }

    @Test func `labels are escaped`() {
        var out = PrometheusText()
        out.family("name", .gauge, "a\\b\nc", [.init(1.5, ["group": "a\"b\\c\nd"])])
        #expect(
            out.text == "# HELP name a\\\\b\\nc\n# TYPE name gauge\nname{group=\"a\\\"b\\\\c\\nd\"} 1.5\n"
        )
    }

    @Test func `a histogram counts upwards`() {
        var out = PrometheusText()
        out.histogram("wait", "How long.", SchedulerGauges().reading.handover)
        #expect(out.text.contains("wait_bucket{le=\"0.001\"} 0\n"))
        #expect(out.text.hasSuffix("wait_bucket{le=\"+Inf\"} 0\nwait_sum 0\nwait_count 0\n"))
    }
}

/// A queue that fails, or says nothing until its caller gives up.
private struct BrokenQueue: SendQueue {
    let isSilent: Bool

    func depths() async throws(StoreError) -> [Lane: QueueDepth] {
        let (silence, _) = AsyncStream<Void>.makeStream()
        if isSilent { for await _ in silence {} }
        throw StoreError(.unavailable, during: "read depths")
    }

    func append(_ messages: [QueueMessage]) async throws(StoreError) {}
    func claim(_ lane: Lane, limit: Int, visibility: Duration) async throws(StoreError) -> [QueueDelivery] {
        []
    }
    func extend(_ delivery: QueueDelivery, visibility: Duration) async throws(StoreError) -> Bool { true }
    func acknowledge(_ delivery: QueueDelivery) async throws(StoreError) {}
    func postpone(
        _ delivery: QueueDelivery,
        by delay: Duration,
        counted: Bool
    ) async throws(StoreError) {}
    func note(_ delivery: QueueDelivery, left: Int) async throws(StoreError) {}
    func bury(_ delivery: QueueDelivery, reason: String) async throws(StoreError) {}
    func setSuspended(_ suspended: Bool, _ run: CampaignRunID) async throws(StoreError) {}
    func load(of lane: Lane, atMost limit: Int) async throws(StoreError) -> Int { 0 }
    func deadLetters(before place: ListPlace?, limit: Int) async throws(StoreError) -> [DeadLetter] { [] }
    func revive(_ batch: BatchID) async throws(StoreError) {}
    func suspendedRuns() async throws(StoreError) -> Set<CampaignRunID> { [] }
    func waitForWork(_ lane: Lane, atMost limit: Duration) async {}
    func waitForRoom(_ lane: Lane, below depth: Int, atMost limit: Duration) async {}
}
