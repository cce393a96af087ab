import Foundation
import Groundwork
import TestKit
import Testing

@testable import Executor

/// What a program may use, and as whom it runs.
@Suite(.timeLimit(.minutes(5))) final class ProgramLimitTests: Sendable {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("limits")
    }

    private func outcome(
        _ source: String,
        type: String = "GLUE_SHELL",
        _ change: (inout ProgramSettings) -> Void
    ) async throws -> (outcome: RunOutcome?, output: [String]) {
        var settings = ProgramBench.settings
        change(&settings)
        var result: (RunOutcome?, [String]) = (nil, [])
        let clock = ManualClock(RunnerBench.planned)
        var handlers = HandlerCatalogue()
        handlers.allowScripts(try ProgramRunner(settings, clock: clock))
        result = try await RunnerBench.serve(in: folder.file(UUID().uuidString), handlers: handlers) {
            runner in
            let bench = ProgramBench(runner: runner, clock: clock)
            return (try await bench.outcome(source, type: type), try await bench.output())
        }
        return result
    }

    @Test func `memory is limited`() async throws {
        let source = "try: bytearray(1 << 30); print('had it')\nexcept MemoryError: print('refused')"
        #expect(
            try await outcome(source, type: "GLUE_PYTHON") { $0.memory = 256 << 20 }.output == ["refused"]
        )
        #expect(try await outcome(source, type: "GLUE_PYTHON") { $0.memory = 0 }.output == ["had it"])
    }

    @Test func `files are limited`() async throws {
        let source =
            "file=$(mktemp); trap 'rm $file' EXIT; head -c 1048576 /dev/zero > $file; stat -c %s $file"
        #expect(try await outcome(source) { $0.fileSize = 65_536 }.output.contains("65536"))
    }

    @Test func `processor time is limited`() async throws {
        let ended = try await outcome("while :; do :; done") { $0.cpuSeconds = 1 }
        let signals = ["signal 24 (CPU time limit exceeded)", "signal 9 (Killed)"]
        #expect(signals.map { RunOutcome.failed("script was killed by \($0)") }.contains(ended.outcome))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can run programs as somebody whose processes it may count"))
    func `processes are limited`() async throws {
        let source = """
            import os, time
            for count in range(100):
                try: pid = os.fork()
                except OSError: print('refused'); break
                if pid == 0: time.sleep(600)
            """
        #expect(try await outcome(source, type: "GLUE_PYTHON") { $0.processes = 20 }.output == ["refused"])
    }

    static let spoilers: [(String, @Sendable (inout ProgramSettings) -> Void)] = [
        ("user", { $0.user = "nobody-knows-them" }), ("path", { $0.path = "bin" }),
        ("memory", { $0.memory = 1 }), ("width", { $0.width = 0 }), ("output", { $0.output = 0 }),
        ("processes", { $0.processes = -1 }), ("grace", { $0.grace = .seconds(-1) }),
        ("cpu", { $0.cpuSeconds = -1 }), ("file-size", { $0.fileSize = -1 }),
    ]

    @Test(arguments: ProgramLimitTests.spoilers)
    func `a setting that cannot be used is named`(
        name: String,
        spoil: @Sendable (inout ProgramSettings) -> Void
    ) throws {
        var settings = ProgramBench.settings
        _ = try ProgramRunner(settings)
        spoil(&settings)
        let error = #expect(throws: ExecutorError.self) { _ = try ProgramRunner(settings) }
        #expect(error?.code == .settings)
        #expect(error?.operation == name)
    }

    @Test func `root says as whom programs run, and nobody else can`() throws {
        let isRoot = geteuid() == 0
        let error = #expect(throws: ExecutorError.self) {
            _ = try ProgramAccount(named: isRoot ? nil : "root")
        }
        #expect(error?.operation == "user")
        #expect(error?.detail.contains(isRoot ? "must be set" : "only root") == true)
    }
}

@Suite struct OutputLinesTests {
    private static func lines(_ pieces: [[UInt8]], limit: Int = 1 << 20) -> [String] {
        var (lines, found) = (OutputLines(limit: limit), [String]())
        for piece in pieces { lines.take(piece) { found.append($0) } }
        lines.finish { found.append($0) }
        return found
    }

    @Test func `a line may come in pieces, and a piece may be lines`() {
        #expect(
            Self.lines([Array("a".utf8), Array("b\nc\n\nd".utf8), Array("é".utf8)]) == ["ab", "c", "", "dé"]
        )
        #expect(Self.lines([Array("é".utf8.prefix(1)), Array("é\n".utf8.dropFirst(1))]) == ["é"])
        #expect(Self.lines([]).isEmpty)
    }

    @Test func `a line that is too long becomes several, between characters`() {
        let text = "x" + String(repeating: "汉", count: OutputLines.lineBytes)
        let lines = Self.lines([Array(text.utf8)])
        #expect(lines.joined() == text)
        #expect(lines.count > 3 && lines.allSatisfy { $0.utf8.count <= OutputLines.lineBytes })
    }

    @Test func `what is over the limit is said once, exactly at it nothing is`() {
        let cut = "[output cut: it is longer than 4 bytes, the rest is dropped]"
        #expect(Self.lines([Array("abc\n".utf8)], limit: 4) == ["abc"])
        #expect(
            Self.lines([Array("abcd".utf8), Array("e".utf8), Array("f\n".utf8)], limit: 4) == ["abcd", cut]
        )
    }
}
