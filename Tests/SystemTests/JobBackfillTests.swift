import Foundation
import TestKit
import Testing

/// `kpush jobs backfill` as a program, before a server.
@Suite(.timeLimit(.minutes(10))) struct JobBackfillTests {
    @Test func `what a job missed is told, run, and not run again`() async throws {
        let bench = try await CommandBench.start()
        let job = "name: hourly\ngroup: reports\nhandler: report\nschedule: {cron: \"0 0 * * * ?\"}\n"
        #expect(try await bench.kpush("jobs", "apply", bench.file("jobs.yaml", job)).status == 0)
        let span = ["jobs", "backfill", "hourly", "--from", "2026-01-01", "--to", "2026-01-02"]
        let told = try await bench.kpush(span + ["--dry-run"])
        #expect(told.status == 0, "\(told.complaints)")
        #expect(told.lines.first == "24 of 24 triggers have no run")
        #expect(told.lines.count == 25)
        let made = try await bench.kpush(span + ["--spacing", "1h", "--params", "at={instant}"])
        #expect(
            made.output.hasPrefix("24 runs added for 24 of 24 triggers, one every 3600.0 s"),
            "\(made.output)"
        )
        let again = try await bench.kpush(span)
        #expect(again.output == "nothing is missing: all 24 triggers have runs\n")
        let runs = try await bench.kpush("jobs", "runs", "hourly", "--limit", "100", "--json")
        #expect(runs.output.split(separator: "at=2026-01-01T").count == 25)
        let many = try await bench.kpush(
            "jobs",
            "backfill",
            "hourly",
            "--from",
            "2020-01-01",
            "--to",
            "2026-01-01"
        )
        #expect(many.status == 65)
        #expect(many.complaints.contains("52608 runs to add; at most 10000"), "\(many.complaints)")
        #expect(try await bench.kpush("jobs", "backfill", "hourly", "--from", "x", "--to", "y").status == 64)
    }
}
