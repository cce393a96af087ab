import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore {
    package func openCalls(
        of account: AccountID,
        in state: DeliveryState,
        calledBefore before: Moment,
        after batch: BatchID?,
        limit: Int
    ) async throws(StoreError) -> [OpenCall] {
        try await database.read("read open calls") { db in
            let sql = state == .unknown ? Self.selectUnknownBatches : Self.selectAcceptedBatches
            let batches = try RawStatement(db, sql)
            batches.bind(batch?.rawValue ?? 0, at: 1)
            batches.bind(before.millisecondsSinceEpoch, at: 2)
            defer { batches.reset() }
            var calls: [OpenCall] = []
            while calls.count < limit, try batches.step() {
                let batch = BatchID(rawValue: batches.int64(0))
                guard let guarantee = DeliveryGuarantee(rawValue: batches.text(1)) else {
                    throw StoreError(.corrupted, during: "read open calls", detail: batches.text(1))
                }
                calls += try db.openCalls(
                    of: batch,
                    by: account,
                    in: state,
                    calledBefore: before,
                    guarantee
                )
            }
            return calls
        }
    }

    package func sendAgain(_ call: IntentID, onlyOnce: Bool) async throws(StoreError) -> Requeued? {
        let now = clock.now
        return try await database.write("send a call again") { db in
            guard let id = try db.batch(of: call), let batch = try db.batch(id) else {
                throw StoreError(.notFound, during: "send a call again", detail: "intent \(call.rawValue)")
            }
            guard let last = try db.lastCalls(of: id).first(where: { $0.intent.id == call }),
                try !db.hasArrived(last.intent, of: id), try !db.isCancelled(batch.run)
            else { return nil }
            let before = onlyOnce ? try db.sentAgain(of: id) : []
            let unknown = Set(try db.places(of: id, in: .unknown)).subtracting(before)
            let members = Members(last.places.filter(unknown.contains))
            guard !members.isEmpty else { return nil }
            try db.setQueued(members, of: id, at: now)
            try db.tell(id, at: now, .requeued, .queued, account: last.intent.account, members)
            var books = Books()
            let standing = Standing(state: .unknown, account: last.intent.account.rawValue)
            books.move(members.count, from: standing, to: .queued, of: batch)
            try books.write(to: db)
            return Requeued(message: batch.message, count: members.count)
        }
    }

    package func confirmAccepted(
        _ message: MessageID,
        reference: String
    ) async throws(StoreError) -> Bool {
        let now = clock.now
        return try await database.write("confirm message") { db in
            guard let batch = try db.batch(message.batch), let before = try db.standing(of: message) else {
                throw StoreError(.notFound, during: "confirm message")
            }
            guard before.state == .unknown else { return false }
            let members = Members([message.index])
            try db.setState(.accepted, of: members, in: batch.id, at: now)
            try db.execute(cached: Self.insertConfirmation, [message.rawValue, reference])
            let account = AccountID(rawValue: before.account)
            try db.tell(batch.id, at: now, .answered, .accepted, account: account, members)
            var books = Books()
            books.move(1, from: before, to: Standing(state: .accepted, account: before.account), of: batch)
            try books.write(to: db)
            return true
        }
    }

    static let selectUnknownBatches = """
        SELECT batch.id, coalesce(guarantee, 'at_most_once') FROM batch INDEXED BY batch_unknown
        LEFT JOIN template_version ON template_version.template = batch.template AND number = version
        WHERE unknown > 0 AND batch.id > ? AND accepted_at < ? ORDER BY batch.id
        """

    static let selectAcceptedBatches = """
        SELECT batch.id, coalesce(guarantee, 'at_most_once') FROM batch INDEXED BY batch_accepted
        LEFT JOIN template_version ON template_version.template = batch.template AND number = version
        WHERE accepted > 0 AND batch.id > ? AND accepted_at < ? ORDER BY batch.id
        """

    static let insertConfirmation =
        "INSERT OR REPLACE INTO confirmation (id, reference) VALUES (?, ?)"
}

extension Database {
    /// The calls of a batch by an account that have members in a state, made before an instant.
    fileprivate func openCalls(
        of batch: BatchID,
        by account: AccountID,
        in state: DeliveryState,
        calledBefore before: Moment,
        _ guarantee: DeliveryGuarantee
    ) throws -> [OpenCall] {
        let recipients = try recipients(of: batch) { $0 == state }
        let confirmed = try confirmedReferences(of: batch)
        return try lastCalls(of: batch)
            .compactMap { call in
                let members = call.places.compactMap { place in
                    recipients[place]
                        .map {
                            OpenCall.Member(
                                message: MessageID(batch: batch, index: place),
                                recipient: $0,
                                reference: confirmed[place] ?? call.reference(of: place),
                                isConfirmed: confirmed[place] != nil
                            )
                        }
                }
                guard call.intent.account == account, call.calledAt < before, !members.isEmpty else {
                    return nil
                }
                return OpenCall(
                    intent: call.intent.id,
                    batch: batch,
                    calledAt: call.calledAt,
                    guarantee: guarantee,
                    members: members
                )
            }
    }

    /// The calls of a batch, in order, with the places of those members who were in no later one.
    func lastCalls(of batch: BatchID) throws -> [CallMembers] {
        let select = try RawStatement(self, MemberCall.selectOfBatch)
        select.bind(batch.rawValue, at: 1)
        var calls: [(intent: Intent, calledAt: Moment, answers: CallAnswers?)] = []
        try select.forEachRow { row in
            let intent = Intent(
                id: IntentID(rawValue: row.int64(0)),
                account: AccountID(rawValue: row.int64(1)),
                members: try Members(stored: row.blob(2))
            )
            let answers = row.isNull(5) ? nil : CallAnswers(stored: row.blob(5))
            calls.append((intent, Moment(millisecondsSinceEpoch: row.int64(3)), answers))
        }
        var later = Set<Int>()
        var last: [CallMembers] = []
        for call in calls.reversed() {
            let places = call.intent.members.indices.filter { later.insert($0).inserted }
            last.append(
                CallMembers(call.intent, calledAt: call.calledAt, places: places, answers: call.answers)
            )
        }
        return last.reversed()
    }

    /// The batch of a call; nil when there is no such call.
    func batch(of call: IntentID) throws -> BatchID? {
        let select = try RawStatement(self, Self.selectBatchOfCall)
        select.bind(call.rawValue, at: 1)
        return try select.first { BatchID(rawValue: $0.int64(0)) }
    }

    /// Whether anything shows that the supplier has a call: its own word of any member then, or later.
    fileprivate func hasArrived(_ call: Intent, of batch: BatchID) throws -> Bool {
        if try isAnswered(call) { return true }
        for stretch in call.members.stretches {
            let range = [stretch.lowerBound, stretch.upperBound]
                .map { MessageID(batch: batch, index: $0).rawValue }
            let shown = try Bool.fetchOne(self, cached: Self.selectArrived, [range[0], range[1]])
            if shown == true { return true }
        }
        return false
    }

    /// Whether a call was answered for any of its members, however.
    ///
    /// A call that never arrived leaves all of them in doubt, and one that is refused as a whole leaves none.
    private func isAnswered(_ call: Intent) throws -> Bool {
        let select = try RawStatement(self, Self.selectAnswers)
        select.bind(call.id.rawValue, at: 1)
        guard let answers = try select.first({ CallAnswers(stored: $0.blob(0)) }) else { return false }
        return call.members.indices.indices.contains { place in
            switch answers[place] {
            case .accepted, .sent, .failed, .again: true
            case .unknown, nil: false
            }
        }
    }

    /// Makes members wait again, with no account.
    fileprivate func setQueued(_ members: Members, of batch: BatchID, at now: Moment) throws {
        let update = try RawStatement(self, Self.updateQueued)
        update.bind(now.millisecondsSinceEpoch, at: 1)
        for stretch in members.stretches {
            update.bind(MessageID(batch: batch, index: stretch.lowerBound).rawValue, at: 2)
            update.bind(MessageID(batch: batch, index: stretch.upperBound).rawValue, at: 3)
            try update.run()
        }
    }

    /// The places of those members of a batch who were put back to be sent again.
    fileprivate func sentAgain(of batch: BatchID) throws -> Set<Int> {
        let select = try RawStatement(self, Self.selectSentAgain)
        select.bind(batch.rawValue, at: 1)
        var places: Set<Int> = []
        try select.forEachRow { places.formUnion(try Members(stored: $0.blob(0)).indices) }
        return places
    }

    private static let selectSentAgain = "SELECT members FROM trace WHERE batch = ? AND stage = 'requeued'"

    /// Where a message stands; nil when there is none.
    fileprivate func standing(of message: MessageID) throws -> Standing? {
        let select = try RawStatement(self, Self.selectStanding)
        select.bind(message.rawValue, at: 1)
        return try select.first { Standing(state: try $0.state(0), account: $0.int64(1)) }
    }

    private static let selectBatchOfCall = "SELECT batch FROM intent WHERE id = ? AND closed_at IS NOT NULL"

    private static let selectAnswers = "SELECT answers FROM intent WHERE id = ? AND answers IS NOT NULL"

    private static let selectArrived = """
        SELECT EXISTS (SELECT 1 FROM receipt WHERE id BETWEEN ?1 AND ?2)
            OR EXISTS (SELECT 1 FROM confirmation WHERE id BETWEEN ?1 AND ?2)
        """

    private static let updateQueued = """
        UPDATE record SET state = 10, account = -1, changed_at = ? WHERE id BETWEEN ? AND ? AND state = 72
        """

    private static let selectStanding = "SELECT state, account FROM record WHERE id = ?"
}
