import Foundation
import Groundwork
import Logging
import TestKit
import Testing

@testable import Executor

/// Commands that are a job's parameter, run as the real programs.
@Suite(.timeLimit(.minutes(5))) final class CommandJobTests: Sendable {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("commands")
    }

    private func outcome(_ params: String, allowed: [String]) async throws -> (RunOutcome?, String) {
        var handlers = HandlerCatalogue()
        let programs = try ProgramRunner(ProgramBench.settings)
        handlers.add(CommandJobHandler.name, try CommandJobHandler(allowed: allowed, programs: programs))
        return try await RunnerBench.serve(in: folder.path, handlers: handlers) { bench in
            #expect(await bench.accept(1, handler: CommandJobHandler.name, params: params) == .accepted)
            return (try await bench.outcomes(1)[1], try bench.log(1))
        }
    }

    @Test func `an allowed command runs, its words as they are quoted and with no shell`() async throws {
        let command = #"/usr/bin/printf '[%s]' "a b" $HOME `id` '*' "it's" "" "#
        let (outcome, log) = try await outcome(command, allowed: ["/usr/bin/printf"])
        #expect(outcome == .succeeded(nil))
        #expect(log.contains("[a b][$HOME][`id`][*][it's][]\n"))
    }

    @Test func `a command that fails says its exit code`() async throws {
        let (outcome, _) = try await outcome("/bin/bash -c 'echo no; exit 4'", allowed: ["/bin/bash"])
        #expect(outcome == .failed("command exit value(4) is failed"))
    }

    @Test(arguments: [
        "/usr/bin/env", "/usr/bin/printfx", "printf x", "/usr/bin/../bin/printf x", "/usr/bin//printf x",
        "'/usr/bin/printf x'", "/bin/systemctl restart kpush", "/bin/systemctl", "/bin/systemctl statusx", "",
        "/usr/bin/printf 'x",
    ])
    func `nothing else runs`(params: String) async throws {
        let (outcome, log) = try await outcome(params, allowed: ["/usr/bin/printf", "/bin/systemctl status"])
        guard case .failed = outcome else {
            Issue.record("\(params) came to \(String(describing: outcome))")
            return
        }
        #expect(log.split(separator: "\n").count == 3, "only accepted, started and ended: \(log)")
    }

    @Test(arguments: ["df", "", "/usr/bin/df 'x", "/usr/../bin/df"])
    func `what is no beginning of a command stops the start`(allowed: String) throws {
        let programs = try ProgramRunner(ProgramBench.settings)
        let error = #expect(throws: ExecutorError.self) {
            _ = try CommandJobHandler(allowed: ["/bin/ls", allowed], programs: programs)
        }
        #expect(error?.code == .settings && error?.operation == "allowed")
    }

    @Test(arguments: [CommandJobHandler.name, HTTPJobHandler.name])
    func `where nobody has listed anything the refusal says so`(name: String) async throws {
        try await RunnerBench.serve(in: folder.path, handlers: HandlerCatalogue()) { bench in
            let setting = name == HTTPJobHandler.name ? "executor.http.allowed" : "executor.commands.allowed"
            let answer = await bench.accept(1, handler: name)
            #expect(
                answer
                    == .refused("job handler [\(name)] not found: \(setting) of this executor lists nothing.")
            )
        }
    }
}
