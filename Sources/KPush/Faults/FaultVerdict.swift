import Groundwork
import PushEngine

/// What came of one scenario: a row of the table, and what had to hold.
struct FaultVerdict: Sendable, Codable {
    var scenario: String
    var promise = ""
    var faults = ""
    /// Good rows of the crowd, and messages that the API took on.
    var accepted = 0
    /// Those with a final state that is certain.
    var final = 0
    var lost = 0
    var doubled = 0
    /// Those of which nobody can tell whether the supplier took them.
    var unknown = 0
    var stallSeconds = 0.0
    var latenessSeconds = 0.0
    var runs = 0
    var checks: [FaultCheck] = []
    /// Why it was not shown here; nil when it was.
    var skipped: String?

    var holds: Bool { skipped != nil || (!checks.isEmpty && checks.allSatisfy(\.holds)) }

    /// The headings of the printed table.
    static let headings = [
        "scenario", "faults injected", "accepted", "final", "lost", "doubled", "unknown", "longest stall",
        "runs",
        "latest run", "verdict",
    ]

    var cells: [String] {
        if let skipped { return [scenario, "skipped: \(skipped)"] + Array(repeating: "-", count: 9) }
        return [
            scenario, faults.isEmpty ? "none" : faults, accepted.grouped, final.grouped, lost.grouped,
            doubled.grouped, unknown.grouped, "\(stallSeconds.tenths) s", runs.grouped,
            "\(latenessSeconds.tenths) s", holds ? "holds" : "FAILS",
        ]
    }

    /// A table that renders as one in Markdown and can be read without.
    static func markdown(_ verdicts: [FaultVerdict]) -> String {
        let rows = verdicts.map(\.cells)
        let rule = headings.enumerated()
            .map { (2...9).contains($0.offset) && $0.offset != 10 ? "--:" : "---" }
        return ([headings, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }
}

/// Everything that was counted in one scenario.
struct FaultBooks: Sendable {
    let progress: CampaignProgress
    let good: Int
    /// The records of messages of the API, by id.
    let sends: [Int64: MessageRecord]
    let notes: APISender.Notes
    let supplier: SupplierBooks
    let jobs: JobLoad.Outcome
    /// When nothing of the campaign waited any more.
    let sentAt: Moment

    private static let taken: [DeliveryState] = [.accepted, .delivered, .undelivered, .unconfirmed]
    private static let uncertain: [DeliveryState] = [.unknown, .unresolved]

    private func count(_ states: [DeliveryState]) -> Int {
        states.reduce(0) { $0 + progress.states[$1, default: 0] }
            + sends.values.count { states.contains($0.state) }
    }

    /// Ids that callers hold and the books do not.
    private var forgotten: Int { notes.accepted.values.count { sends[$0.message] == nil } }

    /// Messages that our books say a supplier took, and no supplier did.
    private var imagined: Int {
        let ours = count(Self.taken)
        return max(0, ours - supplier.count)
    }

    /// Messages that a supplier took and our books do not know.
    private var unbooked: Int { max(0, supplier.count - count(Self.taken) - unknown) }

    var accepted: Int { good + sends.count + forgotten }

    var unknown: Int { count(Self.uncertain) }

    private var final: Int {
        count(DeliveryState.allCases.filter { $0.isFinal && !Self.uncertain.contains($0) })
    }

    /// Fills a row and says what had to hold.
    func judge(_ scenario: FaultScenario, _ verdict: inout FaultVerdict) {
        let limits = scenario.limits
        let stall = supplier.longestStall(until: sentAt)
        verdict.accepted = accepted
        verdict.final = final
        verdict.unknown = unknown
        verdict.lost = max(0, accepted - final - unknown) + imagined
        verdict.doubled = supplier.doubled
        verdict.stallSeconds = stall.inSeconds
        verdict.latenessSeconds = jobs.latest.inSeconds
        verdict.runs = jobs.planned
        verdict.checks += [
            none("messages lost", verdict.lost),
            none("recipients that got two", supplier.doubled),
            none("messages that a supplier has and our books have not", unbooked),
            atMost("messages whose fate nobody knows", unknown, limits.unknown),
            atMost("messages given up", count([.failed]), limits.failed),
            atMost("longest stall", stall, limits.stall),
            none("runs doubled", jobs.doubled),
            none("runs missed", jobs.missed),
            none("runs that never ended", jobs.open),
            atMost("instants recorded as skipped", jobs.skipped, limits.skipped),
            atMost("latest run", jobs.latest, limits.lateness),
            none("answers 503 without Retry-After", notes.putOffWithoutTime),
            FaultCheck(
                text: "answers that are neither 200 nor 503: \(notes.strange) \(notes.sample)",
                holds: notes.strange.isEmpty
            ),
            FaultCheck(
                text: "API: \(notes.accepted.count) taken on, \(notes.putOff) put off, "
                    + "\(notes.unreached) not reached, \(notes.unsure.count - notes.putOff) without an answer",
                holds: !notes.accepted.isEmpty
            ),
        ]
        if let latency = limits.latency {
            let all = supplier.latencies(of: notes.accepted)
            let most = all.isEmpty ? .zero : all[(all.count - 1) * 99 / 100]
            verdict.checks.append(atMost("from the API to a supplier, 99 of 100", most, latency))
        }
        if !jobs.amiss.isEmpty {
            verdict.checks.append(FaultCheck(text: "runs that ended otherwise: \(jobs.amiss)", holds: true))
        }
    }

    private func none(_ text: String, _ count: Int) -> FaultCheck { atMost(text, count, 0) }

    private func atMost(_ text: String, _ count: Int, _ limit: Int) -> FaultCheck {
        FaultCheck(
            text: "\(text): \(count.grouped)\(limit > 0 ? " of at most \(limit)" : "")",
            holds: count <= limit
        )
    }

    private func atMost(_ text: String, _ time: Duration, _ limit: Duration) -> FaultCheck {
        FaultCheck(
            text: "\(text): \(time.inSeconds.tenths) s of at most \(limit.inSeconds.tenths) s",
            holds: time <= limit
        )
    }
}
