import Groundwork
import PushEngine

/// Campaigns: the list, one campaign live, and its buttons.
struct CampaignPages: PageDesk {
    private let parts: ConsoleParts
    private let renderer: PageRenderer
    private let reader: CampaignReader

    private static let pageSize = 20

    init(parts: ConsoleParts, renderer: PageRenderer) {
        self.parts = parts
        self.renderer = renderer
        reader = CampaignReader(parts)
    }

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/campaigns") { visit in
                let list = try await list(visit)
                return .page(Page("campaigns", .campaigns, title: visit.say("nav-campaigns"), list))
            },
            PageRoute("/campaigns/events") { visit in
                .stream(
                    LiveRegion("campaigns-live", for: visit, renderer: renderer, clock: parts.clock) {
                        visit in
                        LiveRegion.Snapshot(model: try await list(visit))
                    }
                )
            },
            PageRoute("/campaigns/:id") { visit in
                let facts = try await facts(visit)
                let detail = try await detail(facts, visit)
                return .page(Page("campaign", .campaigns, title: facts.campaign.draft.name, detail))
            },
            PageRoute("/campaigns/:id/events") { visit in
                // What is not there is told with a status of its own, before the stream begins.
                _ = try await facts(visit)
                return .stream(
                    LiveRegion("campaign-live", for: visit, renderer: renderer, clock: parts.clock) { visit in
                        let facts = try await facts(visit)
                        return LiveRegion.Snapshot(
                            model: try await detail(facts, visit),
                            facts: facts.json(at: visit.say.now),
                            isOver: facts.isOver
                        )
                    }
                )
            },
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            button("start") { try await parts.campaigns.start($0) },
            button("pause") { try await parts.campaigns.pause($0) },
            button("resume") { try await parts.campaigns.resume($0) },
            button("cancel") { _ = try await parts.campaigns.cancel($0) },
        ]
    }

    private func button(
        _ verb: String,
        _ act: @escaping @Sendable (CampaignID) async throws -> Void
    ) -> PageRoute<ButtonAnswer> {
        PageRoute("/campaigns/:id/\(verb)") { visit in
            let id: CampaignID = try visit.id()
            try await act(id)
            return ButtonAnswer("/campaigns/\(id.rawValue)", done: "campaign-\(verb)")
        }
    }

    private func list(_ visit: Visit) async throws -> CampaignList {
        let before = visit.number("before").map { CampaignID(rawValue: $0) }
        let found = try await parts.campaigns.list(before: before, limit: Self.pageSize)
        var rows: [CampaignRow] = []
        for campaign in found {
            rows.append(CampaignRow(try await reader.facts(campaign), visit.say))
        }
        let last = found.count == Self.pageSize ? found.last : nil
        return CampaignList(
            campaigns: rows,
            isEmpty: rows.isEmpty,
            events: "/campaigns/events" + (before.map { "?before=\($0.rawValue)" } ?? ""),
            older: last.map { "/campaigns?before=\($0.id.rawValue)" }
        )
    }

    private func facts(_ visit: Visit) async throws -> CampaignFacts {
        let campaign = try await parts.campaigns.campaign(visit.id())
        return try await reader.facts(campaign, run: visit.run("run"), before: visit.run("before"))
    }

    private func detail(_ facts: CampaignFacts, _ visit: Visit) async throws -> CampaignDetail {
        CampaignDetail(
            facts,
            accounts: try await parts.accounts.accounts(),
            run: visit.run("run"),
            before: visit.run("before"),
            visit.say
        )
    }
}

extension Visit {
    /// The occurrence that the address names.
    fileprivate func run(_ name: String) -> CampaignRunID? {
        number(name).map { CampaignRunID(rawValue: $0) }
    }
}

extension CampaignFacts {
    /// What the campaign's events tell programs.
    fileprivate func json(at now: Moment) -> WireObject {
        var json: WireObject = ["phase": .text(phase.rawValue)]
        guard let progress else { return json }
        let states = progress.states.sorted { $0.key.rawValue < $1.key.rawValue }
        json.append("run", .integer(progress.run.id.rawValue))
        json.append("rows", .integer(progress.rowCount))
        json.append("read", .integer(progress.run.rowsRead))
        json.append("refused", .integer(Int64(progress.refused)))
        json.append("received", .integer(Int64(progress.received)))
        var counts = WireObject()
        for (state, count) in states { counts.append(state.name, .integer(Int64(count))) }
        json.append("states", .object(counts))
        json.append("rate", progress.rate(at: now).map { .number($0) } ?? .null)
        json.append("isSettled", .bool(progress.isSettled))
        return json
    }
}
