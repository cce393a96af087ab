import Groundwork
import LocalServers
import Scheduler
import TestKit
import Testing

@testable import KPush

/// An executor that others wrote, PyPI's pyxxl, does what it is told, and what it tells is understood.
@Suite(.serialized, .timeLimit(.minutes(10))) struct PyxxlTests {
    @Test func `results, failures and time limits are stored as what they are`() async throws {
        let stage = try await PyxxlStage()
        let answer = try await stage.end(of: stage.run("answer", "a=1 & ü")[0])
        #expect(answer.reason == "completed")
        #expect(answer.message == "got a=1 & ü")
        #expect(answer.executor == stage.executor.address)
        let object = try await stage.end(of: stage.run("object")[0])
        #expect(object.reason == "completed")
        #expect(object.message == #"{"rows":20,"names":["a",null]}"#)
        let failed = try await stage.end(of: stage.run("fail")[0])
        #expect(failed.reason == "handler_failed")
        #expect(failed.message == "no such day")
        let late = try await stage.end(of: stage.run("wait", timeout: .seconds(1))[0])
        #expect(late.reason == "timed_out")
        let unknown = try await stage.end(of: stage.run("nobody")[0])
        #expect(unknown.reason == "dispatch_failed")
        #expect(unknown.message == "handler nobody not found.")
        await stage.stop()
    }

    @Test func `a killed run is killed, whatever the executor calls back meanwhile, and not tried again`()
        async throws
    {
        let stage = try await PyxxlStage()
        let run = try await stage.start(of: stage.run("wait", retries: 3)[0])
        let answer = try await stage.api.post("/api/v1/runs/\(run.id)/kill")
        #expect(answer.status == 200)
        #expect(try await stage.look(run).reason == "killed")
        // The executor is free for the next run at once.
        #expect(try await stage.start(of: stage.trigger(run.job)[0]).executor == stage.executor.address)
        #expect(try await stage.runs(of: run.job).count == 2)
        await stage.stop()
    }

    @Test(arguments: [0, 1])
    func `runs in the executor's queue, of which it never calls back, end with the one that is killed`(
        killed: Int
    ) async throws {
        let stage = try await PyxxlStage()
        // Nobody is there: its shard goes to the only one that can be reached, and waits there.
        try await stage.register("http://127.0.0.1:\(FreePort.find())")
        let shards = try await stage.run("wait", route: .sharding)
        #expect(shards.count == 2)
        for shard in shards {
            #expect(try await stage.start(of: shard).executor == stage.executor.address)
        }
        _ = try await stage.api.post("/api/v1/runs/\(shards[killed].id)/kill")
        for shard in shards { #expect(try await stage.end(of: shard).reason == "killed") }
        await stage.stop()
    }

    @Test func `a log that grows is read line by line, each exactly once`() async throws {
        let stage = try await PyxxlStage()
        let run = try await stage.run("lines", "1500")[0]
        var (text, next, pages) = ("", Int64(1), 0)
        try await eventually("the log is complete", every: .milliseconds(10)) {
            guard try await stage.look(run).executor != nil else { return false }
            let page: RunLogAnswer = try await stage.api
                .get("/api/v1/runs/\(run.id)/log", [("from", "\(next)")]).decoded()
            if !page.text.isEmpty { pages += 1 }
            (text, next) = (text + page.text, page.next)
            return page.complete
        }
        let numbers = text.split(separator: "\n").compactMap { $0.firstMatch(of: #/ - line ([0-9]+)$/#)?.1 }
        #expect(numbers.compactMap { Int($0) } == Array(0..<1500))
        // It was read while it grew.
        #expect(pages > 3)
        await stage.stop()
    }

    @Test func `an executor whose queue is full refuses, and says so`() async throws {
        let stage = try await PyxxlStage(queueLength: 1)
        let job = try await stage.job("wait")
        // Another scheduler has it busy: one run runs, one waits.
        for number in 1...2 { try await stage.occupy(stage.executor.address, with: job, run: Int64(number)) }
        let refused = try await stage.end(of: stage.trigger(job)[0])
        #expect(refused.reason == "dispatch_failed")
        #expect(refused.message?.contains("queue length more than 1") == true, "\(refused.message ?? "")")
        await stage.stop()
    }

    @Test func `each of two executors gets its shard of a broadcast, and knows which`() async throws {
        let stage = try await PyxxlStage(executors: 2)
        let shards = try await stage.run("shard", route: .sharding)
        #expect(shards.count == 2)
        for shard in shards {
            let end = try await stage.end(of: shard)
            let address = stage.addresses[shard.shard.index]
            #expect(end.executor == address)
            let port = try #require(address.split(separator: ":").last)
            #expect(end.message == "\(shard.shard.index)/2 at \(port)")
        }
        await stage.stop()
    }

    @Test func `busyover passes by an executor that is busy, and fails when all are`() async throws {
        let stage = try await PyxxlStage(executors: 2)
        let job = try await stage.job("wait", route: .busyover)
        // Another scheduler has the first one busy.
        try await stage.occupy(stage.addresses[0], with: job, run: 1)
        let run = try await stage.start(of: stage.trigger(job)[0])
        #expect(run.executor == stage.addresses[1])
        _ = try await stage.api.post("/api/v1/runs/\(run.id)/kill")
        try await stage.occupy(stage.addresses[1], with: job, run: 1)
        let end = try await stage.end(of: stage.trigger(job)[0])
        #expect(end.reason == "dispatch_failed")
        for address in stage.addresses {
            #expect(
                end.message?.contains("\(address): job \(job) is running.") == true,
                "\(end.message ?? "")"
            )
        }
        await stage.stop()
    }
}
