import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: CallBook {
    package func repeatable(_ call: IntentID) async throws(StoreError) -> RepeatableCall? {
        try await database.read("read a call to repeat") { db in
            guard let id = try db.batch(of: call), let batch = try db.batch(id) else {
                throw StoreError(.notFound, during: "read a call to repeat", detail: "\(call.rawValue)")
            }
            guard let made = try db.lastCalls(of: id).first(where: { $0.intent.id == call }),
                made.places == made.intent.members.indices, try !db.isCancelled(batch.run)
            else { return nil }
            let unknown = Set(try db.places(of: id, in: .unknown))
            guard made.places.allSatisfy(unknown.contains) else { return nil }
            let payload = try RawStatement(db, Self.selectPayload)
            payload.bind(id.rawValue, at: 1)
            guard let bytes = try payload.first({ $0.blob(0) }) else {
                throw StoreError(
                    .corrupted,
                    during: "read a call to repeat",
                    detail: "batch without payload"
                )
            }
            return RepeatableCall(
                intent: made.intent,
                batch: id,
                calledAt: made.calledAt,
                task: try SendTask(stored: bytes)
            )
        }
    }

    package func resolve(_ outcome: IntentOutcome) async throws(StoreError) -> Int {
        let now = clock.now
        return try await database.write("resolve call") { db in
            let call = outcome.intent.id
            guard let id = try db.batch(of: call), let batch = try db.batch(id),
                let made = try db.lastCalls(of: id).first(where: { $0.intent.id == call })
            else {
                throw StoreError(.notFound, during: "resolve call", detail: "intent \(call.rawValue)")
            }
            let unknown = Set(try db.places(of: id, in: .unknown)).intersection(made.places)
            let resolutions = Resolution.all(of: outcome, made.intent.members, among: unknown)
            var books = Books()
            let before = Standing(state: .unknown, account: made.intent.account.rawValue)
            for resolution in resolutions {
                try db.write(resolution, of: id, account: made.intent.account, at: now)
                let count = resolution.members.count
                let after = Standing(state: resolution.state, account: before.account)
                books.remove(count, charge: 0, before, of: batch)
                books.add(count, charge: count * resolution.charge, after, of: batch)
            }
            try books.write(to: db)
            return resolutions.reduce(0) { $0 + $1.members.count }
        }
    }

    package func takenCalls(of messages: [MessageID]) async throws(StoreError) -> [TakenCall] {
        try await database.read("look calls up") { db in
            let named = Set(messages.filter { $0.rawValue > 0 })
            var found: [TakenCall] = []
            for batch in Set(named.map(\.batch)).sorted() {
                let taken = try db.recipients(of: batch) { $0.isTaken }
                let confirmed = try db.confirmedReferences(of: batch)
                for call in try db.lastCalls(of: batch) {
                    found += call.taken(of: batch, taken, confirmed: confirmed)
                        .filter { call in call.members.contains { named.contains($0.message) } }
                }
            }
            return found
        }
    }

    package func withdraw(_ messages: [MessageID]) async throws(StoreError) -> [MessageID: DeliveryState] {
        let now = clock.now
        return try await database.write("withdraw messages") { db in
            var books = Books()
            let named = Set(messages.filter { $0.rawValue > 0 })
            for (id, messages) in Dictionary(grouping: named, by: \.batch) {
                guard let batch = try db.batch(id) else { continue }
                try db.withdraw(messages.map(\.index).sorted(), of: batch, at: now, &books)
            }
            try books.write(to: db)
            var states: [MessageID: DeliveryState] = [:]
            for message in named { states[message] = try db.state(of: message) }
            return states
        }
    }
}

extension Database {
    fileprivate func write(
        _ resolution: Resolution,
        of batch: BatchID,
        account: AccountID,
        at now: Moment
    ) throws {
        let members = resolution.members
        try setState(resolution.state, of: members, in: batch, at: now)
        if resolution.charge > 0 {
            let update = try RawStatement(self, Self.updateCharge)
            update.bind(resolution.charge, at: 1)
            for stretch in members.stretches {
                update.bind(MessageID(batch: batch, index: stretch.lowerBound).rawValue, at: 2)
                update.bind(MessageID(batch: batch, index: stretch.upperBound).rawValue, at: 3)
                try update.run()
            }
        }
        if let reference = resolution.reference {
            for place in members.indices {
                let message = MessageID(batch: batch, index: place)
                try execute(cached: SQLitePushStore.insertConfirmation, [message.rawValue, reference])
            }
        }
        try tell(
            batch,
            at: now,
            .answered,
            resolution.state,
            account: account,
            detail: resolution.detail,
            members
        )
    }

    /// Withdraws those members of a batch whom a supplier has.
    fileprivate func withdraw(
        _ places: [Int],
        of batch: BatchRow,
        at now: Moment,
        _ books: inout Books
    ) throws {
        let select = try RawStatement(self, Self.selectTaken)
        var left: [Standing: (places: [Int], charge: Int)] = [:]
        for place in places {
            select.bind(MessageID(batch: batch.id, index: place).rawValue, at: 1)
            let found = try select.first { row in
                (Standing(state: try row.state(0), account: row.int64(1)), charge: row.int(2))
            }
            guard let (before, charge) = found, before.state.isTaken else { continue }
            left[before, default: ([], 0)].places.append(place)
            left[before, default: ([], 0)].charge += charge
        }
        for (before, taken) in left {
            let members = Members(taken.places)
            try setState(.withdrawn, of: members, in: batch.id, at: now)
            let account = before.account == Standing.noAccount ? nil : AccountID(rawValue: before.account)
            try tell(batch.id, at: now, .withdrawn, .withdrawn, account: account, members)
            let after = Standing(state: .withdrawn, account: before.account)
            books.move(members.count, charge: taken.charge, from: before, to: after, of: batch)
        }
    }

    /// The recipients of a batch's members that are in some states, by place.
    func recipients(of batch: BatchID, _ isMeant: (DeliveryState) -> Bool) throws -> [Int: String] {
        let select = try RawStatement(self, Self.selectRecipients)
        select.bind(batch.messages.lowerBound, at: 1)
        select.bind(batch.messages.upperBound, at: 2)
        var recipients: [Int: String] = [:]
        try select.forEachRow { row in
            guard isMeant(try row.state(1)) else { return }
            recipients[MessageID(rawValue: row.int64(0)).index] = row.text(2)
        }
        return recipients
    }

    /// The references that were told later, by place.
    func confirmedReferences(of batch: BatchID) throws -> [Int: String] {
        let select = try RawStatement(self, Self.selectConfirmations)
        select.bind(batch.messages.lowerBound, at: 1)
        select.bind(batch.messages.upperBound, at: 2)
        var references: [Int: String] = [:]
        try select.forEachRow { references[MessageID(rawValue: $0.int64(0)).index] = $0.text(1) }
        return references
    }

    private static let updateCharge = "UPDATE record SET charge = ? WHERE id BETWEEN ? AND ?"

    private static let selectTaken = "SELECT state, account, charge FROM record WHERE id = ?"

    private static let selectRecipients = """
        SELECT id, state, recipient FROM record WHERE id BETWEEN ? AND ? ORDER BY id
        """

    private static let selectConfirmations = "SELECT id, reference FROM confirmation WHERE id BETWEEN ? AND ?"
}
