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

    package init(
        quotas: any QuotaStore,
        fates: any MessageFates,
        rules: [MessageType: QuotaRules],
        calendar: BusinessCalendar
    ) {
        self.quotas = quotas
        self.fates = fates
        self.rules = rules
        self.calendar = calendar
    }

    package func apply(to batch: DeliveryBatch) async throws(StoreError) -> Passage {
        let rules = rules[batch.task.lane.type] ?? QuotaRules()
        let claims = Self.claims(of: batch.waiting, batch.id, batch.task)
        let verdicts = try await verdicts(on: claims, rules, batch)
        var passed: [Int] = []
        passed.reserveCapacity(claims.count)
        var duplicates: [Int] = []
        var capped: [Int] = []
        for (verdict, index) in zip(verdicts, batch.waiting.indices) {
            switch verdict {
            case .granted: passed.append(index)
            case .duplicate: duplicates.append(index)
            case .capped: capped.append(index)
            }
        }
        var decisions: [Decision] = []
        if !duplicates.isEmpty {
            let detail = "same text within \(Int(rules.contentWindow.inSeconds)) s"
            decisions.append(Decision(members: Members(duplicates), state: .duplicate, detail: detail))
        }
        if !capped.isEmpty {
            let detail = "\(rules.perDay) a day"
            decisions.append(Decision(members: Members(capped), state: .capped, detail: detail))
        }
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
            try await quotas.refund(unused, channel: batch.task.lane.channel)
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
        let claims = Self.claims(of: members, batch.id, batch.task)
        try await quotas.refund(claims, channel: batch.task.lane.channel)
    }

    private static func claims(of members: Members, _ batch: BatchID, _ task: SendTask) -> [QuotaClaim] {
        let salt = UInt64(bitPattern: task.template.rawValue)
        let contents = (0..<task.contents.count)
            .map { index in
                task.contents.withBytes(of: index) { ContentHash.mix(ContentHash.of($0), salt) }
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
