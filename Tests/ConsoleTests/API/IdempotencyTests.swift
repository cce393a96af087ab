import Groundwork
import Scheduler
import TestKit
import Testing

@testable import Console

/// Calls of the job API that carry an `Idempotency-Key`.
@Suite struct IdempotencyTests {
    private static func job(_ name: String) -> String {
        #"{"name":"\#(name)","group":"app","handler":"tidy"}"#
    }

    private static func call(
        _ bench: ConsoleBench,
        _ path: String,
        _ body: String = "",
        key: String,
        method: String = "POST"
    ) async throws -> ConsoleBench.Answer {
        try await bench.call(method, path, Array(body.utf8), headers: [(name: "Idempotency-Key", value: key)])
    }

    @Test func `a job that is created again with its key is answered the same again`() async throws {
        try await ConsoleBench.use { bench in
            let made = try await Self.call(bench, "/api/v1/jobs", Self.job("a"), key: "k")
            let again = try await Self.call(bench, "/api/v1/jobs", Self.job("a"), key: "k")
            #expect(made.status == 201 && again.status == 201)
            #expect(again.text == made.text)
            #expect(again.headers["location"] == made.headers["location"])
            let other = try await Self.call(bench, "/api/v1/jobs", Self.job("b"), key: "k")
            #expect(other.status == 422)
            #expect(other["code"] == "key_taken")
            #expect(try await bench.parts.jobs.list().elements.count == 1)
        }
    }

    @Test func `a hundred equal triggers at once are one`() async throws {
        try await ConsoleBench.use { bench in
            let job = try await bench.parts.jobs.create(.sample(schedule: .manual)).id
            let path = "/api/v1/jobs/\(job)/trigger"
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<100 {
                    group.addTask { try await Self.call(bench, path, #"{"params":"x"}"#, key: "k").status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.contains(202))
            #expect(Set(statuses).isSubset(of: [202, 409]))
            let last = try await Self.call(bench, path, #"{"params":"x"}"#, key: "k")
            #expect(last.status == 202)
            let runs = try await bench.parts.runs.list(RunFilter(job: job)).elements
            #expect(runs.count == 1)
            #expect(last["items.0.id"] == .integer(try #require(runs.first).id.rawValue))
        }
    }

    @Test func `a trigger whose process died before it answered is not made again`() async throws {
        try await ConsoleBench.use { bench in
            let job = try await bench.parts.jobs.create(.sample(schedule: .manual)).id
            // As the crash leaves it: the runs and their key are stored, the answer is not.
            let calls = bench.scheduler.calls
            let dead = KeyedCall(key: "dead", digest: "d")
            #expect(try await calls.begin(dead, at: bench.now) == .begun)
            let run = try await bench.parts.jobs.trigger(job, by: .api, key: "dead")
            let same = try await bench.parts.jobs.trigger(job, by: .api, key: "dead")
            #expect(same.map(\.id) == run.map(\.id))
            #expect(try await calls.begin(dead, at: bench.now) == .triggered(run.map(\.id)))
            #expect(try await bench.parts.runs.list(RunFilter(job: job)).elements.count == 1)
        }
    }

    @Test func `a trigger whose answer was lost is in the audit trail once it was answered`() async throws {
        try await ConsoleBench.use { bench in
            let job = try await bench.parts.jobs.create(.sample(schedule: .manual)).id
            let path = "/api/v1/jobs/\(job)/trigger"
            let body = #"{"params":"x"}"#
            // As a crash after the runs were added leaves it.
            let digest = KeyedCalls.digest(of: nil, "POST", path, Array(body.utf8))
            let dead = KeyedCall(key: "k", digest: digest)
            #expect(try await bench.scheduler.calls.begin(dead, at: bench.now) == .begun)
            let run = try await bench.parts.jobs.trigger(job, params: "x", by: .api, key: "k")
            let again = try await Self.call(bench, path, body, key: "k")
            #expect(again.status == 202)
            #expect(again["items.0.id"] == .integer(try #require(run.first).id.rawValue))
            let told = try await bench.get("/api/v1/audit?kind=jobs")
            #expect(told["items.0.act"] == "trigger")
            #expect(told["items.1"].isNull)
        }
    }

    @Test func `switching and changing are keyed as well, and a refusal is not kept`() async throws {
        try await ConsoleBench.use { bench in
            let job = try await bench.parts.jobs.create(.sample(schedule: .manual)).id
            let path = "/api/v1/jobs/\(job)"
            for verb in ["disable", "enable"] {
                let first = try await Self.call(bench, "\(path)/\(verb)", key: verb)
                let second = try await Self.call(bench, "\(path)/\(verb)", key: verb)
                #expect(first.status == 200 && second.text == first.text)
            }
            let body = #"{"version":99,"name":"x","group":"app","handler":"tidy"}"#
            #expect(try await Self.call(bench, path, body, key: "change", method: "PUT").status == 409)
            let version = try await bench.parts.jobs.job(job).version
            let right = #"{"version":\#(version),"name":"x","group":"app","handler":"tidy"}"#
            let changed = try await Self.call(bench, path, right, key: "change", method: "PUT")
            let again = try await Self.call(bench, path, right, key: "change", method: "PUT")
            #expect(changed.status == 200 && again.text == changed.text)
            #expect(try await bench.parts.jobs.job(job).version == version + 1)
        }
    }

    @Test(arguments: ["a b", String(repeating: "k", count: 256)])
    func `a key that is none is refused`(key: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await Self.call(bench, "/api/v1/jobs", Self.job("a"), key: key)
            #expect(answer.status == 400)
            #expect(answer["field"] == "Idempotency-Key")
        }
    }
}
