import Groundwork
import PushEngine

/// A campaign in a list.
struct CampaignRow: Sendable {
    let path: String
    let name: String
    let number: String
    let chip: Chip
    let template: Fact
    let rows: String
    let schedule: ScheduleWords
    let next: Stamp?
    let pace: Pace?

    init(_ facts: CampaignFacts, _ say: Voice) {
        let draft = facts.campaign.draft
        path = "/campaigns/\(facts.campaign.id.rawValue)"
        name = draft.name
        number = "\(facts.campaign.id.rawValue)"
        chip = Chip(facts.phase, say)
        template = Fact(
            say("template"),
            facts.template?.latest.draft.name ?? "\(draft.template.rawValue)",
            path: "/templates/\(draft.template.rawValue)"
        )
        rows = facts.crowd.map { say.number($0.rowCount) } ?? "–"
        schedule = ScheduleWords(draft.schedule, say)
        next = say.stamp(facts.next)
        pace = facts.progress.map { Pace($0, say) }
    }
}

/// How far and how fast an occurrence is.
struct Pace: Sendable {
    let bar: Bar
    let share: String
    let rate: String?
    let timeLeft: String?

    init(_ progress: CampaignProgress, _ say: Voice) {
        var counts: [DeliveryState.Group: Int64] = [:]
        for (state, count) in progress.states { counts[state.group, default: 0] += Int64(count) }
        counts[.dropped, default: 0] += Int64(progress.refused)
        var parts = DeliveryState.Group.allCases.map { group in
            (tone: group.rawValue, name: say("group-\(group.rawValue)"), count: counts[group, default: 0])
        }
        let left = progress.run.state == .cancelled ? "group-unread" : "group-left"
        parts.append((tone: "left", name: say(left), count: progress.rowCount - progress.run.rowsRead))
        bar = Bar(parts, say: say)
        share = say.percent(progress.share)
        rate = progress.run.state == .cancelled ? nil : progress.rate(at: say.now).map { say.rate($0) }
        timeLeft = progress.timeLeft(at: say.now).map { say.duration($0) }
    }
}

/// All campaigns, a page at a time.
struct CampaignList: Sendable {
    let campaigns: [CampaignRow]
    let isEmpty: Bool
    let events: String
    let older: String?
}

/// One campaign.
struct CampaignDetail: Sendable {
    let number: String
    let name: String
    let events: String
    let actions: [Action]
    let live: CampaignLive

    init(
        _ facts: CampaignFacts,
        accounts: [SupplierAccount],
        run: CampaignRunID?,
        before: CampaignRunID?,
        _ say: Voice
    ) {
        number = "\(facts.campaign.id.rawValue)"
        name = facts.campaign.draft.name
        let path = "/campaigns/\(number)"
        let asked = [run.map { "run=\($0.rawValue)" }, before.map { "before=\($0.rawValue)" }]
            .compactMap { $0 }
            .joined(separator: "&")
        events = path + "/events" + (asked.isEmpty ? "" : "?" + asked)
        actions = Self.actions(facts, path, say)
        live = CampaignLive(facts, accounts: accounts, say)
    }

    /// What makes sense in the campaign's phase.
    private static func actions(_ facts: CampaignFacts, _ path: String, _ say: Voice) -> [Action] {
        let rows = say.number(facts.crowd?.rowCount ?? 0)
        let waiting = facts.progress.map { say.number($0.waiting) } ?? "0"
        let start = Action(
            "\(path)/start",
            say("start-now"),
            .good,
            question: say("start-question"),
            effect: say("start-effect", ["n": rows])
        )
        let pause = Action(
            "\(path)/pause",
            say("pause"),
            .wait,
            question: say("pause-question"),
            effect: say("pause-effect", ["n": waiting])
        )
        let resume = Action(
            "\(path)/resume",
            say("resume"),
            .good,
            question: say("resume-question"),
            effect: say("resume-effect", ["n": waiting])
        )
        let cancel = Action(
            "\(path)/cancel",
            say("cancel"),
            .bad,
            question: say("cancel-question"),
            effect: say("cancel-effect", ["n": waiting])
        )
        return switch facts.phase {
        case .ready: [start]
        case .scheduled: [start, pause, cancel]
        case .sending, .waitingForWindow: [pause, cancel]
        case .paused: [resume, cancel]
        case .awaitingReceipts, .finished, .finishedWithUnknown:
            facts.next == nil ? [start] : [start, pause, cancel]
        case .cancelled: []
        }
    }
}
