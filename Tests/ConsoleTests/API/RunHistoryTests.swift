import Groundwork
import SQLiteDriver
import Scheduler
import TestKit
import Testing

@testable import Console

/// How many runs each day had, and clearing, over the API.
@Suite struct RunHistoryTests {
    @Test func `every day of a range is told with what became of its runs`() async throws {
        try await ConsoleBench.use { bench in
            try await bench.executor()
            await bench.finish(try await bench.running())
            try await bench.count()
            let answer = try await bench.get("/api/v1/runs/days")
            #expect(answer.status == 200)
            #expect(answer["items"].list?.count == 7)
            #expect(answer["items.0.day"] == 20_300_109)
            #expect(answer["items.0.total"] == 0)
            #expect(answer["items.6.day"] == 20_300_115)
            #expect(answer["items.6.succeeded"] == 1)
            #expect(answer["items.6.reasons.completed"] == 1)
            // Two minutes before noon in Shanghai.
            #expect(answer["countedUntil"] == "2030-01-15T03:58:00.000Z")
            let other = try await bench.get("/api/v1/runs/days?from=20300115&group=other")
            #expect(other["items.0.total"] == 0)
            #expect(try await bench.get("/api/v1/runs/days?job=1&from=20300115")["items.0.total"] == 1)
        }
    }

    @Test(arguments: [
        ("from=20300116", "from"), ("from=20280101", "from"), ("to=20300230", "to"), ("day=1", "day"),
    ])
    func `a range that makes no sense is refused`(query: String, field: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.ask(
                "GET",
                "/api/v1/runs/days?\(query)",
                headers: [(name: "Authorization", value: "Bearer \(ConsoleBench.token)")]
            )
            #expect(answer.status == 400)
            #expect(answer["field"] == .text(field))
        }
    }

    @Test func `clearing is rehearsed unless the caller says otherwise`() async throws {
        try await ConsoleBench.use { bench in
            try await bench.executor()
            let run = try await bench.running()
            await bench.finish(run)
            bench.clock.advance(by: .seconds(86_400 * 2))
            let old = #""group":"app","olderThanDays":1"#
            let rehearsal = try await bench.post("/api/v1/runs/clear", "{\(old)}")
            #expect(rehearsal["dryRun"] == true)
            #expect(rehearsal["runs"] == 1)
            #expect(try await bench.get("/api/v1/runs/\(run.id)").status == 200)
            let kept = try await bench.post("/api/v1/runs/clear", #"{"keepNewest":1,"dryRun":false}"#)
            #expect(kept["runs"] == 0)
            let cleared = try await bench.post("/api/v1/runs/clear", "{\(old),\"dryRun\":false}")
            #expect(cleared["dryRun"] == false)
            #expect(cleared["runs"] == 1)
            #expect(cleared["more"] == false)
            #expect(try await bench.get("/api/v1/runs/\(run.id)").status == 404)
        }
    }

    @Test(arguments: [
        (#"{}"#, "olderThanDays"), (#"{"olderThanDays":1,"keepNewest":1}"#, "keepNewest"),
        (#"{"olderThanDays":1,"job":1,"group":"app"}"#, "group"), (#"{"olderThanDays":-1}"#, "olderThanDays"),
        (#"{"keepNewest":2000000}"#, "keepNewest"),
    ])
    func `clearing that makes no sense is refused`(body: String, field: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.ask(
                "POST",
                "/api/v1/runs/clear",
                Array(body.utf8),
                headers: [
                    (name: "Authorization", value: "Bearer \(ConsoleBench.token)"),
                    (name: "Content-Type", value: ConsoleBench.json),
                ]
            )
            #expect(answer.status == 400)
            #expect(answer["field"] == .text(field))
        }
    }

    @Test func `how long a job's runs are kept is set with the job`() async throws {
        try await ConsoleBench.use { bench in
            let body = #"{"name":"a","group":"app","handler":"h","keepDays":90}"#
            let made = try await bench.post("/api/v1/jobs", body)
            #expect(made["keepDays"].wholeNumber == 90)
            #expect(try await bench.scheduler.runs.keeps().values.map(\.inSeconds) == [90 * 86_400])
        }
    }
}

extension ConsoleBench {
    /// Counts the runs of days, as the leader does every minute.
    func count() async throws {
        let database = try SchedulerDatabase(path: folder.file("scheduler.db"))
        let keeper = SQLiteLeaseKeeper(database)
        let lease = try await keeper.acquire(
            SchedulerService.leaseName,
            holder: "test",
            for: .seconds(60)
        )
        let token = try #require(lease).token
        let runs = RunService(scheduler)
        let today = runs.day(of: now)
        try await scheduler.runs.count(today, within: runs.span(of: today), token: token)
        try await scheduler.runs.settle(until: now - .seconds(120), token: token)
    }
}
