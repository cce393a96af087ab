package import Groundwork
package import PushEngine

extension PostgresPushStore: RecordStore {
    package func records(
        _ filter: RecordFilter,
        state: DeliveryState?,
        before id: MessageID?,
        limit: Int
    ) async throws(StoreError) -> [MessageRecord] {
        guard limit > 0 else { return [] }
        let end = id?.rawValue ?? Int64.max
        return try await pool.read("look records up") { link in
            var reader = RecordReader(link, state: state, limit: limit)
            switch filter {
            case .message(let message): return try reader.records([message].filter { $0.rawValue < end })
            case .recipient(let recipient):
                return try reader.records(link.messages(to: recipient, before: end))
            case .bizID(let bizID): return try reader.records(link.messages(bizID: bizID, before: end))
            case .template(let template):
                return try reader.records(Self.selectOfTemplate(in: state), template.rawValue, before: end)
            case .campaignRun(let run):
                return try reader.records(Self.selectOfRun(in: state), run.rawValue, before: end)
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
        try await pool.read("recount campaign run") { link in
            var counts: [DeliveryState: Int] = [:]
            for sheet in try link.run(Self.selectAllOfRun, .int(run.rawValue)).map({ try BatchSheet($0) }) {
                for case .some(let member) in sheet.standings.members {
                    counts[member.state, default: 0] += 1
                }
            }
            return counts
        }
    }

    package func held(after place: ListPlace?, limit: Int) async throws(StoreError) -> [HeldBatch] {
        try await pool.read("read held messages") { link in
            try link.run(
                Self.selectHeld,
                .int(place?.at.millisecondsSinceEpoch ?? .min),
                .int(place?.number ?? .min),
                .int(limit)
            )
            .map { row in
                let batch = try BatchRow(row)
                return HeldBatch(
                    batch: batch.id,
                    lane: batch.lane,
                    template: batch.template,
                    count: row.int(7),
                    place: ListPlace(at: row.moment(8), number: row.int64(9))
                )
            }
        }
    }

    private func tallies(_ sql: String, _ number: Int64) async throws(StoreError) -> [Tally] {
        try await pool.read("read tallies") { link in
            try link.run(sql, .int(number))
                .map { row in
                    guard let state = DeliveryState(rawValue: row.int(4)) else {
                        throw StoreError(.corrupted, during: "read tallies", detail: "state \(row.int(4))")
                    }
                    let (run, account) = (row.int64(2), row.int64(3))
                    return Tally(
                        day: row.int(0),
                        template: TemplateID(rawValue: row.int64(1)),
                        campaignRun: run == 0 ? nil : CampaignRunID(rawValue: run),
                        account: account == 0 ? nil : AccountID(rawValue: account),
                        state: state,
                        count: row.int(5),
                        charge: row.int(6)
                    )
                }
        }
    }

    static func selectOfTemplate(in state: DeliveryState?) -> String { selectBatches("template = $1", state) }

    static func selectOfRun(in state: DeliveryState?) -> String { selectBatches("run = $1", state) }

    private static func selectBatches(_ owner: String, _ state: DeliveryState?) -> String {
        let standing = state.map { " AND \(BatchSheet.mayHold($0))" } ?? ""
        return """
            SELECT \(BatchSheet.columns) FROM batch WHERE \(owner) AND id <= $2\(standing)
            ORDER BY id DESC LIMIT $3
            """
    }

    private static let selectAllOfRun = "SELECT \(BatchSheet.columns) FROM batch WHERE run = $1"

    static let selectTalliesOfRun = selectTallies("run = $1")

    static let selectTalliesOfDay = selectTallies("day = $1")

    private static func selectTallies(_ condition: String) -> String {
        """
        SELECT day, template, run, account, state, sum(count)::bigint, sum(charge)::bigint FROM tally
        WHERE \(condition) GROUP BY day, template, run, account, state
        HAVING sum(count) <> 0 OR sum(charge) <> 0 ORDER BY day, template, run, account, state
        """
    }

    static let selectHeld = """
        SELECT \(BatchRow.columns), shelf.count, shelf.until, shelf.id
        FROM shelf JOIN batch ON batch.id = shelf.batch
        WHERE (shelf.until, shelf.id) > ($1, $2) ORDER BY shelf.until, shelf.id LIMIT $3
        """
}

/// Puts records together from what is stored once per batch and call.
private struct RecordReader {
    private let link: PostgresLink
    private let state: DeliveryState?
    private let limit: Int
    /// The batch read last: neighbours in a list are mostly of one batch.
    private var page: BatchPage?

    init(_ link: PostgresLink, state: DeliveryState?, limit: Int) {
        self.link = link
        self.state = state
        self.limit = limit
    }

    /// Those of the messages that exist and are in the state, newest first.
    mutating func records(_ messages: [MessageID]) throws -> [MessageRecord] {
        var records: [MessageRecord] = []
        for message in messages.sorted(by: { $0.rawValue > $1.rawValue }) where records.count < limit {
            guard let page = try page(of: message.batch) else { continue }
            records += try page.records([message.index], in: state, link)
        }
        return records
    }

    /// The messages of the batches that a statement finds, newest first.
    mutating func records(_ sql: String, _ owner: Int64, before end: Int64) throws -> [MessageRecord] {
        var records: [MessageRecord] = []
        var last = (end - 1) >> 12
        while records.count < limit {
            let sheets = try link.run(sql, .int(owner), .int(last), .int(Self.pageSize))
                .map { try BatchSheet($0) }
            for sheet in sheets where records.count < limit {
                let places = sheet.standings.members.indices.reversed()
                    .filter { place in
                        guard let member = sheet.standings[place] else { return false }
                        return MessageID(batch: sheet.row.id, index: place).rawValue < end
                            && (state == nil || member.state == state)
                    }
                // Batches of which there is nothing to tell are not read any further, and may be many.
                guard !places.isEmpty, let page = try page(of: sheet.row.id) else { continue }
                records += try page.records(Array(places.prefix(limit - records.count)), in: state, link)
            }
            guard sheets.count == Self.pageSize, let oldest = sheets.last else { break }
            last = oldest.row.id.rawValue - 1
        }
        return records
    }

    private mutating func page(of batch: BatchID) throws -> BatchPage? {
        if let page, page.sheet.row.id == batch { return page }
        page = try BatchPage(of: batch, link)
        return page
    }

    private static let pageSize = 32
}

/// All there is to say of a batch's members.
private struct BatchPage {
    let sheet: BatchSheet
    private let task: SendTask
    private let calls: [CallSheet]
    private let receipts: [ReceiptPile]

    /// Reads it; nil when there is no such batch.
    init?(of batch: BatchID, _ link: PostgresLink) throws {
        guard let row = try link.run(Self.select, .int(batch.rawValue)).first else { return nil }
        sheet = try BatchSheet(row)
        task = try SendTask(stored: row.bytes(9))
        calls = try CallSheet.all(of: batch, link)
        receipts = try ReceiptPile.all(of: batch, link)
    }

    /// The records of those places that have a member in the state, in the order of the places.
    func records(_ places: [Int], in state: DeliveryState?, _ link: PostgresLink) throws -> [MessageRecord] {
        let found = places.compactMap { place in
            sheet.standings[place].flatMap { state == nil || $0.state == state ? (place, $0) : nil }
        }
        guard !found.isEmpty else { return [] }
        let messages = found.map { MessageID(batch: sheet.row.id, index: $0.0) }
        let names = try link.bizIDs(of: messages)
        let confirmed = try link.confirmedReferences(of: messages)
        let rows = try link.rows(of: messages, task, sheet.row)
        return zip(messages, found)
            .map { message, member in
                let (place, standing) = member
                let answers = AnswerSummary(calls.compactMap { $0.call(of: place) })
                let receipt = receipts.lazy.compactMap { $0.receipt(of: place) }.first
                return MessageRecord(
                    id: message,
                    recipient: task.recipients.text(place),
                    template: task.template,
                    templateVersion: task.templateVersion,
                    lane: task.lane,
                    campaignRun: task.campaignRun,
                    row: rows[message] ?? 0,
                    bizID: names[message],
                    content: task.contents.text(Int(task.contentIndex[place])),
                    state: standing.state,
                    account: standing.account,
                    reference: confirmed[message] ?? answers.reference,
                    charge: standing.charge,
                    code: receipt?.code ?? answers.code,
                    acceptedAt: task.acceptedAt,
                    changedAt: standing.changedAt
                )
            }
    }

    private static let select = "SELECT \(BatchSheet.columns), batch.task FROM batch WHERE id = $1"
}

extension PostgresLink {
    fileprivate func messages(bizID: String, before id: Int64) throws -> [MessageID] {
        try run("SELECT id FROM biz WHERE biz_id = $1 AND id < $2 ORDER BY id DESC", .text(bizID), .int(id))
            .map { MessageID(rawValue: $0.int64(0)) }
    }

    fileprivate func bizIDs(of messages: [MessageID]) throws -> [MessageID: String] {
        let names = try run("SELECT id, biz_id FROM biz WHERE id = ANY ($1)", .ints(messages.map(\.rawValue)))
            .map { (MessageID(rawValue: $0.int64(0)), $0.text(1)) }
        return Dictionary(names) { first, _ in first }
    }

    /// The rows of the crowd file that messages of one batch stand in; a call of the API has none.
    fileprivate func rows(
        of messages: [MessageID],
        _ task: SendTask,
        _ batch: BatchRow
    ) throws -> [MessageID: Int64] {
        guard let run = batch.run else { return [:] }
        let range = BatchDay(of: batch.id).messages
        let rows =
            try self.run(
                Self.selectRows,
                .ints(messages.map { task.key($0.index).rawValue }),
                .int(run.rawValue),
                .int(range.lowerBound),
                .int(range.upperBound)
            )
            .map { (MessageID(rawValue: $0.int64(0)), $0.int64(1)) }
        return Dictionary(rows) { first, _ in first }
    }

    private static let selectRows = """
        SELECT found.id, found.row FROM unnest($1::bigint[]) AS asked (key)
        CROSS JOIN LATERAL (
            (SELECT id, row FROM record
            WHERE asked.key >= 0 AND key >= 0 AND key = asked.key AND origin = $2 AND id >= $3 AND id < $4 LIMIT 1)
            UNION ALL
            (SELECT id, row FROM record
            WHERE asked.key < 0 AND key < 0 AND key = asked.key AND origin = $2 AND id >= $3 AND id < $4 LIMIT 9)
        ) AS found
        """
}
