import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: ReceiptStore {
    package func keepPage(
        _ raw: [UInt8],
        of account: AccountID,
        at moment: Moment
    ) async throws(StoreError) -> Int64 {
        try await database.write("keep receipts") { db in
            try Self.insert(raw, of: account, at: moment, isDone: false, db)
            return db.lastInsertedRowID
        }
    }

    package func pendingPages(limit: Int) async throws(StoreError) -> [StoredPage] {
        try await database.read("read pending receipts") { db in
            let select = try RawStatement(db, Self.selectPending)
            select.bind(limit, at: 1)
            var pages: [StoredPage] = []
            try select.forEachRow { row in
                let account = AccountID(rawValue: row.int64(1))
                pages.append(StoredPage(id: row.int64(0), account: account, raw: row.blob(2)))
            }
            return pages
        }
    }

    package func applyReceipts(
        _ receipts: [SupplierReceipt],
        of account: AccountID,
        from origin: ReceiptOrigin,
        at moment: Moment
    ) async throws(StoreError) -> ReceiptCount {
        // Receipts can wait: nobody does for them.
        try await database.write("apply receipts", isShort: false) { [keys] db in
            var ledger = ReceiptLedger(account: account, at: moment, keys: keys, db)
            for receipt in receipts { try ledger.apply(receipt) }
            try ledger.books.write(to: db)
            for page in origin.kept { try db.execute(cached: Self.finishPage, [page]) }
            for raw in origin.unkept { try Self.insert(raw, of: account, at: moment, isDone: true, db) }
            return ledger.count
        }
    }

    static let selectPending =
        "SELECT id, account, raw FROM receipt_page WHERE is_done = 0 ORDER BY id LIMIT ?"

    private static func insert(
        _ page: [UInt8],
        of account: AccountID,
        at moment: Moment,
        isDone: Bool,
        _ db: Database
    ) throws {
        let insert = try RawStatement(db, insertPage)
        insert.bind(account.rawValue, at: 1)
        insert.bind(moment.millisecondsSinceEpoch, at: 2)
        insert.bind(blob: page, at: 3)
        insert.bind(isDone ? 1 : 0, at: 4)
        try insert.run()
    }

    private static let insertPage = "INSERT INTO receipt_page (account, at, raw, is_done) VALUES (?, ?, ?, ?)"

    private static let finishPage = "UPDATE receipt_page SET is_done = 1 WHERE id = ?"
}

/// Gives messages of one account the final word of their receipts.
private struct ReceiptLedger {
    private let account: AccountID
    private let moment: Moment
    private let keys: RequestKeys
    private let db: Database
    private var search: ReceiptSearch
    private(set) var books = Books()
    private(set) var count = ReceiptCount()

    init(account: AccountID, at moment: Moment, keys: RequestKeys, _ db: Database) {
        self.account = account
        self.moment = moment
        self.keys = keys
        self.db = db
        search = ReceiptSearch(account: account, keys: keys, db)
    }

    mutating func apply(_ receipt: SupplierReceipt) throws {
        guard let (message, batch) = try search.message(of: receipt) else {
            count.stray += 1
            return try keepStray(receipt)
        }
        let insert = try RawStatement(db, Self.insertReceipt)
        insert.bind(message.rawValue, at: 1)
        insert.bind(receipt.delivered ? 1 : 0, at: 2)
        insert.bind(text: receipt.code, at: 3)
        insert.bind(text: receipt.reference, at: 4)
        insert.bind(receipt.at.millisecondsSinceEpoch, at: 5)
        insert.bind(moment.millisecondsSinceEpoch, at: 6)
        guard try insert.run() == 1 else {
            count.repeated += 1
            return
        }
        guard try move(message, of: batch, to: receipt.delivered ? .delivered : .undelivered) else {
            try db.execute(cached: Self.deleteReceipt, [message.rawValue])
            count.repeated += 1
            return
        }
        count.applied += 1
    }

    /// Gives a message the state of its receipt; false for one that was taken back, which needs none.
    private mutating func move(
        _ message: MessageID,
        of batch: BatchRow,
        to state: DeliveryState
    ) throws -> Bool {
        let select = try RawStatement(db, Self.selectStanding)
        select.bind(message.rawValue, at: 1)
        let found = try select.first { row in
            (Standing(state: try row.state(0), account: row.int64(1)), charge: row.int(2))
        }
        guard let (before, charge) = found, before.state != .withdrawn else { return false }
        if before.state == .held { try db.unshelve(Members([message.index]), of: batch.id) }
        let update = try RawStatement(db, Self.updateRecord)
        update.bind(state.rawValue, at: 1)
        update.bind(account.rawValue, at: 2)
        update.bind(moment.millisecondsSinceEpoch, at: 3)
        update.bind(message.rawValue, at: 4)
        try update.run()
        let after = Standing(state: state, account: account.rawValue)
        books.move(1, charge: charge, from: before, to: after, of: batch)
        return true
    }

    private func keepStray(_ receipt: SupplierReceipt) throws {
        try db.execute(
            cached: Self.insertStray,
            [
                account.rawValue, receipt.recipient, receipt.requestKey, receipt.reference, receipt.delivered,
                receipt.code, receipt.at.millisecondsSinceEpoch, moment.millisecondsSinceEpoch,
            ]
        )
    }

    private static let insertReceipt = """
        INSERT OR IGNORE INTO receipt (id, delivered, code, reference, at, received_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """

    private static let deleteReceipt = "DELETE FROM receipt WHERE id = ?"

    private static let selectStanding = "SELECT state, account, charge FROM record WHERE id = ?"

    private static let updateRecord = "UPDATE record SET state = ?, account = ?, changed_at = ? WHERE id = ?"

    private static let insertStray = """
        INSERT INTO stray_receipt
            (account, recipient, request_key, reference, delivered, code, at, received_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """
}

/// Finds the messages that an account's receipts belong to.
private struct ReceiptSearch {
    private struct Call {
        let batch: BatchRow
        let account: AccountID
        let members: Members
    }

    private let account: AccountID
    private let keys: RequestKeys
    private let db: Database
    /// A page's receipts are of few calls.
    private var calls: [IntentID: Call?] = [:]

    init(account: AccountID, keys: RequestKeys, _ db: Database) {
        self.account = account
        self.keys = keys
        self.db = db
    }

    mutating func message(of receipt: SupplierReceipt) throws -> (MessageID, BatchRow)? {
        guard let key = receipt.requestKey else { return try messageByReference(receipt) }
        guard let intent = keys.intent(key), let call = try call(intent), call.account == account else {
            return nil
        }
        let candidates = try db.messages(to: receipt.recipient, origins: call.batch.origins)
        let message = candidates.first { $0.batch == call.batch.id && call.members.contains($0.index) }
        return message.map { ($0, call.batch) }
    }

    private func messageByReference(_ receipt: SupplierReceipt) throws -> (MessageID, BatchRow)? {
        guard !receipt.reference.isEmpty else { return nil }
        for message in try db.messages(to: receipt.recipient).sorted(by: { $0.rawValue > $1.rawValue }) {
            let calls = try MemberCall.all(of: message, db)
            let isIt = calls.contains { call in
                guard call.account == account, case .accepted(let reference, _) = call.answer else {
                    return false
                }
                return reference == receipt.reference
            }
            guard try isIt || db.confirmedReference(of: message) == receipt.reference else { continue }
            return try db.batch(message.batch).map { (message, $0) }
        }
        return nil
    }

    private mutating func call(_ intent: IntentID) throws -> Call? {
        if let known = calls[intent] { return known }
        let select = try RawStatement(db, Self.selectIntent)
        select.bind(intent.rawValue, at: 1)
        let found = try select.first { row in
            (BatchID(rawValue: row.int64(0)), AccountID(rawValue: row.int64(1)), row.blob(2))
        }
        let call = try found.flatMap { id, account, members in
            try db.batch(id).map { Call(batch: $0, account: account, members: try Members(stored: members)) }
        }
        calls[intent] = .some(call)
        return call
    }

    private static let selectIntent = "SELECT batch, account, members FROM intent WHERE id = ?"
}

extension Database {
    /// The messages to an address, in no order.
    func messages(
        to recipient: String,
        origins: ClosedRange<Int64> = Int64.min...Int64.max
    ) throws -> [MessageID] {
        let select = try RawStatement(self, Self.selectMessages)
        select.bind(origins.lowerBound, at: 2)
        select.bind(origins.upperBound, at: 3)
        var messages: [MessageID] = []
        var key = RecipientKey(address: recipient).rawValue
        while true {
            select.bind(key, at: 1)
            var found: [MessageID] = []
            try select.forEachRow { found.append(MessageID(rawValue: $0.int64(0))) }
            if key >= 0 { return found }
            // A hash may be another address's as well: then ours may stand at the next key too.
            let ours = try found.filter { try address(of: $0)?.compared == recipient.compared }
            messages += ours
            if ours.count == found.count { return messages }
            key = RecipientProbe.next(after: key)
        }
    }

    private func address(of message: MessageID) throws -> String? {
        let select = try RawStatement(self, Self.selectRecipient)
        select.bind(message.rawValue, at: 1)
        return try select.first { $0.text(0) }
    }

    /// The reference that the supplier told when it was asked; nil when it was not, or did not.
    func confirmedReference(of message: MessageID) throws -> String? {
        let select = try RawStatement(self, Self.selectConfirmation)
        select.bind(message.rawValue, at: 1)
        return try select.first { $0.text(0) }
    }

    static let selectMessages = """
        SELECT id FROM young_recipient_index WHERE key = ?1 AND origin BETWEEN ?2 AND ?3
        UNION ALL SELECT id FROM recipient_index WHERE key = ?1 AND origin BETWEEN ?2 AND ?3
        """

    private static let selectRecipient = "SELECT recipient FROM record WHERE id = ?"

    private static let selectConfirmation = "SELECT reference FROM confirmation WHERE id = ?"
}
