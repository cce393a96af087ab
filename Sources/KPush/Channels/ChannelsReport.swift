import PushEngine
import SupplierSimulator

/// What came of a campaign over each channel, and whether both sides' books agree.
struct ChannelsReport: Sendable {
    let outcomes: [ChannelsDemo.Outcome]
    let stats: SimulatorStats

    /// Whether every recipient is accounted for and the simulator says the same.
    var isExact: Bool { disagreements.isEmpty }

    /// What must hold and does not, in words.
    var disagreements: [String] {
        var faults: [String] = []
        func hold(_ left: Int, _ right: Int, _ what: String) {
            if left != right { faults.append("\(what): \(left.grouped) and \(right.grouped)") }
        }
        for outcome in outcomes {
            let progress = outcome.progress
            let name = outcome.entry.sample.channel.name
            hold(
                Int(progress.run.rowsRead),
                Int(progress.rowCount),
                "\(name), rows read and rows of the file"
            )
            hold(progress.refused, outcome.entry.refused, "\(name), rows refused and bad rows of the file")
            hold(
                progress.received,
                Int(progress.rowCount) - outcome.entry.refused,
                "\(name), recipients and good rows"
            )
            hold(
                outcome.recount.values.reduce(0, +),
                progress.states.values.reduce(0, +) - progress.open,
                "\(name), records and sum of final states"
            )
            hold(progress.open, 0, "\(name), messages without a final state")
            for (account, supplier) in zip(outcome.entry.accounts, outcome.entry.sample.suppliers) {
                hold(
                    taken(by: account, in: outcome),
                    stats.accepted(by: supplier),
                    "\(supplier.rawValue), sent by us and taken by the simulator"
                )
            }
        }
        hold(stats.doubled, 0, "recipients that the simulator got twice")
        return faults
    }

    /// The report as it is printed.
    var text: String {
        var table = Table(
            "channel",
            "supplier",
            "recipients",
            "delivered",
            "not delivered",
            "sent",
            "other",
            "taken by the simulator",
            "books",
            right: [
                "recipients", "delivered", "not delivered", "sent", "other", "taken by the simulator",
            ]
        )
        for outcome in outcomes {
            for (account, supplier) in zip(outcome.entry.accounts, outcome.entry.sample.suppliers) {
                let states = outcome.progress.accounts[account.id] ?? [:]
                let all = states.values.reduce(0, +)
                let known: [DeliveryState] = [.delivered, .undelivered, .sent]
                let others = all - known.reduce(0) { $0 + states[$1, default: 0] }
                let taken = stats.accepted(by: supplier)
                table.add(
                    outcome.entry.sample.channel.name,
                    supplier.rawValue,
                    all.grouped,
                    states[.delivered, default: 0].grouped,
                    states[.undelivered, default: 0].grouped,
                    states[.sent, default: 0].grouped,
                    others.grouped,
                    taken.grouped,
                    self.taken(by: account, in: outcome) == taken ? "ok" : "NO"
                )
            }
        }
        let rows = outcomes.reduce(0) { $0 + Int($1.progress.rowCount) }
        let refused = outcomes.reduce(0) { $0 + $1.progress.refused }
        let received = outcomes.reduce(0) { $0 + $1.progress.received }
        var lines = [
            "", table.text,
            "\(rows.grouped) rows = \(refused.grouped) refused + \(received.grouped) recipients; the simulator took "
                + "\(stats.accepted.grouped), \(stats.doubled.grouped) of them twice.",
            "`sent` is the last word of suppliers that give no receipts.",
        ]
        lines += disagreements.map { "NO  \($0)" }
        if isExact { lines.append("Every recipient of every channel is accounted for, on both sides.") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Messages that a supplier has by our books, whatever became of them there.
    private func taken(by account: SupplierAccount, in outcome: ChannelsDemo.Outcome) -> Int {
        let states = outcome.progress.accounts[account.id] ?? [:]
        return [DeliveryState.accepted, .sent, .delivered, .undelivered, .unconfirmed]
            .reduce(0) { $0 + states[$1, default: 0] }
    }
}
