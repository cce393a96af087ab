import Foundation
import Groundwork
import LocalServers
import PushEngine

extension FaultScenario {
    static let none = FaultScenario(
        name: "none",
        promise: "nothing goes wrong, and everything adds up",
        span: .seconds(15),
        limits: FaultLimits(stall: .seconds(6), lateness: .seconds(5))
    ) { _ in }

    static let kill = FaultScenario(
        name: "kill",
        promise: "a process of any role is killed every 5 s for 3 min",
        span: .seconds(180),
        limits: FaultLimits(stall: .seconds(35), lateness: .seconds(15), unknown: 4_000)
    ) { stage in
        let clock = ContinuousClock()
        let end = clock.now + stage.scenario.span
        var turn = 0
        while clock.now < end {
            try await kill(Role.allCases[turn % Role.allCases.count], on: stage)
            turn += 1
            try await stage.pause(.seconds(4))
        }
    }

    static let brief = FaultScenario(
        name: "brief",
        promise: "a process of each role is killed, one after the other, and Redis is flushed",
        span: .seconds(20),
        limits: FaultLimits(stall: .seconds(35), lateness: .seconds(30), unknown: 4_000)
    ) { stage in
        // The worker first: its claims take longest to run out.
        for role in [Role.worker, .scheduler, .executor, .web] {
            try await kill(role, on: stage)
            try await stage.pause(.seconds(2))
        }
        await stage.note("FLUSHALL")
        try await stage.cluster.redis.run(["FLUSHALL"])
    }

    /// Kills a process of a role and starts it again a second later.
    private static func kill(_ role: Role, on stage: FaultStage) async throws {
        guard let name = await stage.cluster.names(of: role).randomElement() else { return }
        await stage.note("\(role.rawValue) killed")
        await stage.kill(name)
        try await stage.pause(.seconds(1))
        try await stage.cluster.restart(name)
    }

    static let leaderPaused = FaultScenario(
        name: "leader-paused",
        promise:
            "the leading scheduler stands still for twice its lease, and what it wrote last arrives afterwards",
        span: .seconds(25),
        nodes: NodeNetwork.ofSchedulers
    ) { stage in
        guard let leader = try await stage.leader(), let term = try await stage.term(),
            let network = await stage.props.networks.first(where: { $0.node == leader })?.postgres
        else { throw DemoError("nobody leads") }
        // Every write of a leader shows its token so.
        network.hold(whatSays: "hold_term")
        await stage.expect("a write of the leader is on its way", within: .seconds(5)) { network.held > 0 }
        await stage.note("leader stopped for 12 s in the middle of a write")
        let clock = ContinuousClock()
        let end = clock.now + .seconds(12)
        await stage.cluster.signal(leader, SIGSTOP)
        await stage.expectNewTerm(after: term, within: .seconds(8))
        try await clock.sleep(until: end)
        try await network.heal()
        await stage.expect("PostgreSQL refuses the write for its token", within: .seconds(5)) {
            try await stage.cluster.postgres.hasLogged("term \(term) is over")
        }
        await stage.cluster.signal(leader, SIGCONT)
        await stage.expect("the old leader knows that it is none", within: .seconds(5)) {
            try stage.hasLogged(leader, "leader deposed", in: term)
        }
    }

    static let terminate = FaultScenario(
        name: "sigterm",
        promise: "a process of each role is told to end under full load",
        span: .seconds(30),
        limits: FaultLimits(stall: .seconds(6), unanswered: 0...0)
    ) { stage in
        for role in [Role.worker, .executor, .scheduler, .web] {
            let names = await stage.cluster.names(of: role)
            let leader = role == .scheduler ? try await stage.leader() : nil
            guard let name = leader ?? names.first else { continue }
            let term = try await stage.term()
            await stage.note("\(role.rawValue) told to end")
            let stopwatch = Stopwatch(ContinuousClock())
            let code = await stage.cluster.stop(name)
            let time = stopwatch.elapsed
            await stage.expect(
                "\(role.rawValue) ends in order: code \(code ?? -1), \(time.inSeconds.tenths) s of at most 30.0 s",
                code == 0 && time < .seconds(30)
            )
            if role == .scheduler { await stage.expectNewTerm(after: term, within: .seconds(2)) }
            if role == .worker { await expectWork(stage) }
            try await stage.cluster.restart(name)
            try await stage.cluster.isReady(name)
        }
    }

    /// What the worker that ended left is still there.
    private static func expectWork(_ stage: FaultStage) async {
        // No answer is no work.
        let progress = try? await stage.campaign.progress()
        let left = progress.map { Int($0.rowCount - $0.run.rowsRead) + $0.waiting } ?? 0
        await stage.expect("rows that wait for another worker: \(left.grouped)", left > 0)
    }
}
