import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct ExecutorClientTests {
    private let http = InProcessHTTP()
    private let client: ExecutorClient

    init() {
        client = ExecutorClient(http: http, accessToken: Secret("secret"))
    }

    @Test(arguments: FakeExecutor.Generation.allCases, [ExecutorDialect.run, .trigger])
    func `every generation is reached with either first word`(
        generation: FakeExecutor.Generation,
        dialect: ExecutorDialect
    ) async {
        let executor = FakeExecutor(generation)
        http.place(executor, at: "one")
        let answer = await client.hand(run(), to: instance(dialect))
        guard case .accepted(let understood) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(executor.started == [RunID(rawValue: 7)])
        #expect(executor.words == [understood.rawValue])
    }

    @Test func `all twelve members, the token and the app name are sent`() async throws {
        let executor = FakeExecutor(.java)
        http.place(executor, at: "one")
        _ = await client.hand(run(), to: instance())
        let request = try #require(executor.requests.first)
        #expect(request.job == JobID(rawValue: 1))
        #expect(request.handler == "handle")
        #expect(request.params == "a=1")
        #expect(request.blockStrategy == .serial)
        #expect(request.timeoutSeconds == 2)
        #expect(request.plannedAt == .noon)
        #expect(request.shardTotal == 1)
        #expect(RunRequest(run()).wire.object?.members.count == 12)
        #expect(executor.headers["xxl-job-access-token"] == "secret")
        #expect(executor.headers["xxl-job-appname"] == "app")
        #expect(executor.headers["content-type"] == "application/json;charset=UTF-8")
    }

    @Test(arguments: FakeExecutor.Generation.allCases)
    func `a refusal is told in the executor's words`(generation: FakeExecutor.Generation) async {
        let executor = FakeExecutor(generation)
        executor.will(.refuse("There are tasks running"))
        http.place(executor, at: "one")
        #expect(await client.hand(run(), to: instance()) == .refused("There are tasks running"))
    }

    @Test(
        arguments: [
            (200, "not json"), (200, ""), (200, "[]"), (200, "{}"), (200, #"{"code":"x"}"#), (502, "gateway"),
            (500, "handler crashed"),
        ])
    func `garbage says nothing about what the executor did`(status: Int, body: String) async {
        let executor = FakeExecutor()
        executor.will(.raw(status: status, body: body))
        http.place(executor, at: "one")
        guard case .unknown = await client.hand(run(), to: instance()) else {
            Issue.record("must be unknown")
            return
        }
    }

    @Test func `no connection means not reached, and no answer means unknown`() async {
        guard case .notReached = await client.hand(run(), to: instance()) else {
            Issue.record("must be not reached")
            return
        }
        let executor = FakeExecutor()
        executor.will(.takeSilently)
        http.place(executor, at: "one")
        guard case .unknown = await client.hand(run(), to: instance()) else {
            Issue.record("must be unknown")
            return
        }
    }

    @Test func `an executor that serves neither word refuses`() async {
        let executor = FakeExecutor()
        executor.will(.raw(status: 404, body: "no"), .raw(status: 404, body: "no"))
        http.place(executor, at: "one")
        guard case .refused(let message) = await client.hand(run(), to: instance()) else {
            Issue.record("must be refused")
            return
        }
        #expect(message.contains("neither /run nor /trigger"))
    }

    @Test func `a run that waits in a Java executor's queue already counts as accepted`() async {
        let executor = FakeExecutor(.java)
        executor.will(.refuse("repeat trigger job, logId:7"))
        http.place(executor, at: "one")
        #expect(await client.hand(run(), to: instance()) == .accepted(.run))
    }

    private func instance(_ dialect: ExecutorDialect = .run) -> ExecutorInstance {
        ExecutorInstance(
            group: "app",
            address: .sample(),
            instance: nil,
            dialect: dialect,
            since: .noon,
            lastSeenAt: .noon
        )
    }

    private func run() -> JobRun {
        let terms = RunTerms(.sample(timeout: .milliseconds(1_500)))
        let new = NewRun.sample(of: JobID(rawValue: 1), terms: terms)
        return JobRun(id: RunID(rawValue: 7), plan: new.plan, state: new.state)
    }
}
