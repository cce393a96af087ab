import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: RecordStore {
    package func records(
        _ filter: RecordFilter,
        state: DeliveryState?,
        before id: MessageID?,
        limit: Int
    ) async throws(StoreError) -> [MessageRecord] {
        guard limit > 0 else { return [] }
        let end = id?.rawValue ?? Int64.max
        return try await database.read("look records up") { db in
            var reader = RecordReader(db)
            switch filter {
            case .message(let message):
                return try reader.records([message], state: state, before: end, limit: limit)
            case .recipient(let recipient):
                let messages = try db.messages(to: recipient)
                return try reader.records(messages, state: state, before: end, limit: limit)
            case .bizID(let bizID):
                let messages = try db.messages(bizID: bizID)
                return try reader.records(messages, state: state, before: end, limit: limit)
            case .template(let template):
                let scan = BatchScan(Self.selectOfTemplate, template.rawValue, state: state, before: end)
                return try reader.records(scan, limit: limit)
            case .campaignRun(let run):
                let scan = BatchScan(Self.selectOfRun, run.rawValue, state: state, before: end)
                return try reader.records(scan, limit: limit)
            }
        }
    }

    package func tallies(of run: CampaignRunID) async throws(StoreError) -> [Tally] {
        try await tallies(Self.selectTalliesOfRun, run.rawValue)
    }

    package func tallies(day: Int) async throws(StoreError) -> [Tally] {
        try await tallies(Self.selectTalliesOfDay, Int64(day))
    }

    package func recount(of run: CampaignRunID) async throws(StoreError) -> [DeliveryState: Int] {
        try await database.read("recount campaign run") { db in
            let select = try RawStatement(db, Self.selectRecount)
            select.bind(run.rawValue, at: 1)
            var counts: [DeliveryState: Int] = [:]
            try select.forEachRow { counts[try $0.state(0)] = $0.int(1) }
            return counts
        }
    }

    package func held(after place: ListPlace?, limit: Int) async throws(StoreError) -> [HeldBatch] {
        try await database.read("read held messages") { db in
            let select = try RawStatement(db, Self.selectHeld)
            select.bind(place?.at.millisecondsSinceEpoch ?? .min, at: 1)
            select.bind(place?.number ?? .min, at: 2)
            select.bind(limit, at: 3)
            var held: [HeldBatch] = []
            try select.forEachRow { row in
                let batch = try BatchRow(row)
                held.append(
                    HeldBatch(
                        batch: batch.id,
                        lane: batch.lane,
                        template: batch.template,
                        count: row.int(6),
                        place: ListPlace(
                            at: Moment(millisecondsSinceEpoch: row.int64(7)),
                            number: row.int64(8)
                        )
                    )
                )
            }
            return held
        }
    }

    private func tallies(_ sql: String, _ number: Int64) async throws(StoreError) -> [Tally] {
        try await database.read("read tallies") { db in
            let select = try RawStatement(db, sql)
            select.bind(number, at: 1)
            var tallies: [Tally] = []
            try select.forEachRow { row in
                let run = row.int64(2)
                let account = row.int64(3)
                tallies.append(
                    Tally(
                        day: row.int(0),
                        template: TemplateID(rawValue: row.int64(1)),
                        campaignRun: run == 0 ? nil : CampaignRunID(rawValue: run),
                        account: account == Standing.noAccount ? nil : AccountID(rawValue: account),
                        state: try row.state(4),
                        count: row.int(5),
                        charge: row.int(6)
                    )
                )
            }
            return tallies
        }
    }

    static let selectOfTemplate = """
        SELECT id, states FROM batch WHERE template = ? AND id <= ? ORDER BY id DESC
        """

    static let selectOfRun = "SELECT id, states FROM batch WHERE run = ? AND id <= ? ORDER BY id DESC"

    static let selectTalliesOfRun = """
        SELECT day, template, run, account, state, count, charge FROM tally
        WHERE run = ? AND (count <> 0 OR charge <> 0) ORDER BY day, template, account, state
        """

    static let selectTalliesOfDay = """
        SELECT day, template, run, account, state, count, charge FROM tally
        WHERE day = ? AND (count <> 0 OR charge <> 0) ORDER BY template, run, account, state
        """

    static let selectRecount = """
        SELECT record.state, count(*) FROM batch CROSS JOIN record
            ON record.id BETWEEN batch.id << 12 AND (batch.id << 12) + 4095
        WHERE batch.run = ? GROUP BY record.state
        """

    static let selectHeld = """
        SELECT \(BatchRow.columns), shelf.count, shelf.until, shelf.id FROM shelf
        CROSS JOIN batch ON batch.id = shelf.batch
        WHERE (shelf.until, shelf.id) > (?, ?) ORDER BY shelf.until, shelf.id LIMIT ?
        """
}

/// The batches of a template or campaign in which to look for messages, newest first.
private struct BatchScan {
    let sql: String
    let owner: Int64
    let state: DeliveryState?
    /// Messages from here on are left out.
    let end: Int64

    init(_ sql: String, _ owner: Int64, state: DeliveryState?, before end: Int64) {
        self.sql = sql
        self.owner = owner
        self.state = state
        self.end = end
    }

    /// Whether a batch that has seen `states` may hold what is looked for.
    func concerns(_ states: Int64) -> Bool { state.map { states & Books.bit(of: $0) != 0 } ?? true }
}

/// Puts records together from what is stored once per batch, call and message.
private struct RecordReader {
    private let db: Database
    /// The batch read last: neighbours in a list are mostly of one batch.
    private var page: BatchPage?

    init(_ db: Database) {
        self.db = db
    }

    mutating func records(
        _ messages: [MessageID],
        state: DeliveryState?,
        before end: Int64,
        limit: Int
    ) throws -> [MessageRecord] {
        var records: [MessageRecord] = []
        let select = try RawStatement(db, Self.selectOne)
        for message in messages.sorted(by: { $0.rawValue > $1.rawValue }) where message.rawValue < end {
            guard records.count < limit else { break }
            select.bind(message.rawValue, at: 1)
            guard let row = try select.first({ try RecordRow($0) }), state == nil || row.state == state
            else { continue }
            records.append(try record(row))
        }
        return records
    }

    mutating func records(_ scan: BatchScan, limit: Int) throws -> [MessageRecord] {
        var rows: [RecordRow] = []
        let batches = try RawStatement(db, scan.sql)
        batches.bind(scan.owner, at: 1)
        batches.bind(scan.end >> 12, at: 2)
        defer { batches.reset() }
        let select = try RawStatement(db, scan.state == nil ? Self.selectOfBatch : Self.selectOfBatchInState)
        while rows.count < limit, try batches.step() {
            guard scan.concerns(batches.int64(1)) else { continue }
            let messages = BatchID(rawValue: batches.int64(0)).messages
            select.bind(messages.lowerBound, at: 1)
            select.bind(min(messages.upperBound, scan.end - 1), at: 2)
            select.bind(limit - rows.count, at: 3)
            if let state = scan.state { select.bind(state.rawValue, at: 4) }
            try select.forEachRow { rows.append(try RecordRow($0)) }
        }
        return try rows.map { try record($0) }
    }

    private mutating func record(_ row: RecordRow) throws -> MessageRecord {
        let page = try page(of: row.id.batch)
        let calls = try MemberCall.all(of: row.id, db)
        let answers = AnswerSummary(calls)
        return MessageRecord(
            id: row.id,
            recipient: row.recipient,
            template: page.task.template,
            templateVersion: page.task.templateVersion,
            lane: page.task.lane,
            campaignRun: page.task.campaignRun,
            row: row.row,
            bizID: try db.bizID(of: row.id),
            content: page.content(row.id.index),
            state: row.state,
            account: row.account == Standing.noAccount ? nil : AccountID(rawValue: row.account),
            reference: try db.confirmedReference(of: row.id) ?? answers.reference,
            charge: row.charge,
            code: try db.receiptCode(of: row.id) ?? answers.code,
            acceptedAt: page.task.acceptedAt,
            changedAt: row.changedAt
        )
    }

    private mutating func page(of batch: BatchID) throws -> BatchPage {
        if let page, page.batch == batch { return page }
        let select = try RawStatement(db, SQLitePushStore.selectPayload)
        select.bind(batch.rawValue, at: 1)
        guard let bytes = try select.first({ $0.blob(0) }) else {
            throw StoreError(.corrupted, during: "read payload", detail: "batch \(batch.rawValue)")
        }
        let next = BatchPage(batch: batch, task: try SendTask(stored: bytes))
        page = next
        return next
    }

    private static let columns = "id, recipient, row, state, account, charge, changed_at"

    private static let selectOne = "SELECT \(columns) FROM record WHERE id = ?"

    private static let selectOfBatch = """
        SELECT \(columns) FROM record WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT ?
        """

    private static let selectOfBatchInState = """
        SELECT \(columns) FROM record WHERE id BETWEEN ?1 AND ?2 AND state = ?4 ORDER BY id DESC LIMIT ?3
        """
}

/// A batch whose texts are at hand.
private struct BatchPage {
    let batch: BatchID
    let task: SendTask

    func content(_ place: Int) -> String {
        place < task.count ? task.contents.text(Int(task.contentIndex[place])) : ""
    }
}

/// A row of `record`.
private struct RecordRow {
    let id: MessageID
    let recipient: String
    let row: Int64
    let state: DeliveryState
    let account: Int64
    let charge: Int
    let changedAt: Moment

    init(_ row: RawStatement) throws {
        id = MessageID(rawValue: row.int64(0))
        recipient = row.text(1)
        self.row = row.int64(2)
        state = try row.state(3)
        account = row.int64(4)
        charge = row.int(5)
        changedAt = Moment(millisecondsSinceEpoch: row.int64(6))
    }
}

extension Database {
    fileprivate func messages(bizID: String) throws -> [MessageID] {
        let select = try RawStatement(self, Self.selectByBizID)
        select.bind(text: bizID, at: 1)
        var messages: [MessageID] = []
        try select.forEachRow { messages.append(MessageID(rawValue: $0.int64(0))) }
        return messages
    }

    fileprivate func bizID(of message: MessageID) throws -> String? {
        let select = try RawStatement(self, Self.selectBizID)
        select.bind(message.rawValue, at: 1)
        return try select.first { $0.text(0) }
    }

    fileprivate func receiptCode(of message: MessageID) throws -> String? {
        let select = try RawStatement(self, Self.selectReceiptCode)
        select.bind(message.rawValue, at: 1)
        return try select.first { $0.text(0) }
    }

    static let selectByBizID = "SELECT id FROM biz WHERE biz_id = ?"

    private static let selectBizID = "SELECT biz_id FROM biz WHERE id = ?"

    private static let selectReceiptCode = "SELECT code FROM receipt WHERE id = ?"
}
