import Groundwork
import Scheduler
import TestKit
import Testing

@testable import Console

@Suite struct LedgerTests {
    @Test func `a job that nobody serves is named with each trigger that it missed`() async throws {
        try await ConsoleBench.use { bench in
            let start = bench.clock.calendar.now
            let job = try await JobService(bench.scheduler)
                .create(JobSpec(name: "j", group: "app", schedule: .every(.seconds(10)), handler: "h"))
            let path = "/api/v1/jobs/verify?from=\(start.millisecondsSinceEpoch)"
            bench.clock.advance(by: .seconds(14))
            let sound = try await bench.get(path)
            #expect(sound["proven"] == true)
            #expect(sound["jobs"] == 1)
            #expect(sound["expected"] == 0)
            bench.clock.advance(by: .seconds(12))
            let report = try await bench.get(path)
            #expect(report["proven"] == false)
            #expect(report["expected"] == 2)
            #expect(report["differences.missing"] == 2)
            #expect(report["findings.0.kind"] == "missing")
            #expect(report["findings.0.job"].wholeNumber == job.id.rawValue)
            #expect(report["findings.0.plannedAt"] == "2030-01-15T04:00:10.000Z")
            #expect(report["findings.0.run"] == .null)
            let short = try await bench.get(path + "&limit=1&late=0.5&job=\(job.id)")
            #expect(short["differences.missing"] == 2)
            #expect(short["findings.1.kind"] == .null)
            #expect(try await bench.get(path + "&job=99")["jobs"] == 0)
        }
    }

    @Test(
        arguments: [
            ("", "from"), ("from=x", "from"), ("from=2030-01-16T04:00:00Z", "from"),
            ("from=2030-01-14T04:00:00Z&to=2030-01-13T04:00:00Z", "from"),
            ("from=2030-01-14T04:00:00Z&late=-1", "late"), ("from=2030-01-14T04:00:00Z&limit=1001", "limit"),
            ("from=2030-01-14T04:00:00Z&job=x", "job"),
        ]
    )
    func `a span that makes no sense is refused with its field`(query: String, field: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.get("/api/v1/jobs/verify?\(query)")
            #expect(answer.status == 400)
            #expect(answer["field"].text == field)
        }
    }
}
