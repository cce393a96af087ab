package import Groundwork
package import PushEngine

extension PostgresPushStore {
    package func recall(_ messages: [MessageID]) async throws(StoreError) -> [RecallVerdict] {
        let now = clock.now
        return try await pool.write("recall") { link in
            var places: [BatchID: [Int]] = [:]
            for message in messages where message.rawValue > 0 {
                places[message.batch, default: []].append(message.index)
            }
            var sheets = try BatchSheet.lock(Array(places.keys), link)
            var tallies = Tallies()
            var recalled = Set<MessageID>()
            for id in sheets.keys.sorted() {
                guard var sheet = sheets[id], let named = places[id] else { continue }
                let taken = try sheet.recall(named, at: now, &tallies, link)
                recalled.formUnion(taken.map { MessageID(batch: id, index: $0) })
                sheets[id] = sheet
            }
            if let statement = tallies.statement { try link.run(statement.sql, statement.values) }
            return messages.map { message in
                guard let state = sheets[message.batch]?.standings[message.index]?.state else {
                    return RecallVerdict(message: message, result: .notFound, state: nil)
                }
                // A message that is named twice is recalled by the first.
                let result: RecallVerdict.Result = recalled.remove(message) == nil ? .tooLate : .recalled
                return RecallVerdict(message: message, result: result, state: state)
            }
        }
    }

    package func recallAll(of run: CampaignRunID, limit: Int) async throws(StoreError) -> Int {
        let now = clock.now
        return try await pool.write("recall campaign run") { link in
            let batches = try link.run(Self.selectWaitingBatches, .int(run.rawValue), .int(limit))
                .map { BatchID(rawValue: $0.int64(0)) }
            let sheets = try BatchSheet.lock(batches, link)
            var tallies = Tallies()
            var count = 0
            for id in sheets.keys.sorted() where count < limit {
                guard var sheet = sheets[id] else { continue }
                let waiting = sheet.standings.places(in: .queued) + sheet.standings.places(in: .held)
                count += try sheet.recall(waiting, at: now, atMost: limit - count, &tallies, link).count
            }
            if let statement = tallies.statement { try link.run(statement.sql, statement.values) }
            return count
        }
    }

    static let selectWaitingBatches = """
        SELECT id FROM batch WHERE run = $1 AND queued + held > 0 ORDER BY id LIMIT $2
        """
}

extension BatchSheet {
    /// Takes back those members that wait and are in no open call, writes it, and tells which.
    fileprivate mutating func recall(
        _ places: [Int],
        at now: Moment,
        atMost limit: Int = BatchID.capacity,
        _ tallies: inout Tallies,
        _ link: PostgresLink
    ) throws -> [Int] {
        var called = Set<Int>()
        for call in try link.openCalls(of: row.id) { called.formUnion(call.intent.members.indices) }
        var taken: [Int] = []
        var shelved: [Int] = []
        for place in Set(places).sorted() where taken.count < limit {
            switch standings[place]?.state {
            case .queued where !called.contains(place): taken.append(place)
            case .held:
                taken.append(place)
                shelved.append(place)
            default: continue
            }
        }
        guard !taken.isEmpty else { return [] }
        try link.unshelve(Members(shelved), of: row.id)
        for place in taken { move(place, to: .recalled, account: nil, at: now, &tallies) }
        let told = PostgresPushStore.tell(row.id, at: now, .recalled, .recalled, Members(taken))
        _ = try link.runAll([statement, told].compactMap { $0 })
        return taken
    }
}
