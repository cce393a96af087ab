import TestKit
import Testing

/// `kpush health`, as a container's health check calls it.
@Suite(.timeLimit(.minutes(3))) struct HealthCommandTests {
    @Test func `a server that is ready ends it well, and none ends it otherwise`() async throws {
        let bench = try await CommandBench.start()
        let ready = try await Program.run(["health", bench.url])
        #expect(ready.status == 0, "\(ready.complaints)")
        #expect(ready.output.contains("\"ready\":true"))
        let nobody = try await Program.run(["health", "http://127.0.0.1:1"])
        #expect(nobody.status == 69)
        #expect(nobody.complaints.contains("does not answer"))
    }
}
