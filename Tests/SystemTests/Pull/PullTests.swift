import Executor
import Groundwork
import LocalServers
import Scheduler
import TestKit
import Testing

/// Executors that nobody can call, over real connections.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PullTests {
    @Test func `a run goes down, its log can be read meanwhile, and its result comes back`() async throws {
        try await PullStage.serve { stage in
            let job = try await stage.job("one", "wait")
            try await stage.withExecutor {
                let run = try await stage.trigger(job)
                try await eventually("it runs") { try await stage.isRunning(run) }
                let reader = RunLogReader(stage.parts)
                try await eventually("its log is read") {
                    try await reader.page(run, from: 1).text.contains("waiting")
                }
                let page = try await reader.page(run, from: 1)
                #expect(!page.isComplete)
                #expect(try await reader.page(run, from: page.next).text.isEmpty)
                stage.works.gate.open()
                #expect(try await stage.end(of: run).message == "waited")
                try await eventually("its log ends") {
                    try await reader.page(run, from: page.next).text.contains("run ended")
                }
                #expect(try await stage.runs.run(run).executor?.address.isPulled == true)
            }
            #expect(try await stage.runs.executors().map(\.hasLeft) == [true])
        }
    }

    @Test func `a kill ends one run alone, and the executor confirms it`() async throws {
        try await PullStage.serve { stage in
            let (one, other) = (try await stage.job("one", "wait"), try await stage.job("other", "wait"))
            try await stage.withExecutor {
                let runs = [try await stage.trigger(one), try await stage.trigger(other)]
                for run in runs { try await eventually("\(run) runs") { try await stage.isRunning(run) } }
                guard case .requested = try await stage.runs.kill(runs[0]) else {
                    Issue.record("nobody can have confirmed")
                    return
                }
                #expect(try await stage.end(of: runs[0]).reason == .killed)
                #expect(try await stage.isRunning(runs[1]))
                stage.works.gate.open()
                #expect(try await stage.end(of: runs[1]).reason == .completed)
            }
        }
    }

    @Test func `a run that is too slow for the scheduler is ended at its executor too`() async throws {
        try await PullStage.serve { stage in
            let job = try await stage.job("slow", "wait")
            try await stage.withExecutor {
                let run = try await stage.trigger(job)
                try await eventually("it runs") { try await stage.isRunning(run) }
                let end = RunEnd(.timedOut, message: "by the test", at: stage.parts.wall.now)
                _ = try await RunCloser(stage.parts)
                    .close(try await stage.runs.run(run), end, token: nil)
                // The next run of the job can begin only when the executor has let go of this one.
                let next = try await stage.trigger(job)
                try await eventually("the next begins", within: .seconds(30)) {
                    stage.works.beginnings[next] == 1
                }
                #expect(try await stage.runs.run(run).end?.reason == .timedOut)
                stage.works.gate.open()
                #expect(try await stage.end(of: next).reason == .completed)
            }
        }
    }

    @Test func `answers that the network swallows lose nothing and double nothing`() async throws {
        try await PullStage.serve { stage in
            var jobs: [JobID] = []
            for number in 0..<60 { jobs.append(try await stage.job("job \(number)")) }
            let all = jobs
            try await stage.withExecutor {
                var runs: [RunID] = []
                for (number, job) in all.enumerated() {
                    if number % 20 == 5 { stage.relay.dropReplies() }
                    runs.append(try await stage.trigger(job))
                    if number % 20 == 15 {
                        // What was said into the void is what this is about.
                        let last = runs[runs.count - 1]
                        try await eventually("it was handed over") {
                            try await stage.runs.run(last).state.name != .planned
                        }
                        try await stage.relay.heal()
                    }
                }
                for run in runs { #expect(try await stage.end(of: run).reason == .completed) }
                #expect(stage.works.beginnings.count == runs.count)
                #expect(stage.works.beginnings.values.allSatisfy { $0 == 1 })
            }
        }
    }

    @Test func `connections that break all the time lose nothing and double nothing`() async throws {
        try await PullStage.serve { stage in
            let job = try await stage.job("every") { $0.schedule = .every(.milliseconds(200)) }
            try await stage.withExecutor {
                for round in 1...6 {
                    let done = stage.works.beginnings.count
                    await stage.relay.cut()
                    try await stage.relay.heal()
                    try await eventually("round \(round) goes on", within: .seconds(60)) {
                        stage.works.beginnings.count > done + 2
                    }
                }
                _ = try await stage.jobs.setEnabled(job, false)
                try await eventually("all have ended", within: .seconds(60)) {
                    try await stage.runs.list(RunFilter(states: .open)).elements.isEmpty
                }
            }
            let runs = try await stage.runs.list(limit: 500).elements
            #expect(runs.allSatisfy { $0.end?.reason == .completed })
            #expect(Set(stage.works.beginnings.keys) == Set(runs.map(\.id)))
            #expect(stage.works.beginnings.values.allSatisfy { $0 == 1 })
        }
    }

    @Test func `who has no seats left gets nothing, and what waits for that fails not`() async throws {
        try await PullStage.serve { stage in
            let jobs = [try await stage.job("a", "wait"), try await stage.job("b"), try await stage.job("c")]
            try await stage.withExecutor("one", { $0.seats = 1 }) {
                let first = try await stage.trigger(jobs[0])
                try await eventually("it runs") { try await stage.isRunning(first) }
                let others = [try await stage.trigger(jobs[1]), try await stage.trigger(jobs[2])]
                // The executor tells that it is alive and full several times meanwhile.
                let executor = try #require(try await stage.runs.executors().first)
                try await eventually("it calls on", within: .seconds(60)) {
                    try await stage.runs.executors().first.map { $0.lastSeenAt > executor.lastSeenAt } == true
                }
                for run in others {
                    #expect(try await stage.runs.run(run).state.name == .planned)
                    #expect(try await stage.runs.run(run).unreachedSince == nil)
                }
                stage.works.gate.open()
                for run in [first] + others { #expect(try await stage.end(of: run).reason == .completed) }
            }
        }
    }

    @Test func `a run for one executor waits for it while it is full, and goes to no other`() async throws {
        try await PullStage.serve { stage in
            let jobs = [try await stage.job("a", "wait"), try await stage.job("b")]
            try await stage.withExecutor("one", { $0.seats = 1 }) {
                try await stage.withExecutor("two", { $0.seats = 1 }) {
                    try await eventually("both are there") { try await stage.runs.executors().count == 2 }
                    let chosen = try #require(try await stage.runs.executors().first).address
                    let first = try await stage.trigger(jobs[0], at: chosen)
                    try await eventually("it runs") { try await stage.isRunning(first) }
                    let second = try await stage.trigger(jobs[1], at: chosen)
                    try await eventually("it is left for the full one") {
                        try await stage.runs.run(second).executor?.address == chosen
                    }
                    #expect(try await stage.runs.run(second).state.name == .dispatching)
                    stage.works.gate.open()
                    for run in [first, second] {
                        #expect(try await stage.end(of: run).reason == .completed)
                        #expect(try await stage.runs.run(run).executor?.address == chosen)
                    }
                }
            }
        }
    }

    @Test func `a restarted executor keeps its name, and is another process`() async throws {
        try await PullStage.serve { stage in
            let job = try await stage.job("one")
            var seen: [ExecutorInstance] = []
            for _ in 0..<2 {
                try await stage.withExecutor {
                    let end = try await stage.end(of: stage.trigger(job))
                    #expect(end.reason == .completed)
                }
                seen += try await stage.runs.executors()
            }
            #expect(seen.count == 2)
            #expect(seen[0].address == seen[1].address)
            #expect(seen[0].instance != seen[1].instance)
        }
    }

    @Test func `runs are shared among executors that fetch theirs`() async throws {
        try await PullStage.serve { stage in
            let job = try await stage.job("all") { $0.route = .sharding }
            try await stage.withExecutor("one") {
                try await stage.withExecutor("two") {
                    try await eventually("both are there") { try await stage.runs.executors().count == 2 }
                    let runs = try await stage.jobs.trigger(job)
                    #expect(runs.count == 2)
                    for run in runs { #expect(try await stage.end(of: run.id).reason == .completed) }
                    var addresses: Set<ExecutorAddress?> = []
                    for run in runs { addresses.insert(try await stage.runs.run(run.id).executor?.address) }
                    #expect(addresses.count == 2)
                }
            }
        }
    }
}
