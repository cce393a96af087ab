import Groundwork
import Scheduler
import TestKit
import Testing

@testable import Console

/// Groups of executors over the API.
@Suite struct GroupTests {
    @Test func `a group is added, looked at, changed and removed`() async throws {
        try await ConsoleBench.use { bench in
            let body = #"{"name":"reports","title":"报表","addresses":["http://one:9999/","https://two/x"]}"#
            let made = try await bench.post("/api/v1/groups", body)
            #expect(made.status == 201)
            #expect(made["registration"] == "manual")
            #expect(made["addresses.1"] == "https://two/x")
            #expect(made["living.0"] == "http://one:9999")
            #expect(made["token"] == .null)
            #expect(made["ownToken"] == false)
            let path = try #require(made.headers["location"])
            let executor = try await bench.get("/api/v1/executors")
            #expect(executor["items.0.place"] == "manual")
            #expect(executor["items.0.lastSeenAt"] == .null)
            let changed = try await bench.put(path, #"{"version":1,"title":"Reports"}"#)
            #expect(changed["registration"] == "automatic")
            #expect(changed["living.0"] == .null)
            #expect(try await bench.put(path, #"{"version":1,"title":"Again"}"#).status == 409)
            #expect(try await bench.get("/api/v1/groups")["items.0.title"] == "Reports")
            #expect(try await bench.post("/api/v1/groups", body).status == 409)
            #expect(try await bench.call("DELETE", path).status == 204)
            #expect(try await bench.get(path).status == 404)
        }
    }

    @Test func `a token is told once and never again`() async throws {
        try await ConsoleBench.use { bench in
            let made = try await bench.post("/api/v1/groups", #"{"name":"reports","ownToken":true}"#)
            let token = try #require(made["token"].text)
            let path = try #require(made.headers["location"])
            let renewed = try await bench.post("\(path)/token")
            #expect(renewed.status == 201)
            let second = try #require(renewed["token"].text)
            for address in [path, "/api/v1/groups", "/api/v1/executors"] {
                let shown = try await bench.get(address).text
                #expect(!shown.contains(token) && !shown.contains(second))
            }
            #expect(try await bench.get(path)["ownToken"] == true)
            #expect(try await bench.call("DELETE", "\(path)/token").status == 204)
            #expect(try await bench.get(path)["ownToken"] == false)
        }
    }

    @Test(arguments: [
        (#"{"name":"no"}"#, "name"), (#"{}"#, "name"),
        (#"{"name":"reports","registration":"manual"}"#, "addresses"),
        (#"{"name":"reports","registration":"both"}"#, "registration"),
        (#"{"name":"reports","registration":"automatic","addresses":["http://one"]}"#, "addresses"),
        (#"{"name":"reports","addresses":["ftp://one"]}"#, "addresses[0]"),
        (#"{"name":"reports","titel":"x"}"#, "titel"),
    ])
    func `what makes no sense is refused by its field`(body: String, field: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.post("/api/v1/groups", body)
            #expect(answer.status == 400)
            #expect(answer["field"] == .text(field))
        }
    }

    @Test func `a group that a job names stays`() async throws {
        try await ConsoleBench.use { bench in
            _ = try await bench.parts.jobs.create(.sample(schedule: .manual))
            let path = try #require(
                try await bench.post("/api/v1/groups", #"{"name":"app"}"#).headers["location"]
            )
            let refused = try await bench.call("DELETE", path)
            #expect(refused.status == 409)
            #expect(refused["message"].text?.contains("names the group") == true)
        }
    }

    @Test func `a job is triggered at one executor`() async throws {
        try await ConsoleBench.use { bench in
            try await bench.executor(at: "one")
            try await bench.executor(at: "two")
            let job = try await bench.parts.jobs.create(.sample(schedule: .manual)).id
            let body = #"{"address":"http://two:9999","params":"x"}"#
            let answer = try await bench.post("/api/v1/jobs/\(job)/trigger", body)
            #expect(answer.status == 202)
            #expect(answer["items.0.target"] == "http://two:9999")
            #expect(answer["items.0.params"] == "x")
            let wrong = try await bench.post(
                "/api/v1/jobs/\(job)/trigger",
                #"{"address":"http://three:9999"}"#
            )
            #expect(wrong.status == 400)
            #expect(wrong["field"] == "address")
        }
    }
}
