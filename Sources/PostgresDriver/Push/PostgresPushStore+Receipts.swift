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
        page: Int64?,
        at moment: Moment
    ) async throws(StoreError) -> ReceiptCount {
        try await pool.write("apply receipts") { [keys] link in
            let found = try ReceiptSearch(account: account, keys: keys, link).messages(of: receipts)
            var desk = ReceiptLedger(account: account, at: moment)
            try desk.apply(receipts, to: found, link)
            try desk.commit(page: page, link)
            return desk.count
        }
    }

    static let selectPending =
        "SELECT id, account, raw FROM receipt_page WHERE NOT is_done ORDER BY id LIMIT $1"

    /// One look into an index for each receipt, whatever the server believes of a table that grew since it looked.
    ///
    /// The indexes are of phone numbers and of other addresses, and are only used where it is said which is meant.
    static let selectCandidates = """
        SELECT asked.place, found.id
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])
            WITH ORDINALITY AS asked (key, low, high, address, place)
        CROSS JOIN LATERAL (
            (SELECT id FROM record
            WHERE asked.key >= 0 AND key >= 0 AND key = asked.key AND origin BETWEEN asked.low AND asked.high
            LIMIT 4096)
            UNION ALL
            (SELECT id FROM record
            WHERE asked.key < 0 AND key < 0 AND key = asked.key AND origin BETWEEN asked.low AND asked.high
                AND address = asked.address
            LIMIT 4096)
        ) AS found
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
            // Whoever has these has them by a receipt, and the first one wins.
            guard before.state != .delivered, before.state != .undelivered else {
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

    func commit(page: Int64?, _ link: PostgresLink) throws {
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
        if let page {
            all.append(PostgresStatement("UPDATE receipt_page SET is_done = true WHERE id = $1", .int(page)))
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

    private static let insertStray = """
        INSERT INTO stray_receipt
            (account, recipient, request_key, reference, delivered, code, at, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """
}

/// Finds the messages that an account's receipts belong to.
private struct ReceiptSearch {
    private struct Call {
        let batch: BatchID
        let origins: ClosedRange<Int64>
        let account: AccountID
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
    func messages(of receipts: [SupplierReceipt]) throws -> [MessageID?] {
        var found = [MessageID?](repeating: nil, count: receipts.count)
        let intents = receipts.map { $0.requestKey.flatMap { keys.intent($0) } }
        let calls = try calls(Set(intents.compactMap { $0 }))
        var asked: [(place: Int, call: Call)] = []
        for (place, receipt) in receipts.enumerated() {
            if receipt.requestKey == nil {
                found[place] = try messageByReference(receipt)
            } else if let intent = intents[place], let call = calls[intent], call.account == account {
                asked.append((place, call))
            }
        }
        guard !asked.isEmpty else { return found }
        let recipients = asked.map { RecipientKey(address: receipts[$0.place].recipient).rawValue }
        let candidates = try link.run(
            PostgresPushStore.selectCandidates,
            .ints(recipients),
            .ints(asked.map(\.call.origins.lowerBound)),
            .ints(asked.map(\.call.origins.upperBound)),
            .texts(zip(asked, recipients).map { $1 < 0 ? receipts[$0.place].recipient : "" })
        )
        for (number, message) in candidates.map({ ($0.int(0), MessageID(rawValue: $0.int64(1))) }) {
            let (place, call) = asked[number - 1]
            if message.batch == call.batch, call.members.contains(message.index) {
                // Of several to one address in one call it is the first.
                if message.rawValue < found[place]?.rawValue ?? Int64.max { found[place] = message }
            }
        }
        return found
    }

    private func calls(_ intents: Set<IntentID>) throws -> [IntentID: Call] {
        guard let first = intents.map({ BatchDay(of: $0).rawValue }).min(),
            let last = intents.map({ BatchDay(of: $0).rawValue }).max()
        else { return [:] }
        let found = try link.run(
            Self.selectCalls,
            .ints(intents.map(\.rawValue)),
            .int(BatchDay(rawValue: first).numbers.lowerBound),
            .int(BatchDay(rawValue: last).numbers.upperBound)
        )
        let calls = try found.map { row in
            let batch = BatchID(rawValue: row.int64(1))
            let run = row.optionalInt64(4)
            let call = Call(
                batch: batch,
                origins: run.map { $0...$0 } ?? (-batch.messages.upperBound ... -batch.messages.lowerBound),
                account: AccountID(rawValue: row.int64(2)),
                members: try Members(stored: row.bytes(3))
            )
            return (IntentID(rawValue: row.int64(0)), call)
        }
        return Dictionary(uniqueKeysWithValues: calls)
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

    private static let selectCalls = """
        SELECT call.id, call.batch, call.account, call.members, batch.run
        FROM call JOIN batch ON batch.id = call.batch
        WHERE call.id = ANY ($1) AND call.batch >= $2 AND call.batch < $3 AND batch.id >= $2 AND batch.id < $3
        """
}

extension PostgresLink {
    /// The messages to an address that are older than one, newest first.
    func messages(to recipient: String, before id: Int64) throws -> [MessageID] {
        let key = RecipientKey(address: recipient).rawValue
        return try run(
            key < 0 ? PostgresPushStore.selectOfAddress : PostgresPushStore.selectOfPhone,
            .int(key),
            .text(key < 0 ? recipient : ""),
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
