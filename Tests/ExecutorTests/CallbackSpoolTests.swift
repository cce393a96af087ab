import Foundation
import Groundwork
import TestKit
import Testing

@testable import Executor

@Suite final class CallbackSpoolTests: Sendable {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("spool")
    }

    /// Runs that end at once, and a spool that has not begun to deliver.
    private func serve(
        _ admins: [String],
        token: String = "",
        runs: ClosedRange<Int64> = 1...3,
        _ body: @Sendable (CallbackSpool, RunnerBench) async throws -> Void
    ) async throws {
        var handlers = HandlerCatalogue()
        handlers.add("work") { "run \($0.run)" }
        try await RunnerBench.serve(in: folder.path, handlers: handlers) { bench in
            for run in runs { #expect(await bench.accept(run, job: run) == .accepted) }
            _ = try await bench.outcomes(runs.count)
            try await body(spool(bench, admins, token: token), bench)
        }
    }

    private func spool(
        _ bench: RunnerBench,
        _ admins: [String],
        token: String = "",
        most: Int = CallbackSpool.batch
    ) -> CallbackSpool {
        CallbackSpool(
            runner: bench.runner,
            client: SchedulerClient(
                addresses: admins,
                appName: "kpush",
                token: Secret(token),
                http: LoopbackHTTPClient()
            ),
            clock: bench.clock,
            backoff: Backoff(first: .seconds(1), ceiling: .seconds(60), jitter: 0),
            flushLimit: .seconds(10),
            most: most,
            logger: RunnerBench.silent
        )
    }

    @Test(arguments: FakeAdmin.Generation.allCases)
    func `a scheduler of every generation takes the outcomes`(generation: FakeAdmin.Generation) async throws {
        try await FakeAdmin.serve(generation, token: Secret("t")) { admin in
            try await serve([admin.address], token: "t") { spool, bench in
                await spool.deliverAll()
                #expect(Set(admin.callbacks.map(\.run.rawValue)) == [1, 2, 3])
                #expect(admin.callbacks.allSatisfy { $0.outcome == .succeeded("run \($0.run)") })
                #expect(admin.callbacks.allSatisfy { $0.plannedAt == RunnerBench.planned })
                #expect(await bench.runner.undelivered(limit: 10).isEmpty)
            }
        }
    }

    @Test func `the shape that a scheduler takes is found once and kept`() async throws {
        try await FakeAdmin.serve(.fourth, token: Secret("t")) { admin in
            try await serve([admin.address], token: "t", runs: 1...520) { spool, _ in
                await spool.deliverAll()
                #expect(admin.callbacks.count == 520)
                // Batches of 500 and 20, and the one refused array before the first.
                #expect(admin.calls == 3)
            }
        }
    }

    @Test func `a scheduler that stores what it is told at once is told more in a call`() async throws {
        try await FakeAdmin.serve(.third, token: Secret("t")) { admin in
            try await serve([admin.address], token: "t", runs: 1...2_100) { _, bench in
                await spool(bench, [admin.address], token: "t", most: CallbackSpool.largeBatch).deliverAll()
                #expect(admin.callbacks.count == 2_100)
                #expect(admin.calls == 2)
            }
        }
    }

    @Test func `long messages go in several calls, one that is longer than all by itself`() async throws {
        let word = String(repeating: "\u{4E00}", count: CallbackItem.messageLimit)
        try await FakeAdmin.serve(.fourth, token: Secret("t")) { admin in
            var handlers = HandlerCatalogue()
            handlers.add("work") { _ in word }
            try await RunnerBench.serve(in: folder.path, handlers: handlers) { bench in
                for run in 1...12 { #expect(await bench.accept(Int64(run), job: Int64(run)) == .accepted) }
                _ = try await bench.outcomes(12)
                let some = await bench.runner.undelivered(limit: 500, bytes: 3 * word.utf8.count)
                #expect(some.count == 3)
                #expect(await bench.runner.undelivered(limit: 500, bytes: 1).count == 1)
                await spool(bench, [admin.address], token: "t").deliverAll()
                #expect(admin.callbacks.count == 12)
                #expect(admin.callbacks.allSatisfy { $0.message == word })
                // Five of 45,000 bytes each fit into 256 KiB; the array is refused before the first.
                #expect(admin.calls == 4)
            }
        }
    }

    @Test(arguments: [false, true])
    func `who waits for the first round goes on when what was left is delivered, or cannot be`(
        isDown: Bool
    ) async throws {
        try await FakeAdmin.serve { admin in
            admin.setDown(isDown)
            try await serve([admin.address]) { spool, _ in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await spool.run() }
                    await spool.waitForFirstRound()
                    #expect(admin.callbacks.count == (isDown ? 0 : 3))
                    group.cancelAll()
                }
            }
        }
    }

    @Test func `the next address is tried when the first is gone or down`() async throws {
        try await FakeAdmin.serve { down in
            down.setDown(true)
            try await FakeAdmin.serve { admin in
                try await serve(["http://127.0.0.1:1", down.address, admin.address]) { spool, bench in
                    await spool.deliverAll()
                    #expect(admin.callbacks.count == 3)
                    #expect(await bench.runner.undelivered(limit: 10).isEmpty)
                }
            }
        }
    }

    @Test func `while no scheduler takes them outcomes wait, with growing pauses`() async throws {
        try await FakeAdmin.serve { admin in
            admin.setDown(true)
            try await serve([admin.address]) { spool, bench in
                async let delivered: Void = spool.deliverAll()
                for pause in [1, 2, 4] {
                    await bench.clock.sleepers()
                    #expect(await bench.runner.undelivered(limit: 10).count == 3)
                    if pause == 4 { admin.setDown(false) }
                    bench.clock.advance(by: .seconds(pause))
                }
                await delivered
                #expect(admin.callbacks.count == 3)
                #expect(await bench.runner.undelivered(limit: 10).isEmpty)
            }
        }
    }

    @Test func `an outcome that is refused does not hold up the others`() async throws {
        try await FakeAdmin.serve { admin in
            admin.refuse([RunID(rawValue: 1)])
            try await serve([admin.address], runs: 1...70) { spool, bench in
                async let delivered: Void = spool.deliverAll()
                await bench.clock.sleepers()
                #expect(await bench.runner.undelivered(limit: 100).map(\.run.rawValue) == [1])
                #expect(admin.callbacks.count == 69)
                admin.refuse([])
                bench.clock.advance(by: .seconds(1))
                await delivered
                #expect(admin.callbacks.count == 70)
            }
        }
    }

    @Test func `outcomes that were not delivered are delivered by the next process`() async throws {
        try await serve(["http://127.0.0.1:1"]) { _, bench in
            #expect(await bench.runner.undelivered(limit: 10).count == 3)
        }
        try await FakeAdmin.serve { admin in
            try await RunnerBench.serve(in: folder.path, handlers: HandlerCatalogue()) { bench in
                await spool(bench, [admin.address]).deliverAll()
                #expect(Set(admin.callbacks.map(\.run.rawValue)) == [1, 2, 3])
                #expect(await bench.runner.undelivered(limit: 10).isEmpty)
            }
        }
    }

    @Test func `a crash between delivery and its record repeats a delivery and loses none`() async throws {
        let image = try TemporaryFolder("spool-image")
        let here = folder.path
        try await FakeAdmin.serve { admin in
            try await serve([admin.address]) { spool, _ in
                try? FileManager.default.removeItem(atPath: image.path)
                try FileManager.default.copyItem(atPath: here, toPath: image.path)
                await spool.deliverAll()
            }
            try await RunnerBench.serve(in: image.path, handlers: HandlerCatalogue()) { bench in
                await spool(bench, [admin.address]).deliverAll()
            }
            let counts = Dictionary(grouping: admin.callbacks, by: \.self).mapValues(\.count)
            #expect(counts.values.allSatisfy { $0 == 2 })
            #expect(counts.count == 3)
        }
    }
}

@Suite struct SchedulerClientTests {
    @Test(arguments: [
        ("http://h:1", "http://h:1/api"), ("http://h:1/", "http://h:1/api"),
        ("http://h:1/api/", "http://h:1/api"),
        ("http://h/xxl-job-admin", "http://h/xxl-job-admin/api"),
        ("http://h/xxl-job-admin/api", "http://h/xxl-job-admin/api"),
    ])
    func `an address is taken in every spelling`(address: String, base: String) {
        #expect(SchedulerClient.base(address) == base)
    }

    @Test func `a wrong token is a refusal that says so`() async throws {
        try await FakeAdmin.serve(token: Secret("right")) { admin in
            let client = SchedulerClient(
                addresses: [admin.address],
                appName: "kpush",
                token: Secret("wrong"),
                http: LoopbackHTTPClient()
            )
            let error = await #expect(throws: ExecutorError.self) {
                try await client.register(RegistryRequest(appName: "kpush", address: "http://h/"))
            }
            #expect(error?.code == .refused)
            #expect(error?.detail.hasSuffix("The access token is wrong.") == true)
            #expect(error?.description.contains("wrong\"") == false)
        }
    }
}
