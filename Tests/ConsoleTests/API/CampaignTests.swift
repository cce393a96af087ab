import Groundwork
import PushEngine
import Scheduler
import TestKit
import Testing

@testable import Console

@Suite struct CampaignTests {
    private static let rows = "phone,code\n13800138000,1\n10086,2\n13800138001,3\n13800138000,4\n"

    private static func body(
        _ template: TemplateID,
        _ crowd: String,
        _ schedule: String = ""
    ) -> String {
        #"{"name":"spring","template":\#(template.rawValue),"crowd":"\#(crowd)"\#(schedule),"operator":"ann"}"#
    }

    @Test func `a campaign is made, listed and fired`() async throws {
        try await ConsoleBench.use { bench in
            let (template, crowd) = (try await bench.template(), try await bench.crowd(Self.rows))
            let schedule = #","cron":"0 0 9 * * ?","zone":"Asia/Shanghai""#
            let made = try await bench.post("/api/v1/campaigns", Self.body(template, crowd.digest, schedule))
            #expect(made.status == 201)
            #expect(made["nextAt"] == "2030-01-16T01:00:00.000Z")
            #expect(made["cron"] == "0 0 9 * * ?")
            #expect(made["createdBy"] == "ann")
            #expect(made["latestRun"] == .null)
            let place = try #require(made.headers["location"])
            #expect(try await bench.get("/api/v1/campaigns")["items.0.name"] == "spring")
            #expect(try await bench.post(place + "/start").status == 202)
            let runs = try await bench.parts.runs.list().elements
            #expect(runs.map(\.plan.terms.params) == [#"{"campaign":1}"#])
        }
    }

    @Test func `an instant without an offset is read on the zone's clocks`() async throws {
        try await ConsoleBench.use { bench in
            let (template, crowd) = (try await bench.template(), try await bench.crowd(Self.rows))
            let schedule = #","at":"2030-01-16T09:00:00","zone":"Asia/Shanghai""#
            let made = try await bench.post("/api/v1/campaigns", Self.body(template, crowd.digest, schedule))
            #expect(made["at"] == "2030-01-16T01:00:00.000Z")
            #expect(made["nextAt"] == "2030-01-16T01:00:00.000Z")
        }
    }

    @Test func `progress is told in numbers that add up`() async throws {
        try await ConsoleBench.use { bench in
            let campaign = try await bench.campaign(bench.template(), bench.crowd(Self.rows))
            let run = try await bench.read(campaign)
            bench.clock.advance(by: .seconds(2))
            let path = "/api/v1/campaigns/\(campaign.id.rawValue)/runs"
            let answer = try await bench.get("\(path)/\(run.id.rawValue)")
            #expect(answer.status == 200)
            #expect(answer["state"] == "finished")
            #expect(answer["rowCount"] == 4)
            #expect(answer["rowsRead"] == 4)
            #expect(answer["refused"] == 2)
            #expect(answer["refusedByCode.PHONE_SERVICE"] == 1)
            #expect(answer["refusedByCode.DUPLICATE"] == 1)
            #expect(answer["received"] == 2)
            #expect(answer["states.queued"] == 2)
            #expect(answer["settled"] == false)
            #expect(try await bench.get(path)["items.0.id"] == answer["id"])
            #expect(try await bench.get("\(path)?limit=1")["next"] == answer["id"])
            #expect(try await bench.get("\(path)?before=\(run.id.rawValue)")["items.0"] == .null)
            let whole = try await bench.get("/api/v1/campaigns/\(campaign.id.rawValue)")
            #expect(whole["latestRun.received"] == 2)
            #expect(try await bench.get("\(path)/99").status == 404)
            #expect(try await bench.get("/api/v1/campaigns/99/runs/\(run.id.rawValue)").status == 404)
        }
    }

    @Test func `clicks of an occurrence are told of with its links, and not with another's`() async throws {
        try await ConsoleBench.use { bench in
            let campaign = try await bench.campaign(bench.template(), bench.crowd(Self.rows))
            let run = try await bench.read(campaign)
            let path = "/api/v1/campaigns/\(campaign.id.rawValue)"
            #expect(try await bench.get(path)["latestRun.clicks"] == .null)
            try await bench.follow("https://a.example/?a=1&b=<i>", of: run.id, code: "aaaaaaaa1", times: 3)
            try await bench.follow("https://b.example/", of: run.id, code: "bbbbbbbb1", times: 9)
            let other = CampaignRunID(rawValue: run.id.rawValue + 1)
            try await bench.follow("https://b.example/", of: other, code: "cccccccc1", times: 50)
            let answer = try await bench.get("\(path)/runs/\(run.id.rawValue)")
            #expect(answer["clicks.count"] == 12 && answer["clicks.linkCount"] == 2)
            #expect(answer["clicks.links.0.code"] == "bbbbbbbb1" && answer["clicks.links.0.clicks"] == 9)
            #expect(answer["clicks.links.1.url"] == "https://a.example/?a=1&b=<i>")
            #expect(try await bench.get(path)["latestRun.clicks.count"] == 12)
            let links = try await bench.get("/api/v1/links?businessId=2000000120300115")
            #expect(links["items.0.campaignRun"] == answer["id"])
        }
    }

    @Test func `refused rows are listed page by page and as a file`() async throws {
        try await ConsoleBench.use { bench in
            let campaign = try await bench.campaign(bench.template(), bench.crowd(Self.rows))
            let run = try await bench.read(campaign)
            let path = "/api/v1/campaigns/\(campaign.id.rawValue)/runs/\(run.id.rawValue)/rejects"
            let first = try await bench.get(path + "?limit=1")
            #expect(first["items.0.row"] == 2)
            #expect(first["items.0.code"] == "PHONE_SERVICE")
            #expect(first["items.0.column"] == "phone")
            #expect(first["next"] == 2)
            let second = try await bench.get(path + "?limit=1&after=2")
            #expect(second["items.0.row"] == 4)
            #expect(second["items.0.code"] == "DUPLICATE")
            let report = try await bench.get(path + ".csv")
            #expect(report.headers["content-type"] == "text/csv;charset=UTF-8")
            let lines = report.text.split(separator: "\n")
            #expect(lines.count == 3)
            #expect(lines.first == "line,row,column,code,text")
            #expect(lines.dropFirst().first == #"3,2,"phone",PHONE_SERVICE,"10086,2""#)
        }
    }

    @Test func `a campaign is paused, resumed and cancelled`() async throws {
        try await ConsoleBench.use { bench in
            let campaign = try await bench.campaign(bench.template(), bench.crowd(Self.rows))
            let run = try await bench.read(campaign)
            let path = "/api/v1/campaigns/\(campaign.id.rawValue)"
            #expect(try await bench.post(path + "/pause")["latestRun.state"] == "paused")
            try await bench.deliver()
            #expect(try await bench.get("\(path)/runs/\(run.id.rawValue)")["states.queued"] == 2)
            #expect(try await bench.post(path + "/resume")["latestRun.state"] == "finished")
            #expect(try await bench.post(path + "/cancel")["recalled"] == 2)
            let after = try await bench.get("\(path)/runs/\(run.id.rawValue)")
            #expect(after["state"] == "cancelled")
            let told = try await bench.get("/api/v1/audit")
            #expect(told["items.0.kind"] == "campaigns" && told["items.0.act"] == "cancel")
            #expect(told["items.0.before.state"] == "active")
            #expect(told["items.0.after.state"] == "cancelled")
            #expect(after["states.recalled"] == 2)
            #expect(after["settled"] == true)
        }
    }

    @Test(arguments: [
        (#","cron":"0 0 9 * *","zone":"Asia/Shanghai""#, "schedule.conf"),
        (#","cron":"0 0 9 * * ?","zone":"Mars""#, "schedule.zone"),
        (#","at":"soon""#, "at"), (#","at":"2030-01-16T09:00:00","zone":"Mars""#, "zone"),
        (#","at":"2030-01-16T09:00:00Z","cron":"0 0 9 * * ?""#, "at"), (#","start":"now""#, "start"),
    ])
    func `refuses a time that makes no sense`(schedule: String, field: String) async throws {
        try await ConsoleBench.use { bench in
            let (template, crowd) = (try await bench.template(), try await bench.crowd(Self.rows))
            let answer = try await bench.post(
                "/api/v1/campaigns",
                Self.body(template, crowd.digest, schedule)
            )
            #expect(answer.status == 400)
            #expect(answer["field"] == .text(field))
            #expect(try await bench.parts.campaigns.list(before: nil, limit: 1).isEmpty)
        }
    }

    @Test func `refuses a template that cannot send, a crowd that is not there, and one that lacks a column`()
        async throws
    {
        try await ConsoleBench.use { bench in
            let (template, crowd) = (try await bench.template(), try await bench.crowd(Self.rows))
            let unknown = Self.body(TemplateID(rawValue: 9), crowd.digest)
            #expect(try await bench.post("/api/v1/campaigns", unknown)["field"] == "template")
            #expect(
                try await bench.post("/api/v1/campaigns", Self.body(template, "none"))["field"] == "crowd"
            )
            let wanting = try await bench.template("{$name}您好")
            let answer = try await bench.post("/api/v1/campaigns", Self.body(wanting, crowd.digest))
            #expect(answer.status == 400)
            #expect(answer["message"] == "crowd has no column for name")
            #expect(try await bench.parts.campaigns.list(before: nil, limit: 1).isEmpty)
        }
    }

    @Test(arguments: ["start", "pause", "resume", "cancel"])
    func `an unknown campaign cannot be steered`(verb: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.post("/api/v1/campaigns/9/\(verb)")
            #expect(answer.status == 404)
            #expect(answer["message"] == "campaign 9 is not known")
        }
    }
}
