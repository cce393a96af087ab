import Groundwork
import Scheduler
import Testing

@testable import Console

@Suite struct JobTests {
    private static let sound = """
        {"name":"nightly","group":"app","handler":"clean","params":"a=1","timeout":90,\
        "schedule":{"type":"CRON","conf":"0 0 2 * * ?","zone":"Asia/Shanghai"},\
        "misfire":"fire_once","overlap":"DISCARD_LATER","route":"FAILOVER",\
        "retry":{"limit":2,"backoff":{"first":1,"ceiling":8}}}
        """

    @Test func `a job is made, changed, switched, triggered and removed`() async throws {
        try await ConsoleBench.use { bench in
            let made = try await bench.post("/api/v1/jobs", Self.sound)
            #expect(made.status == 201)
            #expect(made["nextTriggerAt"] == "2030-01-15T18:00:00.000Z")
            #expect(made["timeout"].wholeNumber == 90)
            #expect(made["retry.backoff.ceiling"].wholeNumber == 8)
            #expect(made["hashKey"] == .null)
            #expect(made["warnings"] == .list([]))
            let place = try #require(made.headers["location"])

            let edit = #"{"version":1,"# + Self.sound.dropFirst().replacing("clean", with: "sweep")
            let edited = try await bench.put(place, edit)
            #expect(edited["handler"] == "sweep")
            #expect(edited["version"] == 2)
            #expect(try await bench.put(place, edit).status == 409)

            #expect(try await bench.post(place + "/disable")["nextTriggerAt"] == .null)
            #expect(try await bench.post(place + "/enable")["enabled"] == true)

            let triggered = try await bench.post(place + "/trigger", #"{"params":"b=2"}"#)
            #expect(triggered.status == 202)
            #expect(triggered["items.0.params"] == "b=2")
            #expect(triggered["items.0.trigger"] == "api")
            #expect(try await bench.call("DELETE", place).status == 409)
            let run = try #require(triggered["items.0.id"].wholeNumber)
            #expect(try await bench.post("/api/v1/runs/\(run)/kill").status == 200)
            #expect(try await bench.call("DELETE", place).status == 204)
            #expect(try await bench.get(place).status == 404)
        }
    }

    @Test func `what of a schedule may surprise is told to who saves it`() async throws {
        try await ConsoleBench.use { bench in
            let surprising = Self.sound.replacing("0 0 2 * * ?", with: "0 0 0 31W * ?")
                .replacing("\"params\"", with: "\"hashKey\":\"17\",\"params\"")
            let made = try await bench.post("/api/v1/jobs", surprising)
            #expect(made["warnings.0"] == "31W never fires in February, April, June, September, November")
            #expect(made["hashKey"] == "17")
            let place = try #require(made.headers["location"])
            let edit = #"{"version":1,"# + surprising.dropFirst().replacing("31W", with: "30W")
            #expect(try await bench.put(place, edit)["warnings.0"] == "30W never fires in February")
            let restored = try await bench.post(place + "/versions/1/restore", #"{"version":2}"#)
            #expect(restored["warnings.0"] == made["warnings.0"])
            #expect(try await bench.get(place)["warnings"] == .null)
            let faulty = try await bench.post("/api/v1/jobs", surprising.replacing("\"17\"", with: "\"\""))
            #expect((faulty.status, faulty["field"].text) == (400, "hashKey"))
        }
    }

    @Test func `triggers of the past are told, made up for once, and refused where they make no sense`()
        async throws
    {
        try await ConsoleBench.use { bench in
            let place = try #require(try await bench.post("/api/v1/jobs", Self.sound).headers["location"])
            let span = #""from":"2030-01-10T00:00:00Z","to":"2030-01-14T00:00:00Z""#
            let told = try await bench.post(place + "/backfill", "{\(span),\"dryRun\":true}")
            #expect(told.status == 200)
            #expect((told["due"].wholeNumber, told["missing"].wholeNumber) == (4, 4))
            #expect(told["added"].wholeNumber == 0)
            #expect(told["instants.0"] == "2030-01-10T18:00:00.000Z")
            let made = try await bench.post(
                place + "/backfill",
                "{\(span),\"params\":\"day={date}\",\"spacing\":30}"
            )
            #expect(made.status == 202)
            #expect(made["added"].wholeNumber == 4)
            #expect(made["spacing"].wholeNumber == 30)
            let runs = try await bench.get("/api/v1/runs?limit=10")
            #expect(runs["items.0.trigger"] == "backfill")
            #expect(runs["items.3.params"] == "day=2030-01-11")
            #expect(try await bench.post(place + "/backfill", "{\(span)}")["added"].wholeNumber == 0)
            for (wrong, field) in [
                (#"{"from":"2030-01-10T00:00:00Z"}"#, "to"), (#"{\#(span),"dry_run":true}"#, "dry_run"),
                (#"{"from":"2030-01-10T00:00:00Z","to":"2031-01-01T00:00:00Z"}"#, "to"),
                (#"{\#(span),"spacing":0.5}"#, "spacing"),
            ] {
                let refused = try await bench.post(place + "/backfill", wrong)
                #expect(refused.status == 400, "\(wrong)")
                #expect(refused["field"].text == field)
            }
        }
    }

    @Test func `an empty body triggers with the job's own parameters`() async throws {
        try await ConsoleBench.use { bench in
            let place = try #require(try await bench.post("/api/v1/jobs", Self.sound).headers["location"])
            #expect(try await bench.post(place + "/trigger")["items.0.params"] == "a=1")
        }
    }

    @Test(
        arguments: [
            (#""nightly""#, #""""#, "name"), (#""app""#, #""a b""#, "group"),
            (#""handler":"clean","#, "", "handler"),
            ("CRON", "CRAWN", "schedule.type"), ("0 0 2 * * ?", "0 0 2 * *", "schedule.conf"),
            ("Asia/Shanghai", "Mars", "schedule.zone"), (#""timeout":90"#, #""timeout":-1"#, "timeout"),
            (#""timeout":90"#, #""timeout":1e300"#, "timeout"),
            (#""timeout":90"#, #""timeout":"90""#, "timeout"),
            (#""limit":2"#, #""limit":101"#, "retry.limit"), (#""first":1"#, #""first":9"#, "retry.backoff"),
            (#""first":1"#, #""firts":1"#, "retry.backoff.firts"), ("FAILOVER", "NEAREST", "route"),
            ("fire_once", "maybe", "misfire"), (#""zone""#, #""zoen""#, "schedule.zoen"),
            (#"{"type""#, #"["type""#, nil),
        ] as [(String, String, String?)]
    )
    func `refuses a job that makes no sense, by field`(
        part: String,
        other: String,
        field: String?
    ) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.post("/api/v1/jobs", Self.sound.replacing(part, with: other))
            #expect(answer.status == 400)
            #expect(answer["field"].text == field)
            #expect(try await bench.parts.jobs.list().elements.isEmpty)
        }
    }

    @Test func `a job has a calendar that comes with KPush, or one of its own`() async throws {
        try await ConsoleBench.use { bench in
            let own = """
                {"name":"acme","summary":"","from":2030,"until":2031,"weekends":"excluded",\
                "excluded":["2030-01-16"],"included":["2030-01-19"]}
                """
            let body = Self.sound.replacing("\"zone\"", with: "\"calendar\":\(own),\"zone\"")
            let made = try await bench.post("/api/v1/jobs", body)
            #expect(made["schedule.calendar.excluded.0"] == "2030-01-16")
            #expect(made["schedule.calendar.weekends"] == "excluded")
            let next = try await bench.get("/api/v1/jobs/1/next?count=4")
            let days = next["instants"].list?.compactMap { $0.text?.prefix(10) }
            // At two in Shanghai it is still the day before in UTC; the 20th of January 2030 is a Sunday.
            #expect(days == ["2030-01-16", "2030-01-17", "2030-01-18", "2030-01-20"])

            let named = body.replacing(own, with: "\"cn-workdays\"").replacing("nightly", with: "other")
            #expect(try await bench.post("/api/v1/jobs", named)["schedule.calendar"] == "cn-workdays")
            for (part, other, field) in [
                ("2030-01-16", "2030-02-30", "schedule.calendar.excluded[0]"),
                ("2030-01-19", "2030-01-18", "schedule.calendar.included"),
                ("2031", "2029", "schedule.calendar.until"),
                ("\"summary\"", "\"sumary\"", "schedule.calendar.sumary"),
                (own, "\"nowhere\"", "schedule.calendar"), (own, "[]", "schedule.calendar"),
            ] {
                let answer = try await bench.post("/api/v1/jobs", body.replacing(part, with: other))
                #expect(answer.status == 400)
                #expect(answer["field"].text == field)
            }
        }
    }

    @Test func `every fault of a job is told`() async throws {
        try await ConsoleBench.use { bench in
            let body = #"{"name":"","group":"a b","handler":"h"}"#
            let answer = try await bench.post("/api/v1/jobs", body)
            let fields = answer["faults"].list?.map { $0.object?["field"] ?? .null }
            #expect(fields == ["name", "group"])
        }
    }

    @Test func `a second job of that name is a conflict`() async throws {
        try await ConsoleBench.use { bench in
            _ = try await bench.post("/api/v1/jobs", Self.sound)
            let answer = try await bench.post("/api/v1/jobs", Self.sound)
            #expect(answer.status == 409)
            #expect(answer["code"] == "conflict")
        }
    }

    @Test func `jobs are listed newest first, by filter and page`() async throws {
        try await ConsoleBench.use { bench in
            for name in ["one", "two", "three"] {
                _ = try await bench.post("/api/v1/jobs", Self.sound.replacing("nightly", with: name))
            }
            let page = try await bench.get("/api/v1/jobs?limit=2")
            #expect(page["items.0.name"] == "three")
            #expect(page["next"] == 2)
            #expect(try await bench.get("/api/v1/jobs?limit=2&before=2")["items.0.name"] == "one")
            #expect(try await bench.get("/api/v1/jobs?name=two")["items"].list?.count == 1)
            #expect(try await bench.get("/api/v1/jobs?enabled=false")["items"] == .list([]))
            #expect(try await bench.get("/api/v1/jobs?enabled=maybe")["field"] == "enabled")
        }
    }

    @Test func `shows when a job and a schedule fire next`() async throws {
        try await ConsoleBench.use { bench in
            let place = try #require(try await bench.post("/api/v1/jobs", Self.sound).headers["location"])
            let next = try await bench.get(place + "/next?count=2")
            #expect(next["instants"] == .list(["2030-01-15T18:00:00.000Z", "2030-01-16T18:00:00.000Z"]))
            #expect(try await bench.get(place + "/next?count=0")["field"] == "count")

            let schedule = """
                {"type":"CRON","conf":"0 30 2 * * ?","zone":"America/New_York",\
                "from":"2030-03-09T12:00:00-05:00","count":1}
                """
            let preview = try await bench.post("/api/v1/schedules/preview", schedule)
            #expect(preview["instants.0"] == "2030-03-10T07:00:00.000Z")
            #expect(preview["warnings"].list?.isEmpty == false)
            let bad = try await bench.post("/api/v1/schedules/preview", #"{"type":"CRON","conf":"nonsense"}"#)
            #expect(bad.status == 400)
            #expect(bad["field"] == "schedule.conf")
        }
    }
}

/// Instants that no calendar has, over the API: a sum with one would end the process.
@Suite struct InstantRefusalTests {
    @Test(arguments: ["-9223372036854775808", "9223372036854775807"])
    func `no door takes one`(instant: String) async throws {
        try await ConsoleBench.use { bench in
            let schedule = #"{"type":"CRON","conf":"0 0 0 * * ?","from":"\#(instant)"}"#
            let preview = try await bench.post("/api/v1/schedules/preview", schedule)
            #expect(preview.status == 400)
            #expect(preview["field"] == "from")
            for (kind, other) in [("from", "to"), ("to", "from")] {
                let span = "\(kind)=\(instant)&\(other)=2030-01-15T00:00:00Z"
                let proof = try await bench.get("/api/v1/jobs/verify?\(span)")
                #expect(proof.status == 400)
                #expect(proof["field"] == .text(kind))
            }
            func create(_ schedule: String) async throws -> ConsoleBench.Answer {
                let job = #"{"name":"one","group":"app","handler":"h","schedule":\#(schedule)}"#
                return try await bench.post("/api/v1/jobs", job)
            }
            #expect(try await create(#"{"type":"RUN_AT","conf":"\#(instant)"}"#)["field"] == "schedule.conf")
            let made = try await create(#"{"type":"CRON","conf":"0 0 0 * * ?"}"#)
            let place = try #require(made.headers["location"])
            for kind in ["from", "to"] {
                let other = kind == "from" ? "to" : "from"
                let body = #"{"\#(kind)":"\#(instant)","\#(other)":"2030-01-15T00:00:00Z","dryRun":true}"#
                let backfill = try await bench.post(place + "/backfill", body)
                #expect(backfill.status == 400)
                #expect(backfill["field"] == .text(kind))
            }
        }
    }
}

/// Jobs whose code is kept here, over the API.
@Suite struct JobScriptAPITests {
    @Test func `a script is kept as it was given, and asked of no handler`() async throws {
        try await ConsoleBench.use { bench in
            let script = #"{"language":"shell","source":"echo $1\n","remark":"says what it got"}"#
            let made = try await bench.post(
                "/api/v1/jobs",
                #"{"name":"s","group":"app","script":\#(script)}"#
            )
            #expect(made.status == 201)
            #expect(made["script.source"] == "echo $1\n")
            #expect(made["script.remark"] == "says what it got")
            #expect(made["handler"] == "")
            let read = try await bench.get(try #require(made.headers["location"]))
            #expect(read["script.language"] == "shell")
        }
    }

    @Test(arguments: [
        (#""script":{"language":"groovy","source":"x"}"#, "script.language"),
        (#""script":{"language":"shell","source":" "}"#, "script.source"),
        (#""script":{"language":"shell"}"#, "script.source"),
        (#""script":{"language":"shell","source":"x","remark":"no"}"#, "script.remark"),
        (#""script":{"language":"shell","source":"x"},"handler":"h""#, "handler"),
    ])
    func `a script that makes no sense is refused at its field`(script: String, field: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.post("/api/v1/jobs", #"{"name":"s","group":"app",\#(script)}"#)
            #expect(answer.status == 400)
            #expect(answer["field"].text == field)
        }
    }
}
