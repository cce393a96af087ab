import Foundation
import Groundwork
import Logging
import Synchronization
import TestKit
import Testing

@testable import Executor

private struct Broken: Error, CustomStringConvertible {
    let description = "the disk is full"
}

@Suite final class JobRunnerTests: Sendable {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("runner")
    }

    private func serve(
        settings: JobRunner.Settings = JobRunner.Settings(),
        _ handlers: HandlerCatalogue,
        _ body: @Sendable (RunnerBench) async throws -> Void
    ) async throws {
        try await RunnerBench.serve(in: folder.path, settings: settings, handlers: handlers, body)
    }

    /// A handler that waits at a gate, and ends at once when cancelled.
    private func waiting(at gate: Gate) -> HandlerCatalogue {
        var handlers = HandlerCatalogue()
        handlers.add("work") { _ in
            try await gate.pass()
            return "done"
        }
        return handlers
    }

    @Test func `what a handler returns is the outcome, and what it was given is the request`() async throws {
        var handlers = HandlerCatalogue()
        handlers.add("work") { context in
            context.log("hello", metadata: ["n": "1"])
            context.report(RunProgress(done: 1, total: 2))
            return
                "\(context.job) \(context.run) \(context.params) \(context.shardIndex)/\(context.shardTotal)"
        }
        try await serve(handlers) { bench in
            #expect(await bench.accept(5, job: 3, params: "a=1") == .accepted)
            let outcomes = try await bench.outcomes(1)
            #expect(outcomes == [5: .succeeded("3 5 a=1 0/1")])
            let log = try bench.log(5)
            #expect(log.contains("09:00:00.000 [info] hello n=1\n"))
            #expect(log.contains("[info] progress done=1 percent=50 total=2\n"))
            #expect(log.contains("[info] run ended message=\"3 5 a=1 0/1\" outcome=succeeded\n"))
            #expect(await bench.runner.isOver(RunID(rawValue: 5)))
            #expect(await bench.runner.isIdle(JobID(rawValue: 3)))
        }
    }

    @Test func `what a handler throws is the failure's message`() async throws {
        var handlers = HandlerCatalogue()
        handlers.add("work") { _ in throw Broken() }
        try await serve(handlers) { bench in
            #expect(await bench.accept(1) == .accepted)
            let outcomes = try await bench.outcomes(1)
            #expect(outcomes == [1: .failed("the disk is full")])
        }
    }

    @Test func `an unknown handler and foreign code are refused and leave nothing behind`() async throws {
        try await serve(waiting(at: Gate())) { bench in
            #expect(await bench.accept(1, handler: "other") == .refused("job handler [other] not found."))
            var script = RunRequest(
                job: JobID(rawValue: 1),
                run: RunID(rawValue: 2),
                handler: "work",
                plannedAt: RunnerBench.planned
            )
            script.glueType = "GLUE_GROOVY"
            #expect(await bench.runner.accept(script) == .refused("glueType[GLUE_GROOVY] is not valid."))
            #expect(await bench.runner.isIdle(JobID(rawValue: 1)))
            #expect(await bench.runner.undelivered(limit: 10).isEmpty)
        }
    }

    @Test func `a run that is sent twice runs once, before and after its end`() async throws {
        let gate = Gate()
        try await serve(waiting(at: gate)) { bench in
            #expect(await bench.accept(1) == .accepted)
            #expect(await bench.accept(1) == .alreadyHeld)
            gate.open()
            let outcomes = try await bench.outcomes(1)
            #expect(outcomes == [1: .succeeded("done")])
            #expect(await bench.accept(1) == .alreadyHeld)
            await bench.runner.delivered([RunID(rawValue: 1)])
            #expect(await bench.accept(1) == .alreadyHeld)
            #expect(await bench.runner.undelivered(limit: 10).isEmpty)
        }
    }

    @Test func `of runs that end at once each has its outcome, and what waits behind it starts`() async throws
    {
        let gate = Gate()
        try await serve(waiting(at: gate)) { bench in
            for run in 1...400 as ClosedRange<Int64> {
                #expect(await bench.accept(run, job: run % 200) == .accepted)
            }
            gate.open()
            let outcomes = try await bench.outcomes(400)
            #expect(outcomes.count == 400)
            #expect(outcomes.values.allSatisfy { $0 == .succeeded("done") })
            #expect(await bench.runner.undelivered(limit: .max).count == 400)
            for job in 0..<200 as Range<Int64> {
                #expect(await bench.runner.isIdle(JobID(rawValue: job)))
            }
        }
    }

    @Test func `the time limit ends a run and nothing else does`() async throws {
        try await serve(waiting(at: Gate())) { bench in
            #expect(await bench.accept(1, timeout: 5) == .accepted)
            await bench.clock.sleepers()
            bench.clock.advance(by: .milliseconds(4_999))
            #expect(await bench.runner.undelivered(limit: 10).isEmpty)
            bench.clock.advance(by: .milliseconds(1))
            let outcomes = try await bench.outcomes(1)
            #expect(outcomes == [1: .timedOut("timed out after 5.0 s")])
            #expect(
                try bench.log(1).contains("stop requested, waiting for the handler to end: the time limit")
            )
        }
    }

    @Test func `a handler that ignores cancellation keeps its place until it ends`() async throws {
        let gate = Gate()
        var handlers = HandlerCatalogue()
        handlers.add("work") { _ in
            // A task of its own is not cancelled with the handler's: this handler cannot be stopped.
            try await Task { try await gate.pass() }.value
            return "stubborn"
        }
        try await serve(handlers) { bench in
            #expect(await bench.accept(1, timeout: 5) == .accepted)
            #expect(await bench.accept(2) == .accepted)
            await bench.clock.sleepers()
            bench.clock.advance(by: .seconds(5))
            try await eventually("the log tells") { try bench.log(1).contains("stop requested") }
            #expect(await !bench.runner.isOver(RunID(rawValue: 1)))
            #expect(await bench.runner.undelivered(limit: 10).isEmpty)
            gate.open()
            let outcomes = try await bench.outcomes(2)
            #expect(
                outcomes == [
                    1: .timedOut("timed out after 5.0 s"), 2: .succeeded("stubborn"),
                ]
            )
        }
    }

    @Test func `killing a job ends the running and the waiting runs`() async throws {
        try await serve(waiting(at: Gate())) { bench in
            for run in 1...3 as ClosedRange<Int64> { #expect(await bench.accept(run) == .accepted) }
            #expect(await bench.accept(9, job: 2) == .accepted)
            #expect(await bench.runner.kill(JobID(rawValue: 1)))
            let outcomes = try await bench.outcomes(3)
            #expect(
                outcomes == [
                    1: .killed("killed by an operator"), 2: .killed("killed by an operator while it waited"),
                    3: .killed("killed by an operator while it waited"),
                ]
            )
            #expect(await !bench.runner.isIdle(JobID(rawValue: 2)))
            try await eventually("the job is idle") { await bench.runner.isIdle(JobID(rawValue: 1)) }
            #expect(await !bench.runner.kill(JobID(rawValue: 1)))
        }
    }

    @Test func `cover early ends what runs and waits, then runs`() async throws {
        let gates = [1: Gate(), 2: Gate(), 3: Gate()] as [Int64: Gate]
        let started = Mutex<[Int64]>([])
        var handlers = HandlerCatalogue()
        handlers.add("work") { context in
            started.withLock { $0.append(context.run.rawValue) }
            try await gates[context.run.rawValue]?.pass()
            return nil
        }
        try await serve(handlers) { bench in
            #expect(await bench.accept(1) == .accepted)
            #expect(await bench.accept(2) == .accepted)
            #expect(await bench.accept(3, .coverEarly) == .accepted)
            let outcomes = try await bench.outcomes(2)
            #expect(
                outcomes == [1: .killed("killed: covered by run 3"), 2: .killed("killed: covered by run 3")]
            )
            gates[3]?.open()
            #expect(try await bench.outcomes(3)[3] == .succeeded(nil))
            #expect(started.withLock { $0 }.last == 3)
            #expect(started.withLock { !$0.contains(2) })
        }
    }

    @Test func `discard later and a full queue are refused in the wire's words`() async throws {
        try await serve(settings: JobRunner.Settings(queueLength: 1), waiting(at: Gate())) { bench in
            #expect(await bench.accept(1) == .accepted)
            #expect(await bench.accept(2, .discardLater) == .refused("block strategy effect：Discard Later"))
            #expect(await bench.accept(3) == .accepted)
            #expect(
                await bench.accept(4) == .refused("the job's queue on this executor is full, 1 runs wait")
            )
        }
    }

    @Test func `draining refuses new runs and lets the accepted ones end`() async throws {
        let gate = Gate()
        try await serve(waiting(at: gate)) { bench in
            #expect(await bench.accept(1) == .accepted)
            #expect(await bench.accept(2) == .accepted)
            try await eventually("the run has started") { gate.waiters == 1 }
            async let drained: Void = bench.runner.drain()
            await bench.clock.sleepers()
            #expect(await bench.accept(3) == .refused("not now: the executor shuts down"))
            #expect(await bench.accept(1) == .alreadyHeld)
            gate.open()
            await drained
            let outcomes = try await bench.outcomes(2)
            #expect(outcomes == [1: .succeeded("done"), 2: .succeeded("done")])
        }
    }

    @Test func `what has not ended within the drain limit is stopped and fails`() async throws {
        try await serve(waiting(at: Gate())) { bench in
            #expect(await bench.accept(1) == .accepted)
            #expect(await bench.accept(2) == .accepted)
            async let drained: Void = bench.runner.drain()
            await bench.clock.sleepers()
            bench.clock.advance(by: .seconds(30))
            await drained
            let outcomes = try await bench.outcomes(2)
            #expect(
                outcomes == [
                    1: .failed("the executor was shut down before the run ended"),
                    2: .failed("the executor was shut down before the run started"),
                ]
            )
        }
    }

    @Test func `a run that was open when the process died ends as failed, once`() async throws {
        let image = try TemporaryFolder("crash")
        let path = folder.path
        try await serve(waiting(at: Gate())) { bench in
            #expect(await bench.accept(1) == .accepted)
            #expect(await bench.accept(2) == .accepted)
            try copy(path, to: image.path)
        }
        for _ in 1...2 {
            try await RunnerBench.serve(in: image.path, handlers: waiting(at: Gate())) { bench in
                let log = try bench.log(1)
                let lost = RunOutcome.failed("executor restarted before the run ended")
                let outcomes = try await bench.outcomes(2)
                #expect(outcomes == [1: lost, 2: lost])
                #expect(await bench.accept(1) == .alreadyHeld)
                #expect(log.contains("[error] executor restarted before the run ended"))
            }
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `every accepted run gets exactly one outcome, through kills, covers and crashes`(
        seed: UInt64
    ) async throws {
        var random = SeededGenerator(seed: seed)
        var accepted: Set<Int64> = []
        var next: Int64 = 0
        var current = folder.path
        var images: [String] = []
        for _ in 0..<4 {
            let steps = (0..<30).map { _ in Int.random(in: 0..<100, using: &random) }
            let image = folder.path + "-\(images.count)"
            images.append(image)
            let (here, first) = (current, next)
            let taken = try await RunnerBench.serve(
                in: here,
                settings: JobRunner.Settings(queueLength: 2),
                handlers: obedient()
            ) { bench in
                let taken = await drive(bench, steps, first: first)
                // What another process would find if this one died now.
                try copy(here, to: image)
                return taken
            }
            accepted.formUnion(taken)
            next += Int64(steps.count)
            current = image
        }
        defer { for image in images { try? FileManager.default.removeItem(atPath: image) } }
        let (expected, last) = (accepted, current)
        try await RunnerBench.serve(in: last, handlers: obedient()) { bench in
            let outcomes = try await bench.outcomes(expected.count)
            #expect(Set(outcomes.keys) == expected)
            #expect(await bench.runner.undelivered(limit: .max).count == expected.count)
        }
    }

    /// Handlers that end in different ways, some only when they are stopped.
    private func obedient() -> HandlerCatalogue {
        var handlers = HandlerCatalogue()
        handlers.add("work") { context in
            switch context.run.rawValue % 3 {
            case 0: return "at once"
            case 1: throw Broken()
            default:
                try await Gate().pass()
                return nil
            }
        }
        return handlers
    }

    /// Plays random events and returns the runs that were accepted.
    private func drive(_ bench: RunnerBench, _ steps: [Int], first: Int64) async -> Set<Int64> {
        var accepted: Set<Int64> = []
        for (index, step) in steps.enumerated() {
            let job = Int64(step % 3)
            if step < 15 {
                _ = await bench.runner.kill(JobID(rawValue: job))
            } else {
                let run = first + Int64(index)
                let strategy = BlockStrategy.allCases[step % BlockStrategy.allCases.count]
                if await bench.accept(run, job: job, strategy) == .accepted { accepted.insert(run) }
                guard accepted.contains(run), step > 60 else { continue }
                #expect(await bench.accept(run, job: job, strategy) == .alreadyHeld)
            }
        }
        return accepted
    }
}

private func copy(_ folder: String, to image: String) throws {
    try? FileManager.default.removeItem(atPath: image)
    try FileManager.default.copyItem(atPath: folder, toPath: image)
}
