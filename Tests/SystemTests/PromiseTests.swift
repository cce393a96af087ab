import Foundation
import Groundwork
import Scheduler
import TestKit
import Testing

/// What the documents say that tests prove is proved by tests.
@Suite struct PromiseTests {
    private static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardizedFileURL

    /// Every test as `Suite: name`, also of a suite that an extension adds to.
    private static func tests() throws -> Set<String> {
        var found: Set<String> = []
        let files = FileManager.default.enumerator(atPath: top.appendingPathComponent("Tests").path)
        while let file = files?.nextObject() as? String {
            guard file.hasSuffix(".swift") else { continue }
            let text = try String(contentsOf: top.appendingPathComponent("Tests/\(file)"), encoding: .utf8)
            var suite = ""
            for line in text.split(separator: "\n") {
                if let name = line.firstMatch(of: /(?:struct|class|extension) ([A-Za-z]+Tests)/) {
                    suite = String(name.1)
                }
                if let name = line.firstMatch(of: /func `([^`]+)`/) { found.insert("\(suite): \(name.1)") }
            }
        }
        return found
    }

    @Test func `every test that stands beside a promise exists`() throws {
        let path = Self.top.appendingPathComponent("docs/xxl-job.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        let named = text.matches(of: /`([A-Za-z]+Tests)`: \*([^*]+)\*/).map { "\($0.1): \($0.2)" }
        try #require(named.count > 25)
        #expect(Set(named).subtracting(try Self.tests()) == [])
        let rows = text.matches(of: /\n\| \*\*([0-9]+)\./).map { String($0.1) }
        #expect(rows == (1...10).map(String.init))
    }
}

/// A fixed delay by real clocks, with a program that really takes its time.
@Suite(.timeLimit(.minutes(3))) struct FixedDelayTests {
    @Test func `a run of three seconds with a delay of two begins every five`() async throws {
        let user = geteuid() == 0 ? ["KPUSH_EXECUTOR_SCRIPTS_USER": "nobody"] : [:]
        let bench = try await CommandBench.start(
            settings: ["KPUSH_EXECUTOR_COMMANDS_ALLOWED": "/usr/bin/sleep"].merging(user) { $1 }
        )
        let definition = """
            name: slow
            group: kpush
            handler: commandJobHandler
            params: /usr/bin/sleep 3
            schedule: {after: 2}
            """
        #expect(try await bench.kpush("jobs", "apply", "-", input: definition).status == 0)
        var runs: [[String: Any]] = []
        try await eventually("four runs have ended", every: .seconds(1)) {
            let list = try await bench.kpush("jobs", "runs", "slow", "--json", "--reason", "completed")
            runs = try list.json()["items"] as? [[String: Any]] ?? []
            return runs.count >= 4
        }
        let starts = runs.compactMap { $0["startedAt"] as? String }
            .compactMap { InstantText.moment($0, in: .utc) }
            .sorted()
        try #require(starts.count >= 4)
        for (one, next) in zip(starts, starts.dropFirst()) {
            let gap = (next - one).inSeconds
            // Never sooner than both together; later by what this machine takes to start a program and to tell of it.
            #expect(gap >= 4.99 && gap < 6, "\(gap) s")
        }
    }
}
