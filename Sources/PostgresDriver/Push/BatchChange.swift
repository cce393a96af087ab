import Groundwork
import PushEngine

/// What one transaction makes of a batch: it is read at once, worked out here, and written at once.
///
/// Nobody else changes the batch, its calls or whether its campaign is cancelled until the transaction ends.
struct BatchChange {
    let now: Moment
    private(set) var sheet: BatchSheet
    /// Whether nothing of the batch is to wait again, because its campaign was cancelled.
    let isCancelled: Bool
    /// The calls that were written down and have no outcome, as far as nothing here closes them.
    private(set) var open: [IntentID: Intent] = [:]
    /// Calls that were named and have an outcome.
    private var closed: Set<IntentID> = []
    private var tallies = Tallies()
    private var statements: [PostgresStatement] = []

    /// Reads a batch to change it.
    ///
    /// - Parameters:
    ///   - batch: the batch.
    ///   - intents: calls that are going to be closed.
    ///   - now: when it is changed.
    ///   - link: in a transaction.
    /// - Throws: `StoreError` when there is no such batch.
    init(of batch: BatchID, naming intents: [Intent], at now: Moment, _ link: PostgresLink) throws {
        let number = PostgresValue.int(batch.rawValue)
        let named = PostgresValue.ints(intents.map(\.id.rawValue))
        let brought = try link.runAll([
            BatchSheet.locking(batch), CampaignRunLock.shared(of: batch),
            PostgresStatement(Self.selectRun, number), PostgresStatement(Self.selectCalls, number, named),
        ])
        guard brought.count == 4, let row = brought[0].first else {
            throw StoreError(.notFound, during: "read batch", detail: "batch \(batch.rawValue)")
        }
        self.now = now
        sheet = try BatchSheet(row)
        isCancelled = brought[2].first?.text(0) == CampaignRunState.cancelled.rawValue
        for row in brought[3].map(\.self) {
            let id = IntentID(rawValue: row.int64(0))
            guard row.bool(3) else {
                closed.insert(id)
                continue
            }
            let members = try Members(stored: row.bytes(2))
            open[id] = Intent(id: id, account: AccountID(rawValue: row.int64(1)), members: members)
        }
    }

    // MARK: Calls that ended

    /// Closes calls with what came of them; those closed already stay as they are.
    ///
    /// - Throws: `StoreError` when there is no such call.
    mutating func close(_ outcomes: [IntentOutcome], _ answers: [[UInt8]]) throws(StoreError) {
        var ended: [(id: IntentID, answers: [UInt8])] = []
        var recalled: [Int] = []
        for (outcome, bytes) in zip(outcomes, answers) {
            guard try take(outcome.intent) else { continue }
            ended.append((outcome.intent.id, bytes))
            recalled += settle(outcome)
        }
        guard !ended.isEmpty else { return }
        write(
            PostgresStatement(
                Self.answerCalls,
                .int(sheet.row.id.rawValue),
                .int(now.millisecondsSinceEpoch),
                .ints(ended.map(\.id.rawValue)),
                .byteStrings(ended.map(\.answers))
            )
        )
        guard !recalled.isEmpty else { return }
        tell(.recalled, .recalled, detail: "campaign_cancelled", Members(recalled.sorted()))
    }

    /// Closes calls without knowing what came of them.
    ///
    /// - Throws: `StoreError` when there is no such call.
    mutating func abandon(_ intents: [Intent]) throws(StoreError) {
        var ended: [IntentID] = []
        for intent in intents where try take(intent) {
            ended.append(intent.id)
            for place in intent.members.indices { settle(place, .unknown, charge: 0, intent.account) }
        }
        guard !ended.isEmpty else { return }
        write(
            PostgresStatement(
                Self.closeCalls,
                .int(sheet.row.id.rawValue),
                .int(now.millisecondsSinceEpoch),
                .ints(ended.map(\.rawValue))
            )
        )
    }

    /// Takes a call out of the open ones; false when it is closed already.
    private mutating func take(_ intent: Intent) throws(StoreError) -> Bool {
        if let call = open[intent.id], call.members == intent.members {
            open[intent.id] = nil
            closed.insert(intent.id)
            return true
        }
        guard closed.contains(intent.id) else {
            throw StoreError(.notFound, during: "close call", detail: "intent \(intent.id.rawValue)")
        }
        return false
    }

    /// Gives a call's members their states; tells whose campaign was cancelled meanwhile.
    private mutating func settle(_ outcome: IntentOutcome) -> [Int] {
        let account = outcome.intent.account
        var recalled: [Int] = []
        for (place, result) in zip(outcome.intent.members.indices, outcome.results) {
            switch result {
            case .accepted(_, let charge): settle(place, .accepted, charge: charge, account)
            case .sent(_, let charge): settle(place, .sent, charge: charge, account)
            case .failed: settle(place, .failed, charge: 0, account)
            case .unknown: settle(place, .unknown, charge: 0, account)
            case .again:
                guard isCancelled, sheet.standings[place]?.state == .queued else { continue }
                settle(place, .recalled, charge: 0, nil)
                recalled.append(place)
            }
        }
        return recalled
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

    // MARK: What is written

    /// Moves a member.
    mutating func move(_ place: Int, to state: DeliveryState, account: AccountID?) {
        sheet.move(place, to: state, account: account, at: now, &tallies)
    }

    /// Tells the story of members.
    mutating func tell(
        _ stage: TraceEvent.Stage,
        _ state: DeliveryState,
        account: AccountID? = nil,
        detail: String = "",
        _ members: Members
    ) {
        write(
            PostgresPushStore.tell(
                sheet.row.id,
                at: now,
                stage,
                state,
                account: account,
                detail: detail,
                members
            )
        )
    }

    /// Has a statement run when all is written.
    mutating func write(_ statement: PostgresStatement) { statements.append(statement) }

    /// Writes it all; brings what the statements given to `write` brought.
    func commit(to link: PostgresLink) throws -> [PostgresRows] {
        let own = [sheet.statement, tallies.statement].compactMap { $0 }
        return try link.runAll(statements + own).dropLast(own.count)
    }

    /// No row when the batch is of no campaign.
    private static let selectRun =
        "SELECT state FROM campaign_run WHERE id = (SELECT run FROM batch WHERE id = $1)"

    static let selectCalls = """
        SELECT id, account, members, closed_at IS NULL FROM call
        WHERE batch = $1 AND (closed_at IS NULL OR id = ANY ($2))
        """

    static let answerCalls = """
        UPDATE call SET closed_at = $2, answers = ended.answers
        FROM unnest($3::bigint[], $4::bytea[]) AS ended (id, answers)
        WHERE call.batch = $1 AND call.id = ended.id
        """

    private static let closeCalls = "UPDATE call SET closed_at = $2 WHERE batch = $1 AND id = ANY ($3)"
}
