import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct ExecutorDoorTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test func `an executor that registers is living before the answer`() async throws {
        let body = #"{"registryGroup":"EXECUTOR","registryKey":"app","registryValue":"http://One:9999/"}"#
        #expect(await answer("registry", body).isSuccess)
        let executor = try #require(try await rig.runs.executors().first)
        #expect(executor.group == "app")
        #expect(executor.address == .sample("one"))
        #expect(executor.isAlive(at: rig.now))
        #expect(executor.dialect == .run)
    }

    @Test func `an executor that sends its app name is called with the newer word`() async throws {
        let body = #"{"registryGroup":"EXECUTOR","registryKey":"app","registryValue":"http://one:9999/"}"#
        var caller = rig.caller
        caller.appName = "app"
        #expect(await rig.door.answer("registry", Array(body.utf8), from: caller).isSuccess)
        #expect(try await rig.runs.executors().first?.dialect == .trigger)
    }

    @Test(
        arguments: [
            #"[{"logId":ID,"logDateTim":1,"handleCode":200,"handleMsg":"done"}]"#,
            #"[{"logId":ID,"logDateTim":1,"executeResult":{"code":200,"msg":"done"}}]"#,
            #"{"callbackList":[{"logId":ID,"logDateTime":1,"handleCode":200,"handleMsg":"done"}]}"#,
            #"[{"logId":"ID","logDateTim":"x","handleCode":"200","handleMsg":"done"},{"no":1},7]"#,
        ])
    func `callbacks of every generation end the run`(body: String) async throws {
        try await rig.executor()
        let (run, _) = try await rig.running()
        #expect(await answer("callback", body.replacing("ID", with: "\(run.id)")).isSuccess)
        let end = try #require(try await rig.runs.run(run.id).end)
        #expect(end.reason == .completed)
        #expect(end.message == "done")
    }

    @Test func `a message that is no text is kept as text`() async throws {
        try await rig.executor()
        let (run, _) = try await rig.running()
        let body = #"[{"logId":ID,"handleCode":200,"handleMsg":{"n":20}}]"#
        #expect(await answer("callback", body.replacing("ID", with: "\(run.id)")).isSuccess)
        #expect(try await rig.runs.run(run.id).end?.message == #"{"n":20}"#)
    }

    @Test(arguments: [nil, "", "wrong"])
    func `nothing is read of who shows no token`(token: String?) async {
        let envelope = await rig.door.answer("registry", from: .init(accessToken: token)) {
            Issue.record("the body is read")
            return []
        }
        #expect(envelope.message == "The access token is wrong.")
    }

    @Test(arguments: [nil, "", "wrong", "a-token-of-test", "a-token-of-testss"])
    func `a wrong token opens nothing`(token: String?) async throws {
        let body = #"{"registryGroup":"EXECUTOR","registryKey":"app","registryValue":"http://one:9999/"}"#
        let caller = ExecutorDoor.Caller(accessToken: token)
        let envelope = await rig.door.answer("registry", Array(body.utf8), from: caller)
        #expect(envelope == .failure("The access token is wrong."))
        #expect(try await rig.runs.executors().isEmpty)
    }

    @Test func `a door without a token is shut`() async {
        let door = ExecutorDoor(rig.parts, accessToken: Secret(""))
        let caller = ExecutorDoor.Caller(accessToken: "")
        #expect(await !door.answer("registry", [], from: caller).isSuccess)
    }

    @Test(
        arguments: [
            ("registry", "{}"), ("registry", ""), ("registry", "[]"),
            ("registry", #"{"registryGroup":"EXECUTOR","registryKey":" ","registryValue":"http://a:1"}"#),
            ("registry", #"{"registryGroup":"EXECUTOR","registryKey":"app","registryValue":"ftp://a"}"#),
            ("registryRemove", #"{"registryGroup":"EXECUTOR"}"#), ("callback", "not json"),
            ("callback", "{}"),
            ("addJob", "{}"),
        ])
    func `what makes no sense is refused in an envelope`(name: String, body: String) async {
        let envelope = await answer(name, body)
        #expect(envelope.code == 500)
        #expect(envelope.message?.isEmpty == false)
    }

    private func answer(_ name: String, _ body: String) async -> Envelope {
        await rig.door.answer(name, Array(body.utf8), from: rig.caller)
    }
}
