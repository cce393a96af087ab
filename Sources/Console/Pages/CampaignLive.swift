import Groundwork
import PushEngine

/// The part of a campaign's page that changes while one looks at it.
struct CampaignLive: Sendable {
    /// One line of a table of counts.
    struct Count: Sendable {
        let chip: Chip?
        let name: String
        let count: String
        let share: String
        let path: String?
    }

    /// What one account did.
    struct Account: Sendable {
        let name: String
        let received: String
        let delivered: String
        let accepted: String
        let failed: String
        let unknown: String
        let share: String
    }

    /// One occurrence.
    struct Occurrence: Sendable {
        let path: String
        let number: String
        let planned: Stamp
        let chip: Chip
        let read: String
        let version: String
        let started: Stamp
        let isCurrent: Bool
    }

    /// Sums that come out.
    struct Equation: Sendable {
        let read: String
        let rows: String
        let refused: String
        let received: String
        let states: [Count]
        let addsUp: Bool
        /// It may still, because it is being counted.
        let isMoving: Bool
    }

    /// How often its links were followed.
    struct Clicks: Sendable {
        let count: String
        let links: [Count]
        /// Of how many these are the most followed, when they are not all.
        let rest: String?
    }

    let chip: Chip
    let facts: [Fact]
    let schedule: ScheduleWords
    let next: Stamp?
    let pace: Pace?
    let equation: Equation?
    let losses: [Count]
    let refused: [Count]
    let report: String?
    let accounts: [Account]
    let clicks: Clicks?
    let occurrences: [Occurrence]
    let older: String?

    init(_ facts: CampaignFacts, accounts: [SupplierAccount], _ say: Voice) {
        chip = Chip(facts.phase, say)
        schedule = ScheduleWords(facts.campaign.draft.schedule, say)
        next = say.stamp(facts.next)
        pace = facts.progress.map { Pace($0, say) }
        self.facts = Self.facts(facts, say)
        equation = facts.progress.map { Self.equation($0, say) }
        losses = facts.progress.map { Self.losses($0, say) } ?? []
        refused = facts.progress.map { Self.refused($0, say) } ?? []
        report = facts.progress.flatMap { progress in
            let run = "/api/v1/campaigns/\(facts.campaign.id.rawValue)/runs/\(progress.run.id.rawValue)"
            return progress.refused == 0 ? nil : run + "/rejects.csv"
        }
        self.accounts = facts.progress.map { Self.accounts($0, accounts, say) } ?? []
        clicks = facts.progress?.clicks.map { Self.clicks($0, say) }
        let path = "/campaigns/\(facts.campaign.id.rawValue)"
        older = facts.hasOlderRuns ? facts.runs.last.map { "\(path)?before=\($0.id.rawValue)" } : nil
        occurrences = facts.runs.map { run in
            Occurrence(
                path: "\(path)?run=\(run.id.rawValue)",
                number: "\(run.id.rawValue)",
                planned: say.stamp(run.plannedAt),
                chip: Chip(run.state, say),
                read: say.number(run.rowsRead),
                version: "\(run.templateVersion)",
                started: say.stamp(run.startedAt),
                isCurrent: run.id == facts.progress?.run.id
            )
        }
    }

    private static func facts(_ facts: CampaignFacts, _ say: Voice) -> [Fact] {
        let draft = facts.campaign.draft
        var shown = [
            Fact(
                say("template"),
                facts.template.map { "\($0.latest.draft.name) (\(draft.template.rawValue))" }
                    ?? "\(draft.template.rawValue)",
                path: "/templates/\(draft.template.rawValue)"
            ),
            Fact(
                say("crowd"),
                facts.crowd.map { say("crowd-rows", ["name": $0.name, "n": say.number($0.rowCount)]) } ?? "–"
            ),
            Fact(say("created-by"), "\(draft.createdBy), \(say.stamp(facts.campaign.createdAt).text)"),
        ]
        if let progress = facts.progress {
            shown.append(Fact(say("charge"), say.number(progress.charge)))
        }
        return shown
    }

    private static func equation(_ progress: CampaignProgress, _ say: Voice) -> Equation {
        Equation(
            read: say.number(progress.run.rowsRead),
            rows: say.number(progress.rowCount),
            refused: say.number(progress.refused),
            received: say.number(progress.received),
            states: counts(progress, say) { _ in true },
            addsUp: progress.addsUp,
            isMoving: progress.run.state == .running
        )
    }

    private static func losses(_ progress: CampaignProgress, _ say: Voice) -> [Count] {
        counts(progress, say) { $0.isLoss }
    }

    private static func counts(
        _ progress: CampaignProgress,
        _ say: Voice,
        where isShown: (DeliveryState) -> Bool
    ) -> [Count] {
        DeliveryState.allCases.compactMap { state in
            guard let count = progress.states[state], count > 0, isShown(state) else { return nil }
            return Count(
                chip: Chip(state, say),
                name: state.name,
                count: say.number(count),
                share: say.percent(Double(count) / Double(max(1, progress.received))),
                path: "/messages?run=\(progress.run.id.rawValue)&state=\(state.name)"
            )
        }
    }

    private static func refused(_ progress: CampaignProgress, _ say: Voice) -> [Count] {
        progress.run.refused.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { code, count in
                Count(
                    chip: nil,
                    name: code,
                    count: say.number(count),
                    share: say.percent(Double(count) / Double(max(1, progress.run.rowsRead))),
                    path: nil
                )
            }
    }

    private static func clicks(_ clicks: CampaignClicks, _ say: Voice) -> Clicks {
        let links = clicks.links.map { link in
            Count(
                chip: nil,
                name: link.url,
                count: say.number(link.count),
                share: say.percent(Double(link.count) / Double(max(1, clicks.count))),
                path: nil
            )
        }
        let isAll = links.count == clicks.linkCount
        return Clicks(
            count: say.number(clicks.count),
            links: links,
            rest: isAll
                ? nil
                : say("clicks-most", ["n": say.number(links.count), "all": say.number(clicks.linkCount)])
        )
    }

    private static func accounts(
        _ progress: CampaignProgress,
        _ accounts: [SupplierAccount],
        _ say: Voice
    ) -> [Account] {
        let all = progress.accounts.values.reduce(0) { $0 + $1.values.reduce(0, +) }
        return progress.accounts.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { id, states in
                func sum(_ group: DeliveryState.Group) -> String {
                    say.number(states.reduce(0) { $0 + ($1.key.group == group ? $1.value : 0) })
                }
                let received = states.values.reduce(0, +)
                return Account(
                    name: accounts.first { $0.id == id }?.name ?? "\(id.rawValue)",
                    received: say.number(received),
                    delivered: sum(.delivered),
                    accepted: sum(.accepted),
                    failed: sum(.failed),
                    unknown: sum(.unknown),
                    share: say.percent(Double(received) / Double(max(1, all)))
                )
            }
    }
}

extension Chip {
    init(_ state: CampaignRunState, _ say: Voice) {
        let tone: Tone =
            switch state {
            case .running: .busy
            case .paused: .wait
            case .cancelled: .idle
            case .finished: .good
            }
        self.init(tone, say("occurrence-\(state.rawValue)"))
    }
}
