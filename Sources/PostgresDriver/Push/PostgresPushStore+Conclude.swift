package import Groundwork
package import PushEngine

extension PostgresPushStore {
    package func conclude(_ outcomes: [IntentOutcome], of batch: BatchID) async throws(StoreError) {
        let now = clock.now
        let answers = outcomes.map { CallAnswers.encode($0.results) }
        for outcome in outcomes where outcome.results.count != outcome.intent.members.count {
            throw StoreError(.conflict, during: "conclude", detail: "results do not match members")
        }
        try await pool.write("conclude") { link in
            let sheet = try BatchSheet.lock(batch, during: "conclude", link)
            let isCancelled = try link.isCancelled(sheet.row.run)
            var desk = OutcomeDesk(sheet, at: now, isCancelled: isCancelled)
            let closed = try desk.close(outcomes.map(\.intent), answers, link)
            for outcome in outcomes where closed.contains(outcome.intent.id) { desk.settle(outcome) }
            try desk.commit(to: link)
        }
    }

    package func abandon(_ intents: [Intent], of batch: BatchID) async throws(StoreError) {
        let now = clock.now
        try await pool.write("abandon") { link in
            let sheet = try BatchSheet.lock(batch, during: "abandon", link)
            var desk = OutcomeDesk(sheet, at: now, isCancelled: false)
            let closed = try desk.close(intents, nil, link)
            for intent in intents where closed.contains(intent.id) { desk.abandon(intent) }
            try desk.commit(to: link)
        }
    }
}

/// Writes how calls of one batch ended.
private struct OutcomeDesk {
    private var sheet: BatchSheet
    private let now: Moment
    /// Whether nothing of the batch is to wait again, because its campaign was cancelled.
    private let isCancelled: Bool
    private var recalled: [Int] = []
    private var tallies = Tallies()

    init(_ sheet: BatchSheet, at now: Moment, isCancelled: Bool) {
        self.sheet = sheet
        self.now = now
        self.isCancelled = isCancelled
    }

    /// Closes calls, and tells which were open.
    func close(_ intents: [Intent], _ answers: [[UInt8]]?, _ link: PostgresLink) throws -> Set<IntentID> {
        let numbers = intents.map(\.id.rawValue)
        let known = try link.run(Self.selectCalls, .int(sheet.row.id.rawValue), .ints(numbers))
            .map { row in (id: row.int64(0), members: row.bytes(1), isOpen: row.bool(2)) }
        let byNumber = Dictionary(uniqueKeysWithValues: known.map { ($0.id, $0) })
        var open = Set<IntentID>()
        for intent in intents {
            guard let call = byNumber[intent.id.rawValue],
                !call.isOpen || call.members == intent.members.encoded
            else { throw StoreError(.notFound, during: "conclude", detail: "intent \(intent.id.rawValue)") }
            if call.isOpen { open.insert(intent.id) }
        }
        let places = intents.indices.filter { open.contains(intents[$0].id) }
        guard !places.isEmpty else { return [] }
        let closing: [PostgresValue] = [
            .int(sheet.row.id.rawValue), .int(now.millisecondsSinceEpoch), .ints(places.map { numbers[$0] }),
        ]
        if let answers {
            try link.run(Self.answerCalls, closing + [.byteStrings(places.map { answers[$0] })])
        } else {
            try link.run(Self.closeCalls, closing)
        }
        return open
    }

    mutating func settle(_ outcome: IntentOutcome) {
        let account = outcome.intent.account
        for (place, result) in zip(outcome.intent.members.indices, outcome.results) {
            switch result {
            case .accepted(_, let charge): settle(place, .accepted, charge: charge, account)
            case .failed: settle(place, .failed, charge: 0, account)
            case .unknown: settle(place, .unknown, charge: 0, account)
            case .again:
                guard isCancelled, sheet.standings[place]?.state == .queued else { continue }
                settle(place, .recalled, charge: 0, nil)
                recalled.append(place)
            }
        }
    }

    mutating func abandon(_ intent: Intent) {
        for place in intent.members.indices { settle(place, .unknown, charge: 0, intent.account) }
    }

    func commit(to link: PostgresLink) throws {
        var all: [PostgresStatement] = []
        if let statement = sheet.statement { all.append(statement) }
        if !recalled.isEmpty {
            let members = Members(recalled.sorted())
            let detail = "campaign_cancelled"
            all.append(
                PostgresPushStore.tell(sheet.row.id, at: now, .recalled, .recalled, detail: detail, members)
            )
        }
        if let statement = tallies.statement { all.append(statement) }
        _ = try link.runAll(all)
    }

    /// Gives a called member its state; one that a receipt has given one already only learns what it costs.
    private mutating func settle(_ place: Int, _ state: DeliveryState, charge: Int, _ account: AccountID?) {
        guard let before = sheet.standings[place] else { return }
        if before.state == .queued {
            sheet.move(place, to: state, account: account, charge: charge, at: now, &tallies)
        } else if charge > 0, before.charge == 0, before.state != state {
            sheet.setCharge(charge, of: place, &tallies)
        }
    }

    private static let selectCalls = """
        SELECT id, members, closed_at IS NULL FROM call WHERE batch = $1 AND id = ANY ($2)
        """

    private static let answerCalls = """
        UPDATE call SET closed_at = $2, answers = ended.answers
        FROM unnest($3::bigint[], $4::bytea[]) AS ended (id, answers)
        WHERE call.batch = $1 AND call.id = ended.id
        """

    private static let closeCalls = "UPDATE call SET closed_at = $2 WHERE batch = $1 AND id = ANY ($3)"
}
