import Foundation
import Groundwork
import Logging
import ServiceLifecycle
import TestKit
import Testing

@testable import Executor

/// An executor under the admins of an xxl-job installation, of every generation.
@Suite(.timeLimit(.minutes(5))) final class ForeignAdminTests: Sendable {
    private let folder: TemporaryFolder
    private let clock = ManualClock(RunnerBench.planned)

    init() throws {
        folder = try TemporaryFolder("foreign")
    }

    /// Runs `body` beside an executor under `admins`, with the address that it registered.
    private func serve(
        _ admins: [FakeAdmin],
        _ gate: Gate,
        _ body: @Sendable (_ executor: String, _ group: ServiceGroup) async throws -> Void
    ) async throws {
        var settings = ExecutorSettings(
            appName: "kpush-executor",
            schedulers: admins.map(\.address),
            folder: folder.path
        )
        settings.port = 0
        settings.token = Secret("secret")
        var handlers = HandlerCatalogue()
        handlers.add("work") { context in
            context.log("working")
            try await gate.pass()
            return "done"
        }
        let executor = try ExecutorService(
            settings: settings,
            handlers: handlers,
            http: LoopbackHTTPClient(),
            clock: clock,
            calendar: clock.calendar,
            logger: RunnerBench.silent
        )
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [executor], logger: RunnerBench.silent)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await executor.port)
            try await body("http://127.0.0.1:\(port)/", group)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private static let job = JobID(rawValue: 1)

    private static func run(_ run: Int64) -> RunRequest {
        RunRequest(job: job, run: RunID(rawValue: run), handler: "work", plannedAt: RunnerBench.planned)
    }

    @Test(arguments: FakeAdmin.Generation.allCases)
    func `an admin hands runs over, reads their logs and has each outcome once`(
        generation: FakeAdmin.Generation
    ) async throws {
        try await FakeAdmin.serve(generation, token: Secret("secret")) { admin in
            let gate = Gate()
            try await serve([admin], gate) { executor, _ in
                try await eventually("registered") { !admin.events.isEmpty }
                #expect(try await admin.beat(executor).code == 200)
                #expect(try await admin.idleBeat(Self.job, at: executor).code == 200)
                #expect(try await admin.dispatch(Self.run(1), to: executor).code == 200)
                // The same run once more, as after an answer that was lost.
                #expect(try await admin.dispatch(Self.run(1), to: executor).code == 200)
                #expect(try await admin.idleBeat(Self.job, at: executor).code == 500)
                let page = { (line: Int) in
                    try await admin.log(
                        RunID(rawValue: 1),
                        plannedAt: RunnerBench.planned,
                        fromLine: line,
                        at: executor
                    )
                }
                try await eventually("it works") { try await page(1).content.contains("working") }
                let first = try await page(1)
                #expect(first.fromLine == 1 && first.toLine == 3 && !first.isEnd)
                let nothing = try await page(first.toLine + 1)
                #expect(nothing.fromLine == 4 && nothing.toLine < nothing.fromLine && nothing.content.isEmpty)
                gate.open()
                try await eventually("called back") { admin.callbacks.count == 1 }
                try await eventually("the end is told") { try await page(5).isEnd }
            }
            #expect(admin.callbacks.map(\.run.rawValue) == [1])
            #expect(admin.callbacks.first?.outcome == .succeeded("done"))
            #expect(admin.callbacks.first?.plannedAt == RunnerBench.planned)
            guard case .signedOff = admin.events.last else {
                Issue.record("the last event is not the sign-off")
                return
            }
        }
    }

    @Test(arguments: FakeAdmin.Generation.allCases)
    func `killed and queued-then-killed runs are called back once each`(
        generation: FakeAdmin.Generation
    ) async throws {
        try await FakeAdmin.serve(generation, token: Secret("secret")) { admin in
            let gate = Gate()
            try await serve([admin], gate) { executor, _ in
                for run in 1...4 as ClosedRange<Int64> {
                    #expect(try await admin.dispatch(Self.run(run), to: executor).code == 200)
                }
                try await eventually("one has started") { gate.waiters == 1 }
                #expect(try await admin.kill(Self.job, at: executor).code == 200)
                try await eventually("all are called back") { admin.callbacks.count == 4 }
                #expect(try await admin.kill(Self.job, at: executor).code == 200)
            }
            #expect(admin.callbacks.map(\.run.rawValue).sorted() == [1, 2, 3, 4])
            #expect(admin.callbacks.allSatisfy { $0.code == 500 })
        }
    }

    @Test(arguments: FakeAdmin.Generation.allCases)
    func `who shows another token is refused everything in the wire's words`(
        generation: FakeAdmin.Generation
    ) async throws {
        try await FakeAdmin.serve(generation, token: Secret("secret")) { admin in
            try await FakeAdmin.serve(generation, token: Secret("secreT")) { stranger in
                try await serve([admin], Gate()) { executor, _ in
                    let replies = [
                        try await stranger.beat(executor),
                        try await stranger.idleBeat(Self.job, at: executor),
                        try await stranger.kill(Self.job, at: executor),
                        try await stranger.dispatch(Self.run(1), to: executor),
                    ]
                    for reply in replies {
                        #expect(reply.code == 500 && reply.message == "The access token is wrong.")
                    }
                }
            }
        }
    }

    @Test func `all admins hear the beats, one of them the outcome`() async throws {
        try await FakeAdmin.serve(.second, token: Secret("secret")) { down in
            try await FakeAdmin.serve(.third, token: Secret("secret")) { middle in
                try await FakeAdmin.serve(.fourth, token: Secret("secret")) { last in
                    down.setDown(true)
                    let gate = Gate()
                    gate.open()
                    try await serve([down, middle, last], gate) { executor, _ in
                        try await eventually("both that are there know it") {
                            !middle.events.isEmpty && !last.events.isEmpty
                        }
                        #expect(try await last.dispatch(Self.run(1), to: executor).code == 200)
                        try await eventually("called back") { middle.callbacks.count == 1 }
                        // The pruner and the beat wait.
                        await clock.sleepers(2)
                        down.setDown(false)
                        clock.advance(by: .seconds(30))
                        try await eventually("the third knows it, too") { down.events.count == 1 }
                    }
                    #expect(last.callbacks.isEmpty && down.callbacks.isEmpty)
                    for admin in [down, middle, last] {
                        guard case .signedOff = admin.events.last else {
                            Issue.record("the last event is not the sign-off")
                            continue
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: FakeAdmin.Generation.allCases)
    func `an outcome that no admin took is called back by the next process, once`(
        generation: FakeAdmin.Generation
    ) async throws {
        try await FakeAdmin.serve(generation, token: Secret("secret")) { admin in
            let gate = Gate()
            gate.open()
            try await serve([admin], gate) { executor, group in
                try await eventually("registered") { !admin.events.isEmpty }
                admin.setDown(true)
                let calls = admin.calls
                #expect(try await admin.dispatch(Self.run(1), to: executor).code == 200)
                try await eventually("tried") { admin.calls > calls }
                await group.triggerGracefulShutdown()
                // Gives up at the end of its time to flush, whoever waits for what before that.
                let moving = Task {
                    while !Task.isCancelled {
                        clock.advance(by: .seconds(1))
                        await Task.yield()
                    }
                }
                try await eventually("it has ended") { await (try? admin.beat(executor)) == nil }
                moving.cancel()
            }
            #expect(admin.callbacks.isEmpty)
            admin.setDown(false)
            try await serve([admin], gate) { executor, _ in
                try await eventually("called back") { admin.callbacks.count == 1 }
                #expect(try await admin.dispatch(Self.run(1), to: executor).code == 200)
            }
            #expect(admin.callbacks.map(\.run.rawValue) == [1])
        }
    }
}
