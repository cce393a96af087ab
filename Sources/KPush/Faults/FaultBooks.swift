import Groundwork
import PushEngine

/// Everything that was counted in one scenario.
struct FaultBooks: Sendable {
    /// Both sides' books, recipient by recipient.
    let recipients: RecipientBooks
    /// Messages of the campaign that its tallies have in another state than the records have.
    let miscounted: Int
    /// Calls to suppliers that ended without an answer that says anything.
    let unanswered: Int
    /// Ids that callers hold and the books do not.
    let forgotten: Int
    let notes: APISender.Notes
    let supplier: SupplierBooks
    let jobs: JobLoad.Outcome
    /// When the last fault began; nil where there was none, or the campaign is too short to be hit by all of them.
    let lastFaultAt: Moment?

    private static let open = DeliveryState.allCases
        .filter { !$0.isFinal && !RecipientBooks.uncertain.contains($0) }
    private static let final = DeliveryState.allCases
        .filter { $0.isFinal && !RecipientBooks.uncertain.contains($0) }

    /// Fills a row and says what had to hold.
    func judge(_ scenario: FaultScenario, _ verdict: inout FaultVerdict) {
        let findings = recipients.findings
        let strange = notes.strange.values.reduce(0, +)
        verdict.accepted = recipients.accepted
        verdict.final = recipients.count(Self.final)
        verdict.unknown = recipients.count(RecipientBooks.uncertain)
        verdict.lost = findings.lost.count
        verdict.doubled = findings.doubled.count
        verdict.stallSeconds = stall.inSeconds
        verdict.latenessSeconds = jobs.latest.inSeconds
        verdict.runs = jobs.planned
        verdict.runsDoubled = jobs.doubled
        verdict.runsMissed = jobs.missed
        verdict.strangeAnswers = strange
        verdict.checks += messages(scenario.limits, findings) + runs(scenario.limits) + calls(strange)
        if let limit = scenario.limits.latency {
            let all = supplier.latencies(of: notes.accepted)
            let most = all.isEmpty ? .zero : all[(all.count - 1) * 99 / 100]
            verdict.checks.append(atMost("from the API to a supplier, 99 of 100", most, limit))
        }
    }

    private func messages(_ limits: FaultLimits, _ findings: RecipientBooks.Findings) -> [FaultCheck] {
        [
            nobody("messages lost", findings.lost),
            nobody("recipients that got two", findings.doubled),
            nobody("messages that our books say were sent and no supplier has", findings.imagined),
            nobody("messages that a supplier has and our books say were not sent", findings.unbooked),
            none("messages that never ended", recipients.count(Self.open)),
            none("messages that tallies have in another state than records", miscounted),
            atMost(
                "messages whose fate nobody knows",
                recipients.count(RecipientBooks.uncertain),
                limits.unknown
            ),
            atMost(
                "messages that ended without being sent",
                recipients.count(DeliveryState.allCases.filter(\.isNeverSent)),
                limits.failed
            ),
            atMost("longest stall", stall, limits.stall),
        ] + answers(limits) + remainder
    }

    private var stall: Duration {
        supplier.longestStall(sendsUntil: notes.accepted.values.map(\.at).max())
    }

    private func answers(_ limits: FaultLimits) -> [FaultCheck] {
        guard let range = limits.unanswered else { return [] }
        let right = range.lowerBound > 0 ? "at least \(range.lowerBound)" : "at most \(range.upperBound)"
        return [
            FaultCheck(
                text: "calls to suppliers without an answer: \(unanswered) of \(right)",
                holds: range.contains(unanswered)
            )
        ]
    }

    /// A fault that comes when all is sent hits nothing.
    private var remainder: [FaultCheck] {
        guard let lastFaultAt else { return [] }
        let left = supplier.campaign.count { $0 > lastFaultAt }
        return [
            FaultCheck(
                text: "messages of the campaign that were sent after the last fault: \(left.grouped)",
                holds: left > 0
            )
        ]
    }

    /// How many messages are in another state by the one count than by the other, or in one of them only.
    static func miscounted(_ records: [DeliveryState: Int], _ tallies: [DeliveryState: Int]) -> Int {
        let differences = DeliveryState.allCases.map { records[$0, default: 0] - tallies[$0, default: 0] }
        return max(differences.reduce(0) { $0 + max(0, $1) }, differences.reduce(0) { $0 + max(0, -$1) })
    }

    private func runs(_ limits: FaultLimits) -> [FaultCheck] {
        var checks = [
            FaultCheck(text: "runs planned: \(jobs.planned.grouped)", holds: jobs.planned > 0),
            none("runs doubled", jobs.doubled),
            none("runs missed", jobs.missed),
            none("runs that never ended", jobs.open),
            // Who is too late for an instant says so.
            atMost("instants recorded as skipped", jobs.skipped, limits.skipped, isOfTime: true),
            atMost("latest run", jobs.latest, limits.lateness),
        ]
        if !jobs.amiss.isEmpty {
            checks.append(FaultCheck(text: "runs that ended otherwise: \(jobs.amiss)", holds: true))
        }
        return checks
    }

    private func calls(_ strange: Int) -> [FaultCheck] {
        [
            none("answers 200 with an id that is in no book", forgotten),
            none("answers 503 without Retry-After", notes.putOffWithoutTime),
            FaultCheck(
                text: "answers that are neither 200 nor 503: \(notes.strange) \(notes.sample)",
                holds: strange == 0
            ),
            FaultCheck(
                text: "API: \(notes.accepted.count) taken on, \(notes.putOff) put off, "
                    + "\(notes.unreached) not reached, \(notes.unsure.count - notes.putOff) without an answer",
                holds: !notes.accepted.isEmpty
            ),
        ]
    }

    /// Nobody may be among them; names a few who are.
    private func nobody(_ text: String, _ recipients: [String]) -> FaultCheck {
        let some = recipients.sorted().prefix(3).joined(separator: ", ")
        return FaultCheck(
            text: "\(text): \(recipients.count.grouped)\(some.isEmpty ? "" : ", such as \(some)")",
            holds: recipients.isEmpty
        )
    }

    private func none(_ text: String, _ count: Int) -> FaultCheck { atMost(text, count, 0) }

    private func atMost(_ text: String, _ count: Int, _ limit: Int, isOfTime: Bool = false) -> FaultCheck {
        FaultCheck(
            text: "\(text): \(count.grouped)\(limit > 0 ? " of at most \(limit)" : "")",
            holds: count <= limit,
            isOfTime: isOfTime
        )
    }

    private func atMost(_ text: String, _ time: Duration, _ limit: Duration) -> FaultCheck {
        FaultCheck(
            text: "\(text): \(time.inSeconds.tenths) s of at most \(limit.inSeconds.tenths) s",
            holds: time <= limit,
            isOfTime: true
        )
    }
}
