package import Groundwork
package import PushEngine

extension PostgresPushStore {
    package func openCalls(
        of account: AccountID,
        in state: DeliveryState,
        calledBefore before: Moment,
        after batch: BatchID?,
        limit: Int
    ) async throws(StoreError) -> [OpenCall] {
        try await pool.read("read open calls") { link in
            let sql = state == .unknown ? Self.selectUnknownBatches : Self.selectAcceptedBatches
            var calls: [OpenCall] = []
            var last = batch?.rawValue ?? 0
            while calls.count < limit {
                // A batch has a few calls at most: pages of batches are read until there are enough calls.
                let page =
                    try link.run(
                        sql,
                        .int(last),
                        .int(before.millisecondsSinceEpoch),
                        .int(Self.pageSize),
                        .int(account.rawValue)
                    )
                    .map { row in
                        guard let guarantee = DeliveryGuarantee(rawValue: row.text(10)) else {
                            throw StoreError(.corrupted, during: "read open calls", detail: row.text(10))
                        }
                        return (sheet: try BatchSheet(row), task: row.bytes(9), guarantee: guarantee)
                    }
                for entry in page where calls.count < limit {
                    let waiting = Set(entry.sheet.standings.places(in: state))
                    let task = try SendTask(stored: entry.task)
                    // Of what is unknown nobody was told a reference.
                    let confirmed =
                        state == .unknown
                        ? [:] : try link.confirmedReferences(of: entry.sheet.row.id, waiting)
                    calls += try LastCall.all(of: entry.sheet.row.id, link)
                        .filter { $0.call.account == account && $0.call.calledAt < before }
                        .compactMap {
                            $0.open(
                                waiting,
                                task,
                                confirmed: confirmed,
                                of: entry.sheet.row.id,
                                entry.guarantee
                            )
                        }
                }
                guard page.count == Self.pageSize, let newest = page.last else { break }
                last = newest.sheet.row.id.rawValue
            }
            return calls
        }
    }

    package func sendAgain(_ call: IntentID, onlyOnce: Bool) async throws(StoreError) -> Requeued? {
        let now = clock.now
        return try await pool.write("send a call again") { link in
            guard let batch = try link.batch(of: call) else {
                throw StoreError(.notFound, during: "send a call again", detail: "intent \(call.rawValue)")
            }
            var change = try BatchChange(of: batch, naming: [], at: now, link)
            let last = try LastCall.all(of: batch, link).first { $0.call.id == call }
            guard let last, !last.call.isAnswered, !change.isCancelled,
                try !last.call.hasArrived(change.sheet, link)
            else { return nil }
            let before = onlyOnce ? try link.sentAgain(of: batch) : []
            let members = Members(
                last.places.filter { change.sheet.standings[$0]?.state == .unknown && !before.contains($0) }
            )
            guard !members.isEmpty else { return nil }
            for place in members.indices { change.move(place, to: .queued, account: nil) }
            change.tell(.requeued, .queued, account: last.call.account, members)
            _ = try change.commit(to: link)
            return Requeued(message: change.sheet.row.message, count: members.count)
        }
    }

    package func confirmAccepted(
        _ message: MessageID,
        reference: String
    ) async throws(StoreError) -> Bool {
        let now = clock.now
        return try await pool.write("confirm message") { link in
            var sheet = try BatchSheet.lock(message.batch, during: "confirm message", link)
            guard let before = sheet.standings[message.index] else {
                throw StoreError(.notFound, during: "confirm message")
            }
            guard before.state == .unknown else { return false }
            var tallies = Tallies()
            sheet.move(message.index, to: .accepted, account: before.account, at: now, &tallies)
            let members = Members([message.index])
            let told = Self.tell(
                message.batch,
                at: now,
                .answered,
                .accepted,
                account: before.account,
                members
            )
            let confirmation = Self.confirming([message], reference)
            _ = try link.runAll([sheet.statement, confirmation, told, tallies.statement].compactMap { $0 })
            return true
        }
    }

    private static let pageSize = 16

    static let selectUnknownBatches = selectBatches("unknown")

    static let selectAcceptedBatches = selectBatches("accepted")

    /// Batch by batch: the `OFFSET` keeps the server from beginning with all calls that the account ever made.
    private static func selectBatches(_ column: String) -> String {
        """
        SELECT \(BatchSheet.columns), batch.task, coalesce(guarantee, 'at_most_once') FROM batch
        LEFT JOIN template_version ON template_version.template = batch.template AND number = version
        WHERE \(column) > 0 AND batch.id > $1 AND accepted_at < $2
            AND EXISTS (SELECT 1 FROM call WHERE call.batch = batch.id AND call.account = $4 OFFSET 0)
        ORDER BY batch.id LIMIT $3
        """
    }

    fileprivate static let selectBatchOfCall = """
        SELECT batch FROM call WHERE id = $1 AND batch >= $2 AND batch < $3 AND closed_at IS NOT NULL
        """
}

extension PostgresLink {
    /// The batch of a closed call; nil when there is no such call.
    func batch(of call: IntentID) throws -> BatchID? {
        let days = BatchDay(of: call).numbers
        return
            try run(
                PostgresPushStore.selectBatchOfCall,
                .int(call.rawValue),
                .int(days.lowerBound),
                .int(days.upperBound)
            )
            .first.map { BatchID(rawValue: $0.int64(0)) }
    }

    /// The places of those members of a batch who were put back to be sent again.
    fileprivate func sentAgain(of batch: BatchID) throws -> Set<Int> {
        try run("SELECT members FROM trace WHERE batch = $1 AND stage = 'requeued'", .int(batch.rawValue))
            .map { try Members(stored: $0.bytes(0)).indices }
            .reduce(into: []) { $0.formUnion($1) }
    }
}

/// A call, and the places of those members whose last call it was.
struct LastCall {
    let call: CallSheet
    let places: [Int]

    /// The same as the engine has it.
    var members: CallMembers {
        let intent = Intent(id: call.id, account: call.account, members: call.members)
        return CallMembers(intent, calledAt: call.calledAt, places: places, answers: call.answers)
    }

    /// A batch's calls, in order.
    static func all(of batch: BatchID, _ link: PostgresLink) throws -> [LastCall] {
        var later = Set<Int>()
        return try CallSheet.all(of: batch, link).reversed()
            .map { call in
                LastCall(call: call, places: call.members.indices.filter { later.insert($0).inserted })
            }
            .reversed()
    }

    /// The call with those of its members that wait for word of it; nil when there are none.
    func open(
        _ waiting: Set<Int>,
        _ task: SendTask,
        confirmed: [Int: String],
        of batch: BatchID,
        _ guarantee: DeliveryGuarantee
    ) -> OpenCall? {
        let own = self.members
        let members = places.filter(waiting.contains)
            .map { place in
                OpenCall.Member(
                    message: MessageID(batch: batch, index: place),
                    recipient: task.recipients.text(place),
                    reference: confirmed[place] ?? own.reference(of: place),
                    isConfirmed: confirmed[place] != nil
                )
            }
        guard !members.isEmpty else { return nil }
        return OpenCall(
            intent: call.id,
            batch: batch,
            calledAt: call.calledAt,
            guarantee: guarantee,
            members: members
        )
    }
}

extension CallSheet {
    /// Whether the call was answered for any of its members, however.
    ///
    /// A call that never arrived leaves all of them in doubt, and one that is refused as a whole leaves none.
    fileprivate var isAnswered: Bool {
        guard let answers else { return false }
        return members.indices.indices.contains { place in
            switch answers[place] {
            case .accepted, .sent, .failed, .again: true
            case .unknown, nil: false
            }
        }
    }

    /// Whether a member has a receipt, or was confirmed when the supplier was asked.
    fileprivate func hasArrived(_ sheet: BatchSheet, _ link: PostgresLink) throws -> Bool {
        let isReceived = members.indices.contains { place in
            switch sheet.standings[place]?.state {
            case .delivered, .undelivered, .withdrawn: true
            default: false
            }
        }
        if isReceived { return true }
        let messages = members.indices.map { MessageID(batch: sheet.row.id, index: $0) }
        return try !link.confirmedReferences(of: messages).isEmpty
    }
}
