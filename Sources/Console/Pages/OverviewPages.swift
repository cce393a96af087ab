import Groundwork
import People
import PushEngine
import Scheduler

/// The first page: what is under way, and whether all is well.
struct OverviewPages: PageDesk {
    private let parts: ConsoleParts
    private let renderer: PageRenderer
    private let reader: CampaignReader

    /// How many of the newest occurrences are looked at for running ones.
    private static let runLimit = 50
    private static let deadLimit = 1_000

    init(parts: ConsoleParts, renderer: PageRenderer) {
        self.parts = parts
        self.renderer = renderer
        reader = CampaignReader(parts)
    }

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/") { visit in
                .page(
                    Page(
                        "overview",
                        .overview,
                        title: visit.say("nav-overview"),
                        try await overview(visit, withReport: true)
                    )
                )
            },
            PageRoute("/events") { visit in
                .stream(
                    LiveRegion("overview-live", for: visit, renderer: renderer, clock: parts.clock) { visit in
                        LiveRegion.Snapshot(model: try await overview(visit))
                    }
                )
            },
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] { [] }

    /// Everything of the page; the report is no part of what is sent again while one looks at it.
    private func overview(_ visit: Visit, withReport: Bool = false) async throws -> Overview {
        let day = parts.calendar.day(of: visit.say.now)
        var open = RunFilter(states: .open)
        open.permitted = visit.groups.names
        let executors = try await parts.executors(of: visit.groups)
        let report = RunReportReader(runs: parts.runs)
        return Overview(
            campaigns: try await reader.open(limit: Self.runLimit),
            tallies: try await parts.records.tallies(day: day),
            depths: try await parts.queue.depths(),
            dead: try await parts.queue.deadLetters(before: nil, limit: Self.deadLimit).count,
            executors: executors,
            openRuns: try await parts.runs.list(open, limit: 100).elements,
            report: withReport ? await report.view(visit, executors: executors) : nil,
            visit.say
        )
    }
}

/// What the first page shows.
struct Overview: Sendable {
    /// Messages of one state today.
    struct Count: Sendable {
        let chip: Chip
        let count: String
        let share: String
    }

    /// What one lane's topic holds.
    struct Queue: Sendable {
        let lane: String
        let ready: String
        let claimed: String
        let waiting: String
    }

    /// The executors of one group.
    struct Group: Sendable {
        let name: String
        let alive: String
        let known: String
        let chip: Chip
    }

    let campaigns: [CampaignRow]
    let hasCampaigns: Bool
    let received: String
    let charge: String
    let bar: Bar?
    let counts: [Count]
    let queues: [Queue]
    let hasQueues: Bool
    let dead: String?
    let groups: [Group]
    let hasGroups: Bool
    let openRuns: String
    /// Nil where only the rest of the page is asked for.
    let report: RunReportView?

    init(
        campaigns: [CampaignFacts],
        tallies: [Tally],
        depths: [Lane: QueueDepth],
        dead: Int,
        executors: [ExecutorInstance],
        openRuns: [JobRun],
        report: RunReportView?,
        _ say: Voice
    ) {
        self.campaigns = campaigns.map { CampaignRow($0, say) }
        hasCampaigns = !campaigns.isEmpty
        var states: [DeliveryState: Int] = [:]
        for tally in tallies { states[tally.state, default: 0] += tally.count }
        let all = states.values.reduce(0, +)
        received = say.number(all)
        charge = say.number(tallies.reduce(0) { $0 + $1.charge })
        bar = all == 0 ? nil : Self.bar(states, say)
        counts = DeliveryState.allCases.compactMap { state in
            guard let count = states[state], count != 0 else { return nil }
            let share = say.percent(Double(count) / Double(max(1, all)))
            return Count(chip: Chip(state, say), count: say.number(count), share: share)
        }
        queues = depths.filter { $0.value.total > 0 }.sorted { $0.key.name < $1.key.name }
            .map { lane, depth in
                Queue(
                    lane: lane.name,
                    ready: say.number(depth.ready),
                    claimed: say.number(depth.claimed),
                    waiting: say.number(depth.waiting)
                )
            }
        hasQueues = !queues.isEmpty
        self.dead = dead == 0 ? nil : say.number(dead)
        groups = Self.groups(executors, say)
        hasGroups = !groups.isEmpty
        self.openRuns = say.number(openRuns.count)
        self.report = report
    }

    private static func bar(_ states: [DeliveryState: Int], _ say: Voice) -> Bar {
        var counts: [DeliveryState.Group: Int64] = [:]
        for (state, count) in states { counts[state.group, default: 0] += Int64(count) }
        return Bar(
            DeliveryState.Group.allCases.map { group in
                (tone: group.rawValue, name: say("group-\(group.rawValue)"), count: counts[group, default: 0])
            },
            say: say
        )
    }

    private static func groups(_ executors: [ExecutorInstance], _ say: Voice) -> [Group] {
        Dictionary(grouping: executors, by: \.group).sorted { $0.key < $1.key }
            .map { name, members in
                let alive = members.count { $0.isAlive(at: say.now) }
                return Group(
                    name: name,
                    alive: say.number(alive),
                    known: say.number(members.count),
                    chip: alive > 0
                        ? Chip(.good, say("executor-alive")) : Chip(.bad, say("group-without"))
                )
            }
    }
}
