import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Who is let in with which token, and to whom it is shown.
struct GroupTokenTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    private static func beat(_ group: String = "app", at host: String = "one") -> [UInt8] {
        Array(
            #"{"registryGroup":"EXECUTOR","registryKey":"\#(group)","registryValue":"http://\#(host):9999"}"#
                .utf8
        )
    }

    private static func callback(_ run: RunID) -> [UInt8] {
        CallbackBatch([CallbackItem(run: run, plannedAt: nil, outcome: .succeeded("done"))]).json
    }

    private func knock(_ door: String, _ body: [UInt8], _ token: Secret) async -> Bool {
        await rig.door.answer(door, body, from: ExecutorDoor.Caller(accessToken: token.reveal())).isSuccess
    }

    /// Gives the group `app` a token of its own.
    private func ownToken() async throws -> Secret {
        // Known from the executor, or the name would be too short.
        let made = try await rig.groups.create("app", title: "", registration: .automatic, hasToken: true)
        return try #require(made.token)
    }

    @Test func `a group's token opens its own doors, and the shared one no longer does`() async throws {
        try await rig.executor()
        #expect(await knock("registry", Self.beat(), SchedulerRig.accessToken))
        let token = try await ownToken()
        for door in ["registry", "registryRemove"] {
            #expect(await !knock(door, Self.beat(), SchedulerRig.accessToken))
            #expect(await knock(door, Self.beat(), token))
            #expect(await !knock(door, Self.beat("other"), token))
            #expect(await knock(door, Self.beat("other"), SchedulerRig.accessToken))
        }
    }

    @Test func `a run is told of with its group's token alone`() async throws {
        try await rig.executor()
        let (run, _) = try await rig.running()
        let token = try await ownToken()
        #expect(await !knock("callback", Self.callback(run.id), SchedulerRig.accessToken))
        #expect(try await rig.runs.run(run.id).isOpen)
        #expect(await knock("callback", Self.callback(run.id), token))
        #expect(try await rig.runs.run(run.id).end?.reason == .completed)
        // Of a run that nobody knows there is nothing to protect: its executor must not ask for ever.
        #expect(await knock("callback", Self.callback(RunID(rawValue: 1)), token))
    }

    @Test
    func `a new token shuts the former one out at once, and a removed record brings the shared one back`()
        async throws
    {
        try await rig.executor()
        let former = try await ownToken()
        #expect(await knock("registry", Self.beat(), former))
        let group = try #require(try await rig.groups.list().first)
        let token = try await rig.groups.renewToken(group.id)
        #expect(await !knock("registry", Self.beat(), former))
        #expect(await knock("registry", Self.beat(), token))
        try await rig.groups.remove(group.id)
        #expect(await !knock("registry", Self.beat(), token))
        #expect(await knock("registry", Self.beat(), SchedulerRig.accessToken))
    }

    @Test func `another process sees a new token within a second`() async throws {
        try await rig.executor()
        #expect(await knock("registry", Self.beat(), SchedulerRig.accessToken))
        let new = NewGroup(name: "app", token: Secret("own"))
        _ = try await rig.parts.groups.add(new, at: rig.now)
        rig.clock.advance(by: .seconds(1))
        #expect(await !knock("registry", Self.beat(), SchedulerRig.accessToken))
        #expect(await knock("registry", Self.beat(), Secret("own")))
    }

    @Test func `executors are shown the token of their own group, and none before they have shown it`()
        async throws
    {
        let executor = try await rig.executor()
        let token = try await ownToken()
        let lease = try await rig.lead()
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        _ = try await rig.jobs.trigger(job.id)
        try await rig.dispatch(under: lease)
        #expect(executor.requests.isEmpty)
        #expect(await knock("registry", Self.beat(), token))
        rig.clock.advance(by: .seconds(1))
        try await rig.dispatch(under: lease)
        #expect(executor.requests.count == 1)
        #expect(executor.headers["xxl-job-access-token"] == token.reveal())
    }
}
