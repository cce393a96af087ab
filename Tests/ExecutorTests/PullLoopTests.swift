import Groundwork
import TestKit
import Testing

@testable import Executor

/// What an executor that fetches its runs keeps, and what it takes from answers that come twice or late.
struct PullLoopTests {
    @Test func `its name is made once and kept in its folder`() throws {
        let folder = try TemporaryFolder("name")
        let name = try ExecutorName.load(from: folder.path)
        #expect(try ExecutorName.load(from: folder.path) == name)
        let other = try TemporaryFolder("other")
        #expect(try ExecutorName.load(from: other.path) != name)
    }

    @Test func `what it owes is said until somebody heard it, but for pages nobody waits for any more`() {
        var debt = PullDebt()
        debt.note(.accepted, of: RunID(rawValue: 1))
        debt.note(.alreadyHeld, of: RunID(rawValue: 2))
        debt.note(.refused("no"), of: RunID(rawValue: 3))
        debt.note(PulledPage(id: "a", page: nil))
        debt.keep()
        #expect(debt.accepted.map(\.rawValue) == [1, 2])
        #expect(debt.refused == [PullRequest.Refusal(run: RunID(rawValue: 3), message: "no")])
        #expect(debt.pages.isEmpty)
        debt.settle()
        #expect(debt == PullDebt())
    }

    @Test func `runs that come together are taken once each, however often they come`() async throws {
        let folder = try TemporaryFolder("pull")
        let gate = Gate()
        try await RunnerBench.serve(in: folder.path, handlers: handlers(gate)) { bench in
            let runs = [Self.run(1, job: 1), Self.run(2, job: 2), Self.run(3, job: 3, handler: "nobody")]
            let answers = await bench.runner.accept(runs)
            #expect(answers[0...1] == [.accepted, .accepted])
            guard case .refused = answers[2] else {
                Issue.record("nobody handles the third")
                return
            }
            #expect(await bench.runner.accept(Array(runs[0...1])) == [.alreadyHeld, .alreadyHeld])
            #expect(await bench.runner.standing.held == 2)
            gate.open()
            let outcomes = try await bench.outcomes(2)
            #expect(outcomes == [1: .succeeded("done"), 2: .succeeded("done")])
            #expect(Set(await bench.runner.unsettled.map(\.rawValue)) == [1, 2])
            await bench.runner.delivered([RunID(rawValue: 1), RunID(rawValue: 2)])
            #expect(await bench.runner.unsettled.isEmpty)
            #expect(await bench.runner.accept([runs[0]]) == [.alreadyHeld])
        }
    }

    @Test func `a kill ends the one run that is meant, running or waiting`() async throws {
        let folder = try TemporaryFolder("pull")
        let gate = Gate()
        try await RunnerBench.serve(in: folder.path, handlers: handlers(gate)) { bench in
            let runs = [Self.run(1, job: 1), Self.run(2, job: 1), Self.run(3, job: 1), Self.run(4, job: 2)]
            #expect(await bench.runner.accept(runs).allSatisfy { $0 == .accepted })
            try await eventually("two run") { gate.waiters == 2 }
            await bench.runner.kill(RunID(rawValue: 2), plannedAt: RunnerBench.planned)
            #expect(try await bench.outcomes(1)[2] == .killed("killed by an operator while it waited"))
            await bench.runner.kill(RunID(rawValue: 1), plannedAt: RunnerBench.planned)
            #expect(try await bench.outcomes(2)[1] == .killed("killed by an operator"))
            try await eventually("the third begins") { gate.waiters == 2 }
            gate.open()
            let outcomes = try await bench.outcomes(4)
            #expect(outcomes[3] == .succeeded("done"))
            #expect(outcomes[4] == .succeeded("done"))
        }
    }

    @Test func `a run that is killed before it came has ended, and is not begun when it comes`() async throws
    {
        let folder = try TemporaryFolder("pull")
        try await RunnerBench.serve(in: folder.path, handlers: handlers(Gate())) { bench in
            await bench.runner.kill(RunID(rawValue: 1), plannedAt: RunnerBench.planned)
            await bench.runner.kill(RunID(rawValue: 1), plannedAt: RunnerBench.planned)
            let outcomes = try await bench.outcomes(1)
            #expect(outcomes == [1: .killed("killed before it began")])
            #expect(await bench.runner.accept([Self.run(1, job: 1)]) == [.alreadyHeld])
            #expect(await bench.runner.standing.held == 0)
        }
    }

    private func handlers(_ gate: Gate) -> HandlerCatalogue {
        var handlers = HandlerCatalogue()
        handlers.add("work") { _ in
            try await gate.pass()
            return "done"
        }
        return handlers
    }

    private static func run(_ run: Int64, job: Int64, handler: String = "work") -> RunRequest {
        RunRequest(
            job: JobID(rawValue: job),
            run: RunID(rawValue: run),
            handler: handler,
            plannedAt: RunnerBench.planned
        )
    }
}
