package import Groundwork
package import PushEngine

extension PostgresPushStore {
    package func open(_ batch: BatchID) async throws(StoreError) -> LedgerBatch? {
        let found = try await pool.read("open batch") { link -> (BatchSheet, [UInt8], [OpenCallRow])? in
            guard let row = try link.run(Self.selectWithTask, .int(batch.rawValue)).first else { return nil }
            let sheet = try BatchSheet(row)
            let calls = try link.openCalls(of: batch)
            guard sheet.standings.count(in: .queued) > 0 || !calls.isEmpty else { return nil }
            return (sheet, row.bytes(9), calls)
        }
        guard let (sheet, bytes, calls) = found else { return nil }
        var called = Set<Int>()
        for call in calls { called.formUnion(call.intent.members.indices) }
        let gone = clock.now - callLimit
        let waiting = sheet.standings.places(in: .queued).filter { !called.contains($0) }
        return LedgerBatch(
            id: batch,
            task: try SendTask(stored: bytes),
            waiting: Members(waiting),
            waitingSince: waiting.compactMap { sheet.standings[$0]?.changedAt }.max() ?? sheet.row.acceptedAt,
            open: calls.filter { $0.calledAt <= gone }.map(\.intent),
            busyUntil: calls.map(\.calledAt).filter { $0 > gone }.min().map { $0 + callLimit }
        )
    }

    package func advance(
        _ batch: BatchID,
        outcomes: [IntentOutcome],
        decisions: [Decision],
        calls: [PlannedCall]
    ) async throws(StoreError) -> DecisionOutcome {
        let now = clock.now
        let answers = outcomes.map { CallAnswers.encode($0.results) }
        for outcome in outcomes where outcome.results.count != outcome.intent.members.count {
            throw StoreError(.conflict, during: "advance", detail: "results do not match members")
        }
        return try await pool.write("advance") { link in
            var change = try BatchChange(of: batch, naming: outcomes.map(\.intent), at: now, link)
            try change.close(outcomes, answers)
            guard !(decisions.isEmpty && calls.isEmpty) else {
                _ = try change.commit(to: link)
                return DecisionOutcome()
            }
            var desk = DecisionDesk(change)
            for decision in decisions { try desk.write(decision) }
            // Whoever cancelled the campaign takes back what waits: until then nobody calls for it.
            if !desk.change.isCancelled { for call in calls { desk.write(call) } }
            return try desk.commit(to: link)
        }
    }

    private static let selectWithTask = "SELECT \(BatchSheet.columns), batch.task FROM batch WHERE id = $1"
}

/// Writes what was decided about members of one batch, as far as they still wait.
private struct DecisionDesk {
    private enum Hold: UInt8 {
        /// It waits and is in no open call.
        case free
        /// It was decided about, or is called, by what is being written.
        case ours
        /// It does not wait, or is in an open call.
        case others
    }

    private(set) var change: BatchChange
    /// By place: who has the member.
    private var holds = [Hold](repeating: .others, count: BatchID.capacity)
    /// Members that were named and that others have.
    private var missed: Set<Int> = []
    private var calls: [PlannedCall] = []

    init(_ change: BatchChange) {
        self.change = change
        for place in change.sheet.standings.places(in: .queued) { holds[place] = .free }
        for intent in change.open.values {
            for place in intent.members.indices { holds[place] = .others }
        }
    }

    mutating func write(_ decision: Decision) throws(StoreError) {
        let members = free(decision.members)
        guard !members.isEmpty else { return }
        if decision.state != .queued {
            for place in members.indices {
                change.move(place, to: decision.state, account: nil)
                holds[place] = .ours
            }
        }
        if decision.state == .held {
            guard let until = decision.until else {
                throw StoreError(.conflict, during: "advance", detail: "held without a morning")
            }
            change.write(shelving(of: members, until: until))
        }
        change.tell(.decided, decision.state, detail: decision.detail, members)
    }

    /// Writes a call down, unless none of its members waits any more.
    mutating func write(_ call: PlannedCall) {
        let members = free(call.members)
        guard !members.isEmpty else { return }
        calls.append(PlannedCall(account: call.account, members: members))
        for place in members.indices { holds[place] = .ours }
    }

    /// Writes all of it; tells the calls that are to be made, and who was missed, without the recalled ones.
    mutating func commit(to link: PostgresLink) throws -> DecisionOutcome {
        if !calls.isEmpty { change.write(insertion) }
        let brought = try change.commit(to: link)
        var intents: [Intent] = []
        if !calls.isEmpty {
            // Numbers come in the order of the calls.
            let numbers = brought.last?.map { $0.int64(0) }.sorted() ?? []
            guard numbers.count == calls.count else {
                throw StoreError(.corrupted, during: "advance", detail: "\(numbers.count) calls")
            }
            intents = zip(numbers, calls)
                .map { Intent(id: IntentID(rawValue: $0), account: $1.account, members: $1.members) }
        }
        let recalled = Set(change.sheet.standings.places(in: .recalled))
        return DecisionOutcome(intents: intents, others: Members(missed.subtracting(recalled).sorted()))
    }

    private var insertion: PostgresStatement {
        PostgresStatement(
            Self.insertCalls,
            .int(BatchDay(of: change.sheet.row.id).lowest),
            .int(change.sheet.row.id.rawValue),
            .int(change.now.millisecondsSinceEpoch),
            .ints(calls.map(\.account.rawValue)),
            .byteStrings(calls.map(\.members.encoded))
        )
    }

    private func shelving(of members: Members, until: Moment) -> PostgresStatement {
        PostgresStatement(
            "INSERT INTO shelf (batch, until, count, members) VALUES ($1, $2, $3, $4)",
            .int(change.sheet.row.id.rawValue),
            .int(until.millisecondsSinceEpoch),
            .int(members.count),
            .bytes(members.encoded)
        )
    }

    private mutating func free(_ members: Members) -> Members {
        var free: [Int] = []
        free.reserveCapacity(members.count)
        for place in members.indices where 0..<BatchID.capacity ~= place {
            switch holds[place] {
            case .free: free.append(place)
            case .ours: continue
            case .others: missed.insert(place)
            }
        }
        return Members(free)
    }

    private static let insertCalls = """
        INSERT INTO call (id, batch, account, members, called_at)
        SELECT $1 + nextval('call_number'), $2, account, members, $3
        FROM unnest($4::bigint[], $5::bytea[]) WITH ORDINALITY AS call (account, members, place) ORDER BY place
        RETURNING id
        """
}

/// A call without outcome, and when it was written down.
struct OpenCallRow: Sendable {
    let intent: Intent
    let calledAt: Moment
}

extension PostgresLink {
    /// The calls of a batch that were written down and have no outcome.
    func openCalls(of batch: BatchID) throws -> [OpenCallRow] {
        try run(Self.selectOpenCalls, .int(batch.rawValue))
            .map { row in
                let intent = Intent(
                    id: IntentID(rawValue: row.int64(0)),
                    account: AccountID(rawValue: row.int64(1)),
                    members: try Members(stored: row.bytes(2))
                )
                return OpenCallRow(intent: intent, calledAt: row.moment(3))
            }
    }

    private static let selectOpenCalls = """
        SELECT id, account, members, called_at FROM call WHERE batch = $1 AND closed_at IS NULL ORDER BY id
        """
}

extension SendTask {
    /// A task as a column holds it.
    init(stored bytes: [UInt8]) throws(StoreError) {
        do { try self.init(encoded: bytes) } catch {
            throw StoreError(.corrupted, during: "read payload", detail: "\(error)")
        }
    }
}
