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
        debt.note(.accepted, of: RunID(rawValue: 1), at: .zero)
        debt.note(.alreadyHeld, of: RunID(rawValue: 2), at: .zero)
        debt.note(.refused("no"), of: RunID(rawValue: 3), at: .zero)
        debt.note(PulledPage(id: "a", page: nil))
        let all = said(&debt, [1: .open, 2: .open], at: .seconds(1)).request
        #expect(all.accepted.map(\.rawValue) == [1, 2])
        #expect(all.refused == [PullRequest.Refusal(run: RunID(rawValue: 3), message: "no")])
        #expect(all.pages.map(\.id) == ["a"])
        debt.keep()
        let again = said(&debt, [1: .open, 2: .open], at: .seconds(1)).request
        #expect(again.accepted == all.accepted)
        #expect(again.refused == all.refused)
        #expect(again.pages.isEmpty)
        debt.settle()
        #expect(debt.isEmpty)
    }

    @Test func `a run is told of when it goes on for a while, or its end does not get through`() {
        var debt = PullDebt()
        for run in 1...3 { debt.note(.accepted, of: RunID(rawValue: Int64(run)), at: .seconds(1)) }
        let soon = said(&debt, [1: .open, 2: .ended, 3: .told], at: .milliseconds(1_020))
        #expect(soon.request.accepted.isEmpty)
        #expect(soon.next == .milliseconds(480))
        let later = said(&debt, [1: .open, 2: .ended], at: .milliseconds(1_510))
        #expect(later.request.accepted.map(\.rawValue) == [1])
        #expect(later.request.acceptedFor == [510])
        #expect(later.next == .milliseconds(1_490))
        debt.settle()
        #expect(said(&debt, [2: .ended], at: .milliseconds(2_999)).request.accepted.isEmpty)
        #expect(said(&debt, [2: .ended], at: .seconds(3)).request.accepted.map(\.rawValue) == [2])
        debt.note(.accepted, of: RunID(rawValue: 4), at: .seconds(3))
        // There is no later call.
        #expect(said(&debt, [2: .told, 4: .open], at: nil).request.accepted.map(\.rawValue) == [4])
    }

    private func said(
        _ debt: inout PullDebt,
        _ stages: [Int64: JournalState.Stage],
        at elapsed: Duration?
    ) -> (request: PullRequest, next: Duration?) {
        var request = PullRequest(appName: "app", address: "a", instance: "i", capacity: 1, seats: 1)
        let known = Dictionary(uniqueKeysWithValues: stages.map { (RunID(rawValue: $0), $1) })
        let next = debt.write(into: &request, known, at: elapsed)
        return (request, next)
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
            #expect(await bench.runner.stages(of: [runs[0].run]) == [runs[0].run: .open])
            gate.open()
            let outcomes = try await bench.outcomes(2)
            #expect(outcomes == [1: .succeeded("done"), 2: .succeeded("done")])
            #expect(Set(await bench.runner.unsettled.map(\.rawValue)) == [1, 2])
            let ids = [RunID(rawValue: 1), RunID(rawValue: 3)]
            #expect(await bench.runner.stages(of: ids) == [ids[0]: .ended, ids[1]: .told])
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
