import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore
import PushEngine
import Scheduler

/// Campaigns: made from a template, a crowd and a time; steered and watched.
struct CampaignRoutes {
    let campaigns: CampaignService
    let runs: any CampaignRunStore
    let clock: any WallClock

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/campaigns", list)
        api.route(.post, "api/v1/campaigns", create)
        api.route(.get, "api/v1/campaigns/:id") { call in try await answer(call.id()) }
        api.route(.post, "api/v1/campaigns/:id/start") { call in
            try await campaigns.start(call.id())
            return try await answer(call.id(), status: .accepted)
        }
        api.route(.post, "api/v1/campaigns/:id/pause") { call in
            try await campaigns.pause(call.id())
            return try await answer(call.id())
        }
        api.route(.post, "api/v1/campaigns/:id/resume") { call in
            try await campaigns.resume(call.id())
            return try await answer(call.id())
        }
        api.route(.post, "api/v1/campaigns/:id/cancel") { call in
            Answer(["recalled": .number(try await campaigns.cancel(call.id()))])
        }
        api.route(.get, "api/v1/campaigns/:id/runs", occurrences)
        api.route(.get, "api/v1/campaigns/:id/runs/:run") { call in
            Answer(try await progress(call).json(at: clock.now))
        }
        api.route(.get, "api/v1/campaigns/:id/runs/:run/rejects", rejects)
        api.route(.get, "api/v1/campaigns/:id/runs/:run/rejects.csv", report)
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let (before, limit) = try call.query { query in
            (try query.optional("before") as CampaignID?, try query.limit())
        }
        let found = try await campaigns.list(before: before, limit: limit)
        return .page(found, limit: limit, next: { .id($0.id) }, \.json)
    }

    @Sendable private func create(_ call: Call) async throws -> Answer {
        let draft = try await call.body(Self.draft)
        let made = try await campaigns.create(draft)
        return .created(try await json(made), at: "/api/v1/campaigns/\(made.id.rawValue)")
    }

    @Sendable private func occurrences(_ call: Call) async throws -> Answer {
        let (before, limit) = try call.query { query in
            (try query.optional("before") as CampaignRunID?, try query.limit(20, atMost: 100))
        }
        let campaign = try await campaigns.campaign(call.id())
        var found: [CampaignProgress] = []
        for run in try await campaigns.runs(of: campaign.id, before: before, limit: limit) {
            found.append(try await campaigns.progress(of: run.id))
        }
        return .page(found, limit: limit, next: { .id($0.run.id) }, { $0.json(at: clock.now) })
    }

    @Sendable private func rejects(_ call: Call) async throws -> Answer {
        let (after, limit) = try call.query { query in
            (try query.optional("after", in: 0...Int64.max) ?? 0, try query.limit())
        }
        let run = try await progress(call).run.id
        let found = try await runs.rejects(of: run, after: after, limit: limit)
        return .page(found, limit: limit, next: { .number($0.row) }, \.json)
    }

    /// The whole report as a file: read and written page by page.
    @Sendable private func report(_ call: Call) async throws -> Response {
        let run = try await progress(call).run.id
        let runs = runs
        let body = ResponseBody { writer in
            var out: [UInt8] = []
            CrowdReport.appendStoredHeader(to: &out)
            var last: Int64 = 0
            var count: Int
            repeat {
                let page = try await runs.rejects(of: run, after: last, limit: 5_000)
                for reject in page { CrowdReport.append(reject, to: &out) }
                (count, last) = (page.count, page.last?.row ?? last)
                try await writer.write(ByteBuffer(bytes: out))
                out.removeAll(keepingCapacity: true)
            } while count > 0
            try await writer.finish(nil)
        }
        let name = "attachment; filename=\"rejects-\(run.rawValue).csv\""
        return Response(
            status: .ok,
            headers: [.contentType: "text/csv;charset=UTF-8", .contentDisposition: name],
            body: body
        )
    }

    /// The occurrence in the path, which has to be one of the campaign in the path.
    private func progress(_ call: Call) async throws -> CampaignProgress {
        let id: CampaignRunID = try call.id("run")
        let progress = try await campaigns.progress(of: id)
        guard progress.run.campaign == (try call.id() as CampaignID) else {
            throw CampaignFault.notFound("occurrence \(id.rawValue)")
        }
        return progress
    }

    private func answer(
        _ id: CampaignID,
        status: HTTPTypes.HTTPResponse.Status = .ok
    ) async throws -> Answer {
        Answer(try await json(campaigns.campaign(id)), status: status)
    }

    /// A campaign with when it fires next and how far its latest occurrence is.
    private func json(_ campaign: Campaign) async throws -> WireObject {
        var json = campaign.json
        json.append("nextAt", .instant(try await campaigns.nextInstant(of: campaign)))
        let latest = try await campaigns.runs(of: campaign.id, limit: 1).first
        var progress = WireValue.null
        if let latest {
            progress = .object(try await campaigns.progress(of: latest.id).json(at: clock.now))
        }
        json.append("latestRun", progress)
        return json
    }

    private static func draft(_ body: inout Input) throws -> CampaignDraft {
        CampaignDraft(
            name: try body.required("name"),
            template: try body.required("template"),
            crowd: try body.required("crowd"),
            schedule: try schedule(&body),
            createdBy: try body.operatorName()
        )
    }

    private static func schedule(_ body: inout Input) throws -> CampaignSchedule {
        let cron: String? = try body.optional("cron")
        let at: String? = try body.optional("at")
        let zone: String? = try body.optional("zone")
        switch (cron, at) {
        case (nil, nil): return .manual
        case (let cron?, nil): return .cron(cron, zone: zone ?? "UTC")
        case (nil, let at?):
            guard let rules = ZoneRules(named: zone ?? "UTC") else {
                throw InputFault(.outOfRange, field: "zone", "must be a time zone such as Asia/Shanghai")
            }
            guard let moment = InstantText.moment(at, in: rules) else {
                throw InputFault(.wrongType, field: "at", "must be \(Moment.expectation)")
            }
            return .once(moment)
        case (_?, _?):
            throw InputFault(.outOfRange, field: "at", "cannot stand beside cron: give one of them")
        }
    }
}
