package import Groundwork

/// Stops what would reach the same person twice or too often.
///
/// A place is reserved before the call and stays when the supplier took the message or may have; it is given
/// back when the message was certainly not sent. Where that did not happen, because a crash came between or the
/// message was recalled, it is taken back as soon as it is in somebody's way: the ledger is the truth.
package struct DeduplicationStep: DeliveryStep {
    private let quotas: any QuotaStore
    private let fates: any MessageFates
    private let rules: [MessageType: QuotaRules]
    private let calendar: BusinessCalendar
    private let links: ShortLinkFinder?

    /// Makes the step.
    ///
    /// - Parameters:
    ///   - quotas: where places are reserved.
    ///   - fates: which messages were never sent.
    ///   - rules: what may go, by message type.
    ///   - calendar: tells the day.
    ///   - links: finds what makes texts differ that are the same to who reads them; nil where no links are shortened.
    package init(
        quotas: any QuotaStore,
        fates: any MessageFates,
        rules: [MessageType: QuotaRules],
        calendar: BusinessCalendar,
        links: ShortLinkFinder? = nil
    ) {
        self.quotas = quotas
        self.fates = fates
        self.rules = rules
        self.calendar = calendar
        self.links = links
    }

    package func apply(to batch: DeliveryBatch) async throws(StoreError) -> Passage {
        let rules = rules[batch.task.lane.type] ?? QuotaRules()
        let claims = claims(of: batch.waiting, batch.id, batch.task)
        let verdicts = try await verdicts(on: claims, rules, batch)
        var passed: [Int] = []
        passed.reserveCapacity(claims.count)
        var ended: [QuotaEnd: [Int]] = [:]
        for (verdict, index) in zip(verdicts, batch.waiting.indices) {
            if let end = QuotaEnd(verdict, rules, day: calendar.day(of: batch.now)) {
                ended[end, default: []].append(index)
            } else {
                passed.append(index)
            }
        }
        let decisions =
            ended.sorted { ($0.key.state.rawValue, $0.key.detail) < ($1.key.state.rawValue, $1.key.detail) }
            .map { Decision(members: Members($0.value), state: $0.key.state, detail: $0.key.detail) }
        return Passage(goesOn: Members(passed), decisions: decisions)
    }

    /// Reserves what the rules allow, with nobody in the way whose message was never sent.
    private func verdicts(
        on claims: [QuotaClaim],
        _ rules: QuotaRules,
        _ batch: DeliveryBatch
    ) async throws(StoreError) -> [QuotaVerdict] {
        var verdicts = try await reserve(claims, rules, batch)
        var stopped = verdicts.indices.filter { verdicts[$0] != .granted }
        while !stopped.isEmpty {
            let unused = try await unused(stopped.map { (claims[$0], verdicts[$0]) })
            guard !unused.isEmpty else { break }
            try await quotas.refund(unused, channel: batch.task.lane.channel, span: rules.span)
            let again = try await reserve(stopped.map { claims[$0] }, rules, batch)
            for (place, verdict) in zip(stopped, again) { verdicts[place] = verdict }
            stopped = stopped.filter { verdicts[$0] != .granted }
        }
        return verdicts
    }

    private func reserve(
        _ claims: [QuotaClaim],
        _ rules: QuotaRules,
        _ batch: DeliveryBatch
    ) async throws(StoreError) -> [QuotaVerdict] {
        try await quotas.reserve(
            claims,
            channel: batch.task.lane.channel,
            rules: rules,
            day: calendar.day(of: batch.now)
        )
    }

    /// The places in the way of claims that belong to messages that were never sent.
    private func unused(
        _ stopped: [(claim: QuotaClaim, verdict: QuotaVerdict)]
    ) async throws(StoreError) -> [QuotaClaim] {
        let neverSent = try await fates.neverSent(among: Set(stopped.flatMap(\.verdict.owners)))
        guard !neverSent.isEmpty else { return [] }
        return stopped.flatMap { claim, verdict in
            verdict.owners.filter(neverSent.contains)
                .map { QuotaClaim(recipient: claim.recipient, content: claim.content, owner: $0) }
        }
    }

    /// Gives back what was reserved for messages that were certainly not sent.
    func refund(_ members: Members, of batch: LedgerBatch) async throws(StoreError) {
        guard !members.isEmpty else { return }
        let claims = claims(of: members, batch.id, batch.task)
        let lane = batch.task.lane
        try await quotas.refund(claims, channel: lane.channel, span: rules[lane.type]?.span)
    }

    private func claims(of members: Members, _ batch: BatchID, _ task: SendTask) -> [QuotaClaim] {
        let salt = UInt64(bitPattern: task.template.rawValue)
        let contents = (0..<task.contents.count)
            .map { index in
                task.contents.withBytes(of: index) { text in
                    let hash =
                        links.map { $0.withoutCodes(text).withUnsafeBytes(ContentHash.of) }
                        ?? ContentHash.of(text)
                    return ContentHash.mix(hash, salt)
                }
            }
        return members.indices.map { index in
            QuotaClaim(
                recipient: task.key(index),
                content: contents[Int(task.contentIndex[index])],
                owner: MessageID(batch: batch, index: index)
            )
        }
    }
}

/// Where a message ends that a rule stops, and what its timeline says: of a cap the rule, how many there were and may be,
/// and the day from which another may go.
private struct QuotaEnd: Hashable {
    let state: DeliveryState
    let detail: String

    /// Makes the end of a verdict; nil for one that lets the message go on.
    init?(_ verdict: QuotaVerdict, _ rules: QuotaRules, day: Int) {
        switch verdict {
        case .granted: return nil
        case .duplicate:
            state = .duplicate
            detail = "same text within \(Int(rules.contentWindow.inSeconds)) s"
        case .capped(let owners):
            state = .capped
            let again = Self.text(QuotaSpan.day(day, plus: 1))
            detail = "cap_day count=\(owners.count) limit=\(rules.perDay) again=\(again)"
        case .overSpan(let owners, let day):
            state = .capped
            let rule = rules.span.map { "type=\($0.type.name) limit=\($0.limit) days=\($0.days)" } ?? ""
            detail = "cap_span count=\(owners.count) \(rule) again=\(Self.text(day))"
        }
    }

    /// A day such as `2026-04-08`.
    private static func text(_ day: Int) -> String {
        let parts = [day / 10_000, day / 100 % 100, day % 100]
        return parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: "-")
    }
}
