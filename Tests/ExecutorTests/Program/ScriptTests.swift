import Foundation
import Groundwork
import TestKit
import Testing

@testable import Executor

/// Scripts that come with the run, run by the real interpreters.
@Suite(.timeLimit(.minutes(5))) final class ScriptTests: Sendable {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("scripts")
    }

    @Test(arguments: [
        ("GLUE_SHELL", #"echo "$1|$2|$3""#),
        ("GLUE_PYTHON", "import sys\nprint('|'.join(sys.argv[1:]))"),
        ("GLUE_NODEJS", "console.log(process.argv.slice(2).join('|'))"),
    ])
    func `a script is told its parameter, its shard and how many there are`(
        type: String,
        source: String
    ) async throws {
        try await ProgramBench.serve(in: folder.path) { bench in
            let outcome = try await bench.outcome(source, type: type, params: "a b; $HOME '\"é")
            #expect(outcome == .succeeded(nil))
            #expect(try await bench.output() == ["a b; $HOME '\"é|2|5"])
        }
    }

    @Test func `a script's environment has its run in it, and nothing of ours`() async throws {
        try await ProgramBench.serve(in: folder.path) { bench in
            let source = "import os\nfor name, value in os.environ.items(): print(name + '=' + value)"
            #expect(try await bench.outcome(source, type: "GLUE_PYTHON", params: "p=1") == .succeeded(nil))
            let pairs = try await bench.output()
                .map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
            let environment = Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) })
            let names: Set = [
                "PATH", "LANG", "HOME", "KPUSH_EXECUTOR", "KPUSH_JOB_ID", "KPUSH_RUN_ID", "KPUSH_PARAM",
                "KPUSH_SHARD_INDEX",
                "KPUSH_SHARD_TOTAL", "KPUSH_PLANNED_AT", "KPUSH_MARK",
            ]
            #expect(Set(environment.keys) == names)
            #expect(environment["KPUSH_JOB_ID"] == "1" && environment["KPUSH_PARAM"] == "p=1")
            #expect(environment["KPUSH_SHARD_INDEX"] == "2" && environment["KPUSH_SHARD_TOTAL"] == "5")
        }
    }

    @Test(arguments: [
        ("exit 3", "script exit value(3) is failed"),
        ("kill -9 $$", "script was killed by signal 9 (Killed)"),
        ("nobody-knows-me", "script exit value(127) is failed"),
    ])
    func `a script that ends with anything but 0 fails its run, and says how`(
        source: String,
        message: String
    ) async throws {
        try await ProgramBench.serve(in: folder.path) { bench in
            let outcome = try await bench.outcome(source)
            #expect(outcome == .failed(message))
        }
    }

    @Test func `what a script writes stands in the run's log, whatever it is`() async throws {
        try await ProgramBench.serve(in: folder.path) { bench in
            let source = #"echo out; echo err >&2; printf 'a\xffb\033[1m\r\n\nlast'"#
            let outcome = try await bench.outcome(source)
            #expect(outcome == .succeeded(nil))
            #expect(try await bench.output() == ["out", "err", "a\u{FFFD}b\u{FFFD}[1m", "", "last"])
        }
    }

    @Test func `a line is in the log while the script goes on`() async throws {
        try await ProgramBench.serve(in: folder.path) { bench in
            #expect(
                await bench.accept(1, "print('begun')\nimport time\ntime.sleep(600)", type: "GLUE_PYTHON")
                    == .accepted
            )
            let output = try await bench.output(count: 1)
            #expect(output == ["begun"])
            #expect(await bench.runner.runner.kill(JobID(rawValue: 1)))
            #expect(try await bench.runner.outcomes(1)[1] == .killed("killed by an operator"))
        }
    }

    @Test func `output has a limit, which the log names, and the script goes on`() async throws {
        var settings = ProgramBench.settings
        settings.output = 4_096
        try await ProgramBench.serve(in: folder.path, settings) { bench in
            #expect(
                try await bench.outcome("for i in {1..20000}; do echo $i-xxxxxxxxxxxxxxxxxxxx; done")
                    == .succeeded(nil)
            )
            let output = try await bench.output()
            #expect(output.last == "[output cut: it is longer than 4096 bytes, the rest is dropped]")
            #expect(output.dropLast().joined(separator: "\n").utf8.count <= 4_096)
            #expect(output.first?.hasPrefix("1-") == true)
        }
    }

    @Test func `the file is its account's alone while the script runs, and gone afterwards`() async throws {
        try await ProgramBench.serve(in: folder.path) { bench in
            let source = #"echo "$0"; stat -c %a "$0" "$(dirname "$0")"; stat -c %u "$0"; id -u; id -G"#
            #expect(try await bench.outcome(source) == .succeeded(nil))
            let output = try await bench.output()
            let path = try #require(output.first)
            let isRoot = geteuid() == 0
            #expect(output[1...2] == ["600", isRoot ? "710" : "700"])
            #expect(output[3] == output[4] && (output[4] != "0" || !isRoot))
            if isRoot { #expect(output[5].split(separator: " ").count == 1) }
            #expect(!FileManager.default.fileExists(atPath: path))
            #expect(!FileManager.default.fileExists(atPath: (path as NSString).deletingLastPathComponent))
        }
    }

    @Test func `no script runs where nobody has switched scripts on`() async throws {
        try await RunnerBench.serve(in: folder.path, handlers: HandlerCatalogue()) { bench in
            let answer = await bench.runner.accept(ProgramBench.request(1, "exit 0"))
            guard case .refused(let reason) = answer else {
                Issue.record("it was accepted")
                return
            }
            #expect(reason.hasPrefix("glueType[GLUE_SHELL] is not valid"))
            #expect(reason.contains("executor.scripts.enabled"))
        }
    }

    @Test func `what is no script, or has no interpreter here, is refused with its name`() async throws {
        var settings = ProgramBench.settings
        settings.path = folder.path
        try await ProgramBench.serve(in: folder.path, settings) { bench in
            for type in ["GLUE_GROOVY", "GLUE_RUBY", "", "glue_shell"] {
                #expect(
                    await bench.accept(1, "exit 0", type: type) == .refused("glueType[\(type)] is not valid.")
                )
            }
            #expect(
                await bench.accept(1, "exit 0", type: "GLUE_PHP")
                    == .refused(
                        "glueType[GLUE_PHP] is not valid: this executor has no php in executor.scripts.path."
                    )
            )
            #expect(await bench.accept(1, " \n") == .refused("glueSource is empty."))
        }
    }
}
