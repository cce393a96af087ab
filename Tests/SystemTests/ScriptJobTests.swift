import Foundation
import TestKit
import Testing

/// Jobs whose code the scheduler keeps, run by the real interpreters on a real executor.
@Suite(.timeLimit(.minutes(10))) struct ScriptJobTests {
    private static let definitions = """
        name: in-shell
        group: kpush
        script: {language: shell, file: hello.sh}
        params: moon
        ---
        name: in-python
        group: kpush
        script:
          language: python
          remark: says who it is
          source: |
            import sys
            print("python says", sys.argv[1])
        params: sun

        """

    @Test func `a script of a definition runs on an executor that lets it`() async throws {
        var settings = ["KPUSH_EXECUTOR_SCRIPTS_ENABLED": "on"]
        if geteuid() == 0 { settings["KPUSH_EXECUTOR_SCRIPTS_USER"] = "nobody" }
        let bench = try await CommandBench.start(settings: settings)
        _ = try bench.file("hello.sh", "echo \"shell says $1\"\n")
        let file = try bench.file("jobs.yaml", Self.definitions)
        let applied = try await bench.kpush("jobs", "apply", file)
        #expect(applied.status == 0, "\(applied.complaints)")
        for (job, line) in [("in-shell", "shell says moon"), ("in-python", "python says sun")] {
            let ran = try await bench.kpush("jobs", "trigger", job, "--follow")
            #expect(ran.status == 0, "\(ran.output)\(ran.complaints)")
            #expect(ran.output.contains(line), "\(ran.output)")
        }
        let exported = try await bench.kpush("jobs", "export", "in-shell", "in-python")
        #expect(exported.output.contains("source: |\n    echo \"shell says $1\"\n"))
        let same = try await bench.kpush("jobs", "diff", "-", input: exported.output)
        #expect(same.status == 0, "\(same.output)\(same.complaints)")
    }

    @Test func `a changed script is what the next run executes`() async throws {
        var settings = ["KPUSH_EXECUTOR_SCRIPTS_ENABLED": "on"]
        if geteuid() == 0 { settings["KPUSH_EXECUTOR_SCRIPTS_USER"] = "nobody" }
        let bench = try await CommandBench.start(settings: settings)
        for word in ["first", "second"] {
            let text = "name: s\ngroup: kpush\nscript: {language: shell, source: \"echo \(word) one\"}\n"
            #expect(try await bench.kpush("jobs", "apply", "-", input: text).status == 0)
            let ran = try await bench.kpush("jobs", "trigger", "s", "--follow")
            #expect(ran.output.contains("\(word) one"), "\(ran.output)\(ran.complaints)")
        }
    }

    @Test func `an executor that runs no scripts refuses them, and says which setting lets it`() async throws
    {
        let bench = try await CommandBench.start()
        let text = "name: s\ngroup: kpush\nscript: {language: shell, source: \"echo hello\"}\n"
        #expect(try await bench.kpush("jobs", "apply", "-", input: text).status == 0)
        let ran = try await bench.kpush("jobs", "trigger", "s", "--follow")
        #expect(ran.status != 0)
        #expect("\(ran.output)\(ran.complaints)".contains("executor.scripts.enabled"), "\(ran.output)")
    }
}
