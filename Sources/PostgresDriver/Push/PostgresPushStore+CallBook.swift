package import Groundwork
package import PushEngine

extension PostgresPushStore: CallBook {
    package func repeatable(_ call: IntentID) async throws(StoreError) -> RepeatableCall? {
        try await pool.read("read a call to repeat") { link in
            guard let batch = try link.batch(of: call),
                let row = try link.run(Self.selectTask, .int(batch.rawValue)).first
            else {
                throw StoreError(.notFound, during: "read a call to repeat", detail: "\(call.rawValue)")
            }
            let sheet = try BatchSheet(row)
            guard let made = try LastCall.all(of: batch, link).first(where: { $0.call.id == call }),
                made.places == made.call.members.indices,
                row.text(10) != CampaignRunState.cancelled.rawValue,
                made.places.allSatisfy({ sheet.standings[$0]?.state == .unknown })
            else { return nil }
            return RepeatableCall(
                intent: Intent(id: call, account: made.call.account, members: made.call.members),
                batch: batch,
                calledAt: made.call.calledAt,
                task: try SendTask(stored: row.bytes(9))
            )
        }
    }

    package func resolve(_ outcome: IntentOutcome) async throws(StoreError) -> Int {
        let now = clock.now
        return try await pool.write("resolve call") { link in
            let call = outcome.intent.id
            guard let batch = try link.batch(of: call) else {
                throw StoreError(.notFound, during: "resolve call", detail: "intent \(call.rawValue)")
            }
            var sheet = try BatchSheet.lock(batch, during: "resolve call", link)
            guard let made = try LastCall.all(of: batch, link).first(where: { $0.call.id == call }) else {
                return 0
            }
            let unknown = made.places.filter { sheet.standings[$0]?.state == .unknown }
            let resolutions = Resolution.all(of: outcome, made.call.members, among: Set(unknown))
            guard !resolutions.isEmpty else { return 0 }
            var tallies = Tallies()
            var statements: [PostgresStatement] = []
            for resolution in resolutions {
                let account = made.call.account
                for place in resolution.members.indices {
                    sheet.move(
                        place,
                        to: resolution.state,
                        account: account,
                        charge: resolution.charge,
                        at: now,
                        &tallies
                    )
                }
                statements.append(
                    Self.tell(
                        batch,
                        at: now,
                        .answered,
                        resolution.state,
                        account: account,
                        detail: resolution.detail,
                        resolution.members
                    )
                )
                if let reference = resolution.reference {
                    let messages = resolution.members.indices.map { MessageID(batch: batch, index: $0) }
                    statements.append(Self.confirming(messages, reference))
                }
            }
            statements += [sheet.statement, tallies.statement].compactMap { $0 }
            _ = try link.runAll(statements)
            return resolutions.reduce(0) { $0 + $1.members.count }
        }
    }

    package func takenCalls(of messages: [MessageID]) async throws(StoreError) -> [TakenCall] {
        let named = Set(messages.filter { $0.rawValue > 0 })
        return try await pool.read("look calls up") { link in
            var found: [TakenCall] = []
            for batch in Set(named.map(\.batch)).sorted() {
                guard let row = try link.run(Self.selectTask, .int(batch.rawValue)).first else { continue }
                let sheet = try BatchSheet(row)
                let task = try SendTask(stored: row.bytes(9))
                var taken: [Int: String] = [:]
                for (place, member) in sheet.standings.members.enumerated()
                where member?.state.isTaken == true {
                    taken[place] = task.recipients.text(place)
                }
                let confirmed = try link.confirmedReferences(of: batch, taken.keys)
                for call in try LastCall.all(of: batch, link) {
                    found += call.members.taken(of: batch, taken, confirmed: confirmed)
                        .filter { call in call.members.contains { named.contains($0.message) } }
                }
            }
            return found
        }
    }

    package func withdraw(_ messages: [MessageID]) async throws(StoreError) -> [MessageID: DeliveryState] {
        let now = clock.now
        let named = Set(messages.filter { $0.rawValue > 0 })
        return try await pool.write("withdraw messages") { link in
            var sheets = try BatchSheet.lock(named.map(\.batch), link)
            var tallies = Tallies()
            var statements: [PostgresStatement] = []
            for (batch, messages) in Dictionary(grouping: named, by: \.batch) {
                guard var sheet = sheets[batch] else { continue }
                var taken: [AccountID?: [Int]] = [:]
                for place in messages.map(\.index).sorted() {
                    guard let before = sheet.standings[place], before.state.isTaken else { continue }
                    sheet.move(place, to: .withdrawn, account: before.account, at: now, &tallies)
                    taken[before.account, default: []].append(place)
                }
                for (account, places) in taken {
                    let members = Members(places)
                    statements.append(
                        Self.tell(batch, at: now, .withdrawn, .withdrawn, account: account, members)
                    )
                }
                sheets[batch] = sheet
            }
            statements += sheets.keys.sorted().compactMap { sheets[$0]?.statement }
            if let statement = tallies.statement { statements.append(statement) }
            _ = try link.runAll(statements)
            var states: [MessageID: DeliveryState] = [:]
            for message in named { states[message] = sheets[message.batch]?.standings[message.index]?.state }
            return states
        }
    }

    /// Notes the reference that messages have after all.
    static func confirming(_ messages: [MessageID], _ reference: String) -> PostgresStatement {
        PostgresStatement(
            "INSERT INTO confirmation (id, reference) SELECT id, $2 FROM unnest($1::bigint[]) AS told (id)",
            .ints(messages.map(\.rawValue)),
            .text(reference)
        )
    }

    private static let selectTask = """
        SELECT \(BatchSheet.columns), batch.task, campaign_run.state FROM batch
        LEFT JOIN campaign_run ON campaign_run.id = batch.run WHERE batch.id = $1
        """
}

extension PostgresLink {
    /// The references that members of a batch were told later, by place.
    func confirmedReferences(of batch: BatchID, _ places: some Sequence<Int>) throws -> [Int: String] {
        let told = try confirmedReferences(of: places.map { MessageID(batch: batch, index: $0) })
        return Dictionary(uniqueKeysWithValues: told.map { ($0.key.index, $0.value) })
    }
}
