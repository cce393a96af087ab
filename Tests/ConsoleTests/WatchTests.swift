import Testing

@Suite struct HealthTests {
    @Test func `answers that it lives`() async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.call("GET", "/healthz", token: nil)
            #expect(answer.status == 200)
            #expect(answer.text == "ok\n")
        }
    }
}
