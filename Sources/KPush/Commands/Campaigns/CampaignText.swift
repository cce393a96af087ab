import PushEngine

/// Campaigns in words.
enum CampaignText {
    /// A line each.
    static func table(_ campaigns: [CampaignAnswer]) -> String {
        var table = Table(
            "ID",
            "NAME",
            "TEMPLATE",
            "STATE",
            "SCHEDULE",
            "BY",
            "CREATED",
            right: ["ID", "TEMPLATE"]
        )
        for campaign in campaigns {
            table.add(
                "\(campaign.id)",
                campaign.name,
                "\(campaign.template)",
                campaign.state,
                schedule(campaign),
                campaign.createdBy,
                campaign.createdAt.local
            )
        }
        return table.text
    }

    /// One campaign, with how far its latest occurrence is.
    static func whole(_ campaign: CampaignAnswer) -> String {
        var facts = Table(indent: 2)
        facts.add("template", "\(campaign.template)")
        facts.add("crowd", campaign.crowd)
        facts.add("schedule", schedule(campaign))
        facts.add("state", campaign.state)
        facts.add("next", campaign.nextAt.local)
        facts.add("created", "\(campaign.createdAt.local) by \(campaign.createdBy)")
        let head = "Campaign \(campaign.id): \(campaign.name.printable)\n" + facts.text
        return head + (campaign.latestRun.map(run) ?? "")
    }

    /// One occurrence in numbers that add up.
    static func run(_ run: CampaignRunAnswer) -> String {
        var facts = Table(indent: 2)
        facts.add("planned", run.plannedAt.local)
        facts.add("started", run.startedAt.local)
        facts.add("rows", "\(run.rowsRead.grouped) of \(run.rowCount.grouped) read")
        facts.add("left out", run.refused.grouped)
        for (code, count) in sorted(run.refusedByCode) { facts.add("  \(code)", count.grouped) }
        facts.add("messages", run.received.grouped)
        for state in DeliveryState.allCases {
            if let count = run.states[state.name], count > 0 { facts.add("  \(state.name)", count.grouped) }
        }
        for account in run.accounts {
            let count = account.states.values.reduce(0, +)
            facts.add("account \(account.account)", count.grouped + list(account.states))
        }
        facts.add("charged", run.charge.grouped)
        let end = run.settled ? ", every message final" : ""
        return "Occurrence \(run.id): \(run.state)\(end)\n" + facts.text
    }

    /// The numbers beside a bar.
    static func line(_ run: CampaignRunAnswer) -> String {
        var text = run.state == "paused" ? "paused, " : ""
        text += "\(run.rowsRead.grouped) rows read, \(run.sent.grouped) sent, "
        text += "\((run.states["delivered"] ?? 0).grouped) delivered, \(run.refused.grouped) left out"
        if let rate = run.rowsPerSecond { text += ", \(Int(rate).grouped) rows/s" }
        if let left = run.secondsLeft { text += ", \(Int(left)) s left" }
        return text
    }

    /// What was uploaded, and which rows will be left out.
    static func crowd(_ crowd: CrowdAnswer) -> String {
        let refused = crowd.refused.values.reduce(0, +)
        var text = "Crowd \(crowd.digest.prefix(12)): \(crowd.rowCount.grouped) rows"
        text += refused > 0 ? ", \(refused.grouped) of them will be left out\n" : "\n"
        var table = Table(indent: 2)
        for (code, count) in sorted(crowd.refused) {
            let example = crowd.refusedRows.first { $0.code == code }
            table.add(code, count.grouped, example.map(words) ?? "")
        }
        return text + table.text
    }

    private static func schedule(_ campaign: CampaignAnswer) -> String {
        if let cron = campaign.cron { return "cron \(cron) \(campaign.zone ?? "")" }
        return campaign.at.map { "once, \($0.local)" } ?? "by hand"
    }

    private static func words(_ row: CrowdAnswer.Row) -> String {
        "line \(row.line)\(row.column.map { ", column \($0)" } ?? ""): \(row.reason): \(row.text)"
    }

    /// The codes that were met, the most frequent first.
    private static func sorted(_ counts: [String: Int]) -> [(key: String, value: Int)] {
        counts.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    }

    private static func list(_ counts: [String: Int]) -> String {
        let found = sorted(counts)
        guard !found.isEmpty else { return "" }
        return " (" + found.map { "\($0.key) \($0.value.grouped)" }.joined(separator: ", ") + ")"
    }
}
