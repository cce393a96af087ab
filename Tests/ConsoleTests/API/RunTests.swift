import Groundwork
import Scheduler
import TestKit
import Testing

@testable import Console

@Suite struct RunTests {
    @Test func `a run is listed, looked at and killed`() async throws {
        try await ConsoleBench.use { bench in
            try await bench.executor()
            let run = try await bench.running().id
            let list = try await bench.get("/api/v1/runs?state=running&group=app&executor=http://one:9999")
            #expect(list["items.0.id"] == .integer(run.rawValue))
            #expect(list["items.0.executor"] == "http://one:9999")
            let killed = try await bench.post("/api/v1/runs/\(run)/kill")
            #expect(killed.status == 200)
            #expect(killed["result"] == "ended")
            let ended = try await bench.get("/api/v1/runs/\(run)")
            #expect(ended["reason"] == "killed")
            #expect(ended["outcome"] == "failed")
            #expect(try await bench.post("/api/v1/runs/\(run)/kill")["result"] == "already_ended")
        }
    }

    @Test func `a run whose executor does not answer stays open and is told as accepted`() async throws {
        try await ConsoleBench.use { bench in
            try await bench.executor()
            let run = try await bench.running().id
            bench.executors.place(nil, at: "one")
            let killed = try await bench.post("/api/v1/runs/\(run)/kill")
            #expect(killed.status == 202)
            #expect(killed["result"] == "requested")
            #expect(try await bench.get("/api/v1/runs/\(run)")["killRequestedAt"] == .text(bench.now.iso8601))
        }
    }

    @Test(arguments: [
        ("state=lost", "state"), ("reason=bored", "reason"), ("job=x", "job"), ("limit=-1", "limit"),
        ("plannedFrom=yesterday", "plannedFrom"), ("before=0", "before"), ("states=running", "states"),
    ])
    func `refuses a filter that makes no sense`(query: String, field: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.get("/api/v1/runs?\(query)")
            #expect(answer.status == 400)
            #expect(answer["field"] == .text(field))
        }
    }

    @Test func `an unknown run is not found`() async throws {
        try await ConsoleBench.use { bench async throws in
            #expect(try await bench.get("/api/v1/runs/9").status == 404)
            #expect(try await bench.post("/api/v1/runs/9/kill").status == 404)
        }
    }

    @Test func `executors are listed with whether they live`() async throws {
        try await ConsoleBench.use { bench in
            try await bench.executor(at: "one")
            bench.clock.advance(by: .seconds(100))
            try await bench.executor(at: "two")
            let list = try await bench.get("/api/v1/executors")
            #expect(list["items.0.address"] == "http://one:9999")
            #expect(list["items.0.alive"] == false)
            #expect(list["items.1.alive"] == true)
        }
    }
}

/// The list of runs as a file.
@Suite struct RunExportTests {
    @Test func `runs that pass the filter are a file for spreadsheets`() async throws {
        try await ConsoleBench.use { bench in
            try await bench.executor()
            let run = try await bench.running()
            let end = CallbackItem(run: run.id, plannedAt: run.plan.plannedAt, outcome: .failed("=1+\"1\""))
            _ = await bench.parts.executors.callBack(CallbackBatch([end]))
            let file = try await bench.get("/api/v1/runs.csv?outcome=failed&group=app")
            #expect(file.headers["content-type"] == "text/csv;charset=UTF-8")
            #expect(Array(file.body.prefix(3)) == [0xEF, 0xBB, 0xBF])
            let lines = file.text.split(separator: "\r\n")
            #expect(lines.count == 2)
            #expect(lines[1].hasPrefix("\"\(run.id)\",\"\(run.plan.job)\",\"app\",\"handle\","))
            #expect(lines[1].contains("\"2030-01-15T04:00:00.000Z\""))
            // What would be a formula is a text.
            #expect(lines[1].hasSuffix("\"'=1+\"\"1\"\"\""))
            #expect(
                try await bench.get("/api/v1/runs.csv?outcome=succeeded").text.count { $0 == "\r\n" } == 1
            )
            #expect(try await bench.get("/api/v1/runs?state=open")["items"].list?.isEmpty == true)
            let both = try await bench.get("/api/v1/runs?outcome=failed&reason=killed")
            #expect(both.status == 400)
            #expect(both["field"] == "outcome")
        }
    }

    @Test func `a file has no more runs than it may have, however many there are`() {
        var table = RunTable()
        let plan = RunPlan(
            job: JobID(rawValue: 1),
            plannedAt: .noon,
            trigger: .manual,
            terms: RunTerms(group: "app", handler: "h")
        )
        let run = JobRun(id: RunID(rawValue: 1), plan: plan, state: .running)
        table.append(Array(repeating: run, count: RunTable.limit - 1))
        _ = table.takeBytes()
        table.append([run, run])
        #expect(table.rows == RunTable.limit)
        #expect(String(decoding: table.takeBytes(), as: UTF8.self).count { $0 == "\r\n" } == 1)
    }
}
