import Groundwork
import Logging
import TestKit
import Testing

@testable import Executor

@Suite final class ExecutorDoorTests: Sendable {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("door")
    }

    private func serve(
        token: String = "",
        _ body: @Sendable (ExecutorDoor, Gate) async throws -> Void
    ) async throws {
        let gate = Gate()
        var handlers = HandlerCatalogue()
        handlers.add("work") { context in
            context.log("working")
            try await gate.pass()
            return "done"
        }
        try await RunnerBench.serve(in: folder.path, handlers: handlers) { bench in
            let door = ExecutorDoor(
                runner: bench.runner,
                logs: RunLogReader(bench.logs),
                token: Secret(token)
            )
            try await body(door, gate)
        }
    }

    private static func post(
        _ door: ExecutorDoor,
        _ path: String,
        _ body: String = "",
        token: String = ""
    ) async -> String {
        let call = ExecutorDoor.Call(path: path, token: token, body: Array(body.utf8))
        return String(decoding: await door.answer(call).json, as: UTF8.self)
    }

    private static func failure(_ message: String) -> String {
        #"{"code":500,"msg":""# + message + #"","content":null,"data":null}"#
    }

    private static let success = #"{"code":200,"msg":null,"content":null,"data":null}"#

    /// What a scheduler of the second, third and fourth generation sends for the same run.
    private static let run =
        #"{"jobId":1,"executorHandler":"work","executorParams":"a=1","executorBlockStrategy":"SERIAL_EXECUTION","#
        + #""executorTimeout":0,"logId":1001,"logDateTime":1795597200000,"glueType":"BEAN","glueSource":"","#
        + #""glueUpdatetime":1586629003727,"broadcastIndex":0,"broadcastTotal":1}"#

    @Test(arguments: ["", "\"\"", "null", "{}", "anything"])
    func `a beat is answered whatever its body`(body: String) async throws {
        try await serve { door, _ in
            #expect(await Self.post(door, "/beat", body) == Self.success)
        }
    }

    @Test(arguments: ["/run", "/trigger", "run", "/run/", "//run"])
    func `a run is taken under the path of every generation`(path: String) async throws {
        try await serve { door, gate in
            #expect(await Self.post(door, path, Self.run) == Self.success)
            let again = #"{"code":200,"msg":"already have it, logId:1001","content":null,"data":null}"#
            #expect(await Self.post(door, path, Self.run) == again)
            #expect(
                await Self.post(door, "/idleBeat", #"{"jobId":1}"#)
                    == Self.failure("job thread is running or has trigger queue.")
            )
            #expect(await Self.post(door, "/idleBeat", #"{"jobId":2}"#) == Self.success)
            gate.open()
            try await eventually("idle") {
                await Self.post(door, "/idleBeat", #"{"jobId":1}"#) == Self.success
            }
        }
    }

    @Test func `a run that cannot be taken is refused in the words that schedulers know`() async throws {
        try await serve { door, _ in
            let unknown = Self.run.replacing("\"work\"", with: "\"other\"")
            #expect(await Self.post(door, "/run", unknown) == Self.failure("job handler [other] not found."))
            let script = Self.run.replacing("BEAN", with: "GLUE_GROOVY")
            #expect(
                await Self.post(door, "/run", script) == Self.failure("glueType[GLUE_GROOVY] is not valid.")
            )
            _ = await Self.post(door, "/run", Self.run)
            let later = Self.run.replacing("1001", with: "1002")
                .replacing("SERIAL_EXECUTION", with: "DISCARD_LATER")
            #expect(
                await Self.post(door, "/run", later) == Self.failure("block strategy effect：Discard Later")
            )
        }
    }

    @Test func `killing says yes whether or not anything runs`() async throws {
        try await serve { door, _ in
            let idle = #"{"code":200,"msg":"job thread already killed.","content":null,"data":null}"#
            #expect(await Self.post(door, "/kill", #"{"jobId":1}"#) == idle)
            _ = await Self.post(door, "/run", Self.run)
            #expect(await Self.post(door, "/kill", #"{"jobId":1}"#) == Self.success)
            try await eventually("killed") { await Self.post(door, "/kill", #"{"jobId":1}"#) == idle }
        }
    }

    @Test(arguments: ["logDateTim", "logDateTime"])
    func `a log is read under either spelling, and its page is under both keys`(spelling: String) async throws
    {
        try await serve { door, gate in
            _ = await Self.post(door, "/run", Self.run)
            let body = "{\"logId\":1001,\"\(spelling)\":1795597200000,\"fromLineNum\":3}"
            let page =
                #"{"fromLineNum":3,"toLineNum":3,"logContent":"2026-11-25 09:00:00.000 [info] working\n","isEnd":false}"#
            let golden = #"{"code":200,"msg":null,"content":"# + page + #","data":"# + page + "}"
            try await eventually("the line is there") { await Self.post(door, "/log", body) == golden }
            gate.open()
            let nothing = body.replacing("\"fromLineNum\":3", with: "\"fromLineNum\":5")
            try await eventually("the end is told") {
                await Self.post(door, "/log", nothing)
                    .contains(#""data":{"fromLineNum":5,"toLineNum":4,"logContent":"","isEnd":true}"#)
            }
        }
    }

    @Test func `a log that is not there is answered, not failed`() async throws {
        try await serve { door, _ in
            let answer = await Self.post(door, "/log", #"{"logId":7,"logDateTim":0,"fromLineNum":1}"#)
            let page =
                #"{"fromLineNum":1,"toLineNum":0,"logContent":"readLog fail, logFile not exists","isEnd":true}"#
            #expect(answer == #"{"code":200,"msg":null,"content":"# + page + #","data":"# + page + "}")
        }
    }

    @Test(arguments: ["", "wrong", "default_toke", "default_tokenn", "DEFAULT_TOKEN"])
    func `who does not show the token is refused everything`(shown: String) async throws {
        try await serve(token: "default_token") { door, _ in
            for path in ["/beat", "/run", "/kill", "/log", "/idleBeat", "/trigger", "/x"] {
                #expect(
                    await Self.post(door, path, Self.run, token: shown)
                        == Self.failure("The access token is wrong.")
                )
            }
            #expect(await Self.post(door, "/beat", token: "default_token") == Self.success)
        }
    }

    @Test func `what makes no sense is refused in words`() async throws {
        try await serve { door, _ in
            #expect(
                await Self.post(door, "/nothing", "{}")
                    == Self.failure("invalid request, uri-mapping(nothing) not found.")
            )
            #expect(await Self.post(door, "/run") == Self.failure("invalid request, requestBody empty."))
            #expect(await Self.post(door, "/run", "{") == Self.failure("invalid request, body is not JSON."))
            #expect(
                await Self.post(door, "/run", #"{"jobId":1}"#)
                    == Self.failure("invalid request, logId is missing.")
            )
            let get = await door.answer(ExecutorDoor.Call(method: "GET", path: "/beat"))
            #expect(get == .failure("invalid request, HttpMethod not support."))
        }
    }
}
