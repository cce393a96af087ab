import Groundwork
import Synchronization
import TestKit
import Testing

@testable import Executor

/// A handler that counts what is asked of it.
private final class Counter: JobHandler {
    private struct NotReady: Error, CustomStringConvertible {
        let description = "no connection"
    }

    private let counts = Mutex<(prepared: Int, ran: Int, disposed: Int)>((0, 0, 0))
    private let failures: Int
    private let gate: Gate

    init(failures: Int = 0, gate: Gate) {
        self.failures = failures
        self.gate = gate
    }

    var seen: [Int] { counts.withLock { [$0.prepared, $0.ran, $0.disposed] } }

    func prepare() async throws {
        let count = counts.withLock { counts in
            counts.prepared += 1
            return counts.prepared
        }
        try await gate.pass()
        if count <= failures { throw NotReady() }
    }

    func run(_ context: JobContext) async throws -> String? {
        counts.withLock { $0.ran += 1 }
        return nil
    }

    func dispose() async {
        counts.withLock { $0.disposed += 1 }
    }
}

@Suite final class HandlerHookTests: Sendable {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("hooks")
    }

    @Test func `a handler gets ready once, whoever comes first, and cleans up once`() async throws {
        let gate = Gate()
        let counter = Counter(gate: gate)
        try await RunnerBench.serve(in: folder.path, handlers: HandlerCatalogue(["work": counter])) { bench in
            for run in 1...5 as ClosedRange<Int64> { #expect(await bench.accept(run, job: run) == .accepted) }
            try await eventually("one is at it") { gate.waiters == 1 }
            gate.open()
            let outcomes = try await bench.outcomes(5)
            #expect(outcomes.values.allSatisfy { $0 == .succeeded(nil) })
            #expect(counter.seen == [1, 5, 0])
        }
        #expect(counter.seen == [1, 5, 1])
    }

    @Test func `a handler that is not ready fails that run, and the next tries again`() async throws {
        let gate = Gate()
        gate.open()
        let counter = Counter(failures: 1, gate: gate)
        try await RunnerBench.serve(in: folder.path, handlers: HandlerCatalogue(["work": counter])) { bench in
            #expect(await bench.accept(1) == .accepted)
            let first = try await bench.outcomes(1)
            #expect(first == [1: .failed("the handler could not be prepared: no connection")])
            #expect(await bench.accept(2) == .accepted)
            #expect(try await bench.outcomes(2)[2] == .succeeded(nil))
        }
        #expect(counter.seen == [2, 1, 1])
    }

    @Test func `a run that is killed while its handler gets ready leaves that to the next`() async throws {
        let gate = Gate()
        let counter = Counter(gate: gate)
        try await RunnerBench.serve(in: folder.path, handlers: HandlerCatalogue(["work": counter])) { bench in
            #expect(await bench.accept(1, job: 1) == .accepted)
            try await eventually("it is at it") { gate.waiters == 1 }
            #expect(await bench.accept(2, job: 2) == .accepted)
            #expect(await bench.runner.kill(JobID(rawValue: 1)))
            #expect(try await bench.outcomes(1) == [1: .killed("killed by an operator")])
            gate.open()
            #expect(try await bench.outcomes(2)[2] == .succeeded(nil))
        }
        #expect(counter.seen == [2, 1, 1])
    }

    @Test func `who never ran has nothing to clean up`() async throws {
        let counter = Counter(gate: Gate())
        let handlers = HandlerCatalogue(["work": counter])
        try await RunnerBench.serve(in: folder.path, handlers: handlers) { bench in
            #expect(await bench.accept(1, handler: "other") == .refused("job handler [other] not found."))
        }
        #expect(counter.seen == [0, 0, 0])
    }
}
