import Foundation
import Groundwork
import Synchronization
import TestKit
import Testing

@testable import Executor

/// What was found wrong with xxl-job's executors, tried on this one: each test carries the numbers of what it tries.
@Suite final class ExecutorAdvisoryTests: Sendable {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("advisory")
    }

    @Test(arguments: ["", "default_token"])
    func `CVE-2022-36157, #3328, #3938: no executor that others reach starts with a published token`(
        token: String
    ) throws {
        var settings = ExecutorSettings(
            appName: "kpush",
            schedulers: ["http://127.0.0.1:8080"],
            folder: folder.path
        )
        (settings.host, settings.advertisedAddress) = ("10.0.0.1", "http://10.0.0.1:9999")
        settings.token = Secret("a-token-of-tests")
        try settings.validate()
        settings.token = Secret(token)
        let error = #expect(throws: ExecutorError.self) { try settings.validate() }
        #expect(error?.operation == "token")
    }

    @Test(arguments: ["GLUE_SHELL", "GLUE_PYTHON", "GLUE_GROOVY"])
    func `CVE-2022-36157, #3745, #3945: code that is sent does not run where nobody has switched scripts on`(
        type: String
    ) async throws {
        let proof = folder.file("proof")
        try await RunnerBench.serve(in: folder.file("runs"), handlers: HandlerCatalogue()) { bench in
            let request = ProgramBench.request(1, "touch \(proof)", type: type)
            guard case .refused = await bench.runner.accept(request) else {
                Issue.record("it was accepted")
                return
            }
        }
        #expect(!FileManager.default.fileExists(atPath: proof))
    }

    @Test(arguments: ["/run", "/trigger"], ["default_token", ""])
    func `nuclei #8523: what scanners send with the published token starts nothing, even with scripts on`(
        path: String,
        token: String
    ) async throws {
        let body =
            #"{"jobId":7,"executorHandler":"","executorParams":"","executorBlockStrategy":"COVER_EARLY","#
            + #""executorTimeout":0,"logId":1001,"logDateTime":1795597200000,"glueType":"GLUE_SHELL","#
            + #""glueSource":"true","glueUpdatetime":1795597200000,"broadcastIndex":0,"#
            + #""broadcastTotal":1}"#
        try await ProgramBench.serve(in: folder.path) { bench async throws in
            let runner = bench.runner.runner
            let logs = RunLogReader(bench.runner.logs)
            let door = ExecutorDoor(runner: runner, logs: logs, token: Secret("a-token-of-tests"))
            let call = ExecutorDoor.Call(path: path, token: token, body: Array(body.utf8))
            #expect(await door.answer(call) == .failure("The access token is wrong."))
            #expect(await runner.isIdle(JobID(rawValue: 7)))
            // With the right token it is taken, as the first of its kind.
            let trusted = ExecutorDoor.Call(path: path, token: "a-token-of-tests", body: Array(body.utf8))
            #expect(await door.answer(trusted) == .success())
            #expect(try await bench.runner.outcomes(1) == [1001: .succeeded(nil)])
        }
    }

    @Test func `CVE-2025-7787, #3749: a job calls no address that the executor's owner has not listed`()
        async throws
    {
        let asked = Mutex(0)
        let serve: LoopbackServer.Answer = { _ in
            asked.withLock { $0 += 1 }
            return HTTPResponse(status: 200, headers: [], body: [])
        }
        let outcome = try await LoopbackServer.serve(answering: serve) { address in
            var handlers = HandlerCatalogue()
            let handler = try HTTPJobHandler(allowed: [address + "/jobs"], http: LoopbackHTTPClient())
            handlers.add(HTTPJobHandler.name, handler)
            return try await RunnerBench.serve(in: self.folder.file("runs"), handlers: handlers) { bench in
                let params = "{\"url\": \"\(address)/admin\"}"
                #expect(await bench.accept(1, handler: HTTPJobHandler.name, params: params) == .accepted)
                return try await bench.outcomes(1)[1]
            }
        }
        guard case .failed = outcome else {
            Issue.record("it came to \(String(describing: outcome))")
            return
        }
        #expect(asked.withLock { $0 } == 0)
    }

    @Test(arguments: [
        "/usr/bin/touch", "/usr/bin/printf x; touch", "/usr/bin/printf $(touch", "/bin/sh -c touch",
    ])
    func `CVE-2025-7788, #3750: a job runs no command that is not listed, and nothing through a shell`(
        command: String
    ) async throws {
        let proof = folder.file("proof")
        var handlers = HandlerCatalogue()
        let programs = try ProgramRunner(ProgramBench.settings)
        handlers.add(
            CommandJobHandler.name,
            try CommandJobHandler(allowed: ["/usr/bin/printf"], programs: programs)
        )
        try await RunnerBench.serve(in: folder.file("runs"), handlers: handlers) { bench in
            let params = "\(command) \(proof))"
            #expect(await bench.accept(1, handler: CommandJobHandler.name, params: params) == .accepted)
            _ = try await bench.outcomes(1)
        }
        #expect(
            !FileManager.default.fileExists(atPath: proof)
                && !FileManager.default.fileExists(atPath: proof + ")")
        )
    }
}
