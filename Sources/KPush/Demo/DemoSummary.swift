import Groundwork
import PushEngine
import SupplierSimulator
import Suppliers

/// The demo's outcome in words, and whether both sides' books agree.
struct DemoSummary: Sendable {
    let outcome: DemoRun.Outcome
    /// The most memory this process had resident, in bytes.
    let peakMemory: Int

    /// One thing that must hold.
    struct Check: Sendable {
        let text: String
        let holds: Bool
    }

    /// Whether every recipient is accounted for and the simulator says the same.
    var isExact: Bool { checks.allSatisfy(\.holds) }

    var checks: [Check] {
        let progress = outcome.progress
        let stats = outcome.stats
        let received = progress.received
        let recounted = outcome.recount.values.reduce(0, +)
        return [
            check("rows read = rows of the file", Int(progress.run.rowsRead), Int(progress.rowCount)),
            check("rows refused + recipients = rows", progress.refused + received, Int(progress.rowCount)),
            check("recipients = good rows of the generator", received, outcome.crowd.good),
            check(
                "records = sum of final states",
                recounted,
                progress.states.values.reduce(0, +) - progress.open
            ),
            check("sent by us = accepted by the simulator", taken(by: nil), stats.accepted),
            check("  through tencent-demo", taken(by: .tencent), stats.accepted(by: .tencent)),
            check("  through aliyun-demo", taken(by: .aliyun), stats.accepted(by: .aliyun)),
            check("recipients the simulator got twice", stats.doubled, 0),
        ]
    }

    /// The summary as programs read it.
    var figures: DemoFigures {
        DemoFigures(
            rows: Int(outcome.progress.rowCount),
            recipients: outcome.progress.received,
            sentSeconds: outcome.sendTime.inSeconds,
            settledSeconds: outcome.settleTime.inSeconds,
            peakMemory: peakMemory,
            doubled: outcome.stats.doubled,
            disagreements: checks.filter { !$0.holds }.map(\.text)
        )
    }

    /// The summary as it is printed.
    var text: String {
        let progress = outcome.progress
        let figures = figures
        var lines = ["", "Summary"]
        lines.append(line("rows", Int(progress.rowCount)))
        lines.append(line("refused", progress.refused))
        lines += sorted(progress.run.refused).map { line("  " + $0.key, $0.value) }
        lines.append(line("sent", taken(by: nil)))
        for account in outcome.accounts {
            let count = taken(by: account.kind)
            let share = Double(count) * 100 / Double(max(1, taken(by: nil)))
            lines.append(line("  through " + account.name, count) + "  (\(Int(share.rounded())) %)")
        }
        lines.append("final states")
        lines += progress.states.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { line("  " + $0.key.name, $0.value) }
        lines.append(line("message units charged", progress.charge))
        lines.append(
            line("rows per second", Int(figures.rowsPerSecond))
                + "  (\(figures.sentSeconds.tenths) s, file to supplier)"
        )
        lines.append("last receipt after".padded(to: 40) + "\(figures.settledSeconds.tenths) s")
        lines.append("peak memory".padded(to: 40) + peakMemory.megabytes)
        lines.append("")
        lines.append("The books, ours against the simulator's")
        lines += checks.map { ($0.holds ? "  ok  " : "  NO  ") + $0.text }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Messages that a supplier has, whatever became of them there.
    private func taken(by kind: SupplierKind?) -> Int {
        let accounts = outcome.accounts.filter { kind == nil || $0.kind == kind }
        return accounts.reduce(0) { sum, account in
            sum + Self.takenStates.reduce(0) { $0 + (outcome.progress.accounts[account.id]?[$1] ?? 0) }
        }
    }

    private static let takenStates: [DeliveryState] = [
        .accepted, .sent, .delivered, .undelivered, .unconfirmed, .withdrawn,
    ]

    private func check(_ name: String, _ left: Int, _ right: Int) -> Check {
        let relation = left == right ? "" : "  ≠ \(right.grouped)"
        return Check(text: name.padded(to: 42) + left.grouped + relation, holds: left == right)
    }

    private func sorted(_ counts: [String: Int]) -> [(key: String, value: Int)] {
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    }

    private func line(_ name: String, _ count: Int) -> String {
        name.padded(to: 40) + count.grouped
    }
}

extension Double {
    /// With one decimal.
    var tenths: String { String((self * 10).rounded() / 10) }
}
