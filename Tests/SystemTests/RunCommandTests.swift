import TestKit
import Testing

/// `kpush runs` as a person meets it.
@Suite(.timeLimit(.minutes(5))) struct RunCommandTests {
    @Test func `runs are counted by day, and clearing says how many before it clears`() async throws {
        let bench = try await CommandBench.start()
        try await eventually("a run is counted") {
            _ = try await bench.kpush("jobs", "trigger", "token-refresh", "--follow")
            let days = try await bench.kpush("runs", "days")
            return days.status == 0 && days.lines.count == 8
        }
        let none = try await bench.kpush("runs", "clear", "--older-than", "30")
        #expect(none.output == "would be cleared: 0; say --yes to clear them\n")
        let cleared = try await bench.kpush("runs", "clear", "--group", "kpush", "--keep", "100000", "--yes")
        #expect(cleared.output == "cleared: 0\n")
        #expect(try await bench.kpush("runs", "clear", "--keep", "1", "--older-than", "1").status == 64)
        let wrong = try await bench.kpush("runs", "clear", "--older-than", "4000")
        #expect(wrong.status == 65)
        #expect(wrong.complaints.contains("olderThanDays must be from 0 to 3650"), "\(wrong.complaints)")
        #expect(try await bench.kpush("runs", "days", "--from", "20300230").status == 65)
    }
}
