package import Groundwork
package import PushEngine

extension PostgresPushStore: ReceiptStore {
    package func keepPage(
        _ raw: [UInt8],
        of account: AccountID,
        at moment: Moment
    ) async throws(StoreError) -> Int64 {
        try await pool.write("keep receipts") { link in
            let kept = try link.run(
                Self.insertPage,
                .int(account.rawValue),
                .int(moment.millisecondsSinceEpoch),
                .bytes(raw)
            )
            return kept.first?.int64(0) ?? 0
        }
    }

    package func pendingPages(limit: Int) async throws(StoreError) -> [StoredPage] {
        try await pool.read("read pending receipts") { link in
            try link.run(Self.selectPending, .int(limit))
                .map { row in
                    let account = AccountID(rawValue: row.int64(1))
                    return StoredPage(id: row.int64(0), account: account, raw: row.bytes(2))
                }
        }
    }

    package func applyReceipts(
        _ receipts: [SupplierReceipt],
        of account: AccountID,
        from origin: ReceiptOrigin,
        at moment: Moment
    ) async throws(StoreError) -> ReceiptCount {
        try await pool.write("apply receipts") { [keys] link in
            let found = try ReceiptSearch(account: account, keys: keys, link).messages(of: receipts)
            var desk = ReceiptLedger(account: account, at: moment)
            try desk.apply(receipts, to: found, link)
            try desk.commit(origin, link)
            return desk.count
        }
    }

    static let selectPending =
        "SELECT id, account, raw FROM receipt_page WHERE NOT is_done ORDER BY id LIMIT $1"

    /// Calls by their numbers, within a day's.
    static let selectCalls = """
        SELECT id, batch, members FROM call
        WHERE id = ANY ($1) AND batch >= $2 AND batch < $3 AND account = $4
        """

    static let selectOfPhone = selectMessages("key >= 0")

    static let selectOfAddress = selectMessages("key < 0")

    /// The half of the index is named, which alone shows that it may be used.
    private static func selectMessages(_ half: String) -> String {
        "SELECT id FROM record WHERE \(half) AND key = $1 AND address = $2 AND id < $3 ORDER BY id DESC"
    }

    private static let insertPage =
        "INSERT INTO receipt_page (account, at, raw) VALUES ($1, $2, $3) RETURNING id"
}

/// Gives messages of one account the final word of their receipts.
private struct ReceiptLedger {
    private struct Pile {
        var members: [Int] = []
        var entries: [ReceiptEntries.Entry] = []

        /// Members and entries as columns have them, in the order of the members' places.
        var sorted: (members: [UInt8], entries: [UInt8]) {
            let order = members.indices.sorted { members[$0] < members[$1] }
            return (
                Members(order.map { members[$0] }).encoded,
                ReceiptEntries(order.map { entries[$0] }).encoded
            )
        }
    }

    private let account: AccountID
    private let moment: Moment
    private var sheets: [BatchID: BatchSheet] = [:]
    private var piles: [BatchID: Pile] = [:]
    private var strays: [SupplierReceipt] = []
    private var tallies = Tallies()
    private(set) var count = ReceiptCount()

    init(account: AccountID, at moment: Moment) {
        self.account = account
        self.moment = moment
    }

    mutating func apply(
        _ receipts: [SupplierReceipt],
        to messages: [MessageID?],
        _ link: PostgresLink
    ) throws {
        sheets = try BatchSheet.lock(messages.compactMap { $0?.batch }, link)
        for (receipt, message) in zip(receipts, messages) {
            guard let message, let before = sheets[message.batch]?.standings[message.index] else {
                count.stray += 1
                strays.append(receipt)
                continue
            }
            // Whoever has the first two has them by a receipt, and the first one wins; what was taken back needs none.
            guard ![.delivered, .undelivered, .withdrawn].contains(before.state) else {
                count.repeated += 1
                continue
            }
            count.applied += 1
            if before.state == .held { try link.unshelve(Members([message.index]), of: message.batch) }
            let state: DeliveryState = receipt.delivered ? .delivered : .undelivered
            sheets[message.batch]?.move(message.index, to: state, account: account, at: moment, &tallies)
            piles[message.batch, default: Pile()].members.append(message.index)
            piles[message.batch]?.entries
                .append(
                    ReceiptEntries.Entry(
                        delivered: receipt.delivered,
                        at: receipt.at,
                        code: receipt.code,
                        reference: receipt.reference
                    )
                )
        }
    }

    func commit(_ origin: ReceiptOrigin, _ link: PostgresLink) throws {
        var all: [PostgresStatement] = []
        let batches = piles.keys.sorted()
        if !batches.isEmpty {
            let sorted = batches.compactMap { piles[$0]?.sorted }
            all.append(
                PostgresStatement(
                    Self.insertReceipts,
                    .int(moment.millisecondsSinceEpoch),
                    .ints(batches.map(\.rawValue)),
                    .byteStrings(sorted.map(\.members)),
                    .byteStrings(sorted.map(\.entries))
                )
            )
        }
        all += batches.compactMap { sheets[$0]?.statement }
        all += strays.map(keeping)
        if !origin.kept.isEmpty { all.append(PostgresStatement(Self.finishPages, .ints(origin.kept))) }
        if !origin.unkept.isEmpty {
            all.append(
                PostgresStatement(
                    Self.insertPages,
                    .int(account.rawValue),
                    .int(moment.millisecondsSinceEpoch),
                    .byteStrings(origin.unkept)
                )
            )
        }
        if let statement = tallies.statement { all.append(statement) }
        _ = try link.runAll(all)
    }

    private func keeping(_ receipt: SupplierReceipt) -> PostgresStatement {
        PostgresStatement(
            Self.insertStray,
            .int(account.rawValue),
            .text(receipt.recipient),
            .text(receipt.requestKey),
            .text(receipt.reference),
            .bool(receipt.delivered),
            .text(receipt.code),
            .int(receipt.at.millisecondsSinceEpoch),
            .int(moment.millisecondsSinceEpoch)
        )
    }

    private static let insertReceipts = """
        INSERT INTO receipt (batch, received_at, members, entries)
        SELECT batch, $1, members, entries
        FROM unnest($2::bigint[], $3::bytea[], $4::bytea[]) AS pile (batch, members, entries)
        """

    private static let insertPages = """
        INSERT INTO receipt_page (account, at, raw, is_done) SELECT $1, $2, raw, true FROM unnest($3::bytea[]) AS raw
        """

    private static let finishPages = "UPDATE receipt_page SET is_done = true WHERE id = ANY ($1)"

    private static let insertStray = """
        INSERT INTO stray_receipt
            (account, recipient, request_key, reference, delivered, code, at, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """
}

/// Finds the messages that an account's receipts belong to.
private struct ReceiptSearch {
    private struct Call {
        let intent: IntentID
        let batch: BatchID
        let members: Members
    }

    private let account: AccountID
    private let keys: RequestKeys
    private let link: PostgresLink

    init(account: AccountID, keys: RequestKeys, _ link: PostgresLink) {
        self.account = account
        self.keys = keys
        self.link = link
    }

    /// For each receipt its message; nil for one that is nobody's.
    ///
    /// Whom a call was made to is told by its batch's task, which is read once for all receipts of the batch.
    func messages(of receipts: [SupplierReceipt]) throws -> [MessageID?] {
        var found = [MessageID?](repeating: nil, count: receipts.count)
        var asked: [IntentID: [Int]] = [:]
        for (place, receipt) in receipts.enumerated() {
            if let key = receipt.requestKey {
                if let intent = keys.intent(key) { asked[intent, default: []].append(place) }
            } else {
                found[place] = try messageByReference(receipt)
            }
        }
        let intents = asked.keys.sorted { $0.rawValue < $1.rawValue }
        let calls = Dictionary(grouping: try calls(intents), by: \.batch)
        for batches in calls.keys.sorted().chunks(of: Self.tasksAtOnce) {
            for (batch, task) in try tasks(of: batches) {
                for call in calls[batch] ?? [] {
                    let members = CalledMembers(call.members, of: task)
                    for place in asked[call.intent] ?? [] {
                        found[place] = members.place(of: receipts[place].recipient)
                            .map { MessageID(batch: batch, index: $0) }
                    }
                }
            }
        }
        return found
    }

    /// Each has at most some hundred kilobytes.
    private static let tasksAtOnce = 32

    /// Those of the calls that the account made.
    private func calls(_ intents: [IntentID]) throws -> [Call] {
        guard let first = intents.first, let last = intents.last else { return [] }
        return
            try link.run(
                PostgresPushStore.selectCalls,
                .ints(intents.map(\.rawValue)),
                .int(BatchDay(of: first).numbers.lowerBound),
                .int(BatchDay(of: last).numbers.upperBound),
                .int(account.rawValue)
            )
            .map { row in
                Call(
                    intent: IntentID(rawValue: row.int64(0)),
                    batch: BatchID(rawValue: row.int64(1)),
                    members: try Members(stored: row.bytes(2))
                )
            }
    }

    private func tasks(of batches: [BatchID]) throws -> [(BatchID, SendTask)] {
        let numbers = batches.map(\.rawValue)
        return
            try link.run(
                Self.selectTasks,
                .ints(numbers),
                .int(numbers.first),
                .int(numbers.last)
            )
            .map { row in (BatchID(rawValue: row.int64(0)), try SendTask(stored: row.bytes(1))) }
    }

    private func messageByReference(_ receipt: SupplierReceipt) throws -> MessageID? {
        guard !receipt.reference.isEmpty else { return nil }
        for message in try link.messages(to: receipt.recipient, before: Int64.max) {
            let isIt = try MemberCall.all(of: message, link)
                .contains { call in
                    guard call.account == account, case .accepted(let reference, _) = call.answer else {
                        return false
                    }
                    return reference == receipt.reference
                }
            if try isIt || link.confirmedReferences(of: [message])[message] == receipt.reference {
                return message
            }
        }
        return nil
    }

    private static let selectTasks = "SELECT id, task FROM batch WHERE id = ANY ($1) AND id BETWEEN $2 AND $3"
}

/// The members of a call by their addresses; of several with one address it is the first.
private struct CalledMembers {
    private let task: SendTask
    private var places: [RecipientKey: [Int]] = [:]

    init(_ members: Members, of task: SendTask) {
        self.task = task
        places.reserveCapacity(members.count)
        for place in members.indices where place < task.count {
            places[task.key(place), default: []].append(place)
        }
    }

    /// Where in the batch an address is; nil when the call was not made to it.
    func place(of recipient: String) -> Int? {
        let key = RecipientKey(address: recipient)
        // A phone number is its own key; of other addresses two may share one.
        return places[key]?
            .first { key.rawValue >= 0 || task.recipients.text($0).compared == recipient.compared }
    }
}

extension PostgresLink {
    /// The messages to an address that are older than one, newest first.
    func messages(to recipient: String, before id: Int64) throws -> [MessageID] {
        let key = RecipientKey(address: recipient).rawValue
        return try run(
            key < 0 ? PostgresPushStore.selectOfAddress : PostgresPushStore.selectOfPhone,
            .int(key),
            .text(key < 0 ? recipient.compared : ""),
            .int(id)
        )
        .map { MessageID(rawValue: $0.int64(0)) }
    }

    /// The references that the supplier told when it was asked; those it did not tell are missing.
    func confirmedReferences(of messages: [MessageID]) throws -> [MessageID: String] {
        let told = try run(
            "SELECT id, reference FROM confirmation WHERE id = ANY ($1)",
            .ints(messages.map(\.rawValue))
        )
        .map { (MessageID(rawValue: $0.int64(0)), $0.text(1)) }
        return Dictionary(told) { first, _ in first }
    }
}
