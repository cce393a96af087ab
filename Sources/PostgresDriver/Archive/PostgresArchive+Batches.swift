package import Groundwork
package import PushEngine

extension PostgresArchive {
    /// Writes batches with their members.
    package func write(_ batches: [ArchivedBatch]) async throws(StoreError) {
        var rows = CopyRows(columns: 15)
        var records = CopyRows(columns: 5)
        for batch in batches {
            try Self.append(batch, to: &rows)
            Self.append(membersOf: batch, to: &records)
        }
        let partition = Self.day.suffix
        try await pool.write("write batches") { [rows, records] link in
            try link.copy(into: "batch_\(partition) (\(Self.columns))", rows)
            try link.copy(into: "record_\(partition) (key, origin, id, row, address)", records)
        }
    }

    private static func append(_ batch: ArchivedBatch, to rows: inout CopyRows) throws(StoreError) {
        let task = batch.task
        var members = [Standing?](repeating: nil, count: task.count)
        for member in batch.members {
            guard members.indices.contains(member.place) else {
                let detail = "batch \(batch.id.rawValue) has fewer than \(member.place + 1) recipients"
                throw StoreError(.corrupted, during: "write batches", detail: detail)
            }
            members[member.place] = Standing(
                state: member.state,
                account: member.account,
                charge: member.charge,
                changedAt: member.changedAt
            )
        }
        let standings = Standings(members)
        rows.beginRow()
        rows.append(batch.id.rawValue)
        if let run = task.campaignRun { rows.append(run.rawValue) } else { rows.appendNull() }
        rows.append(task.template.rawValue)
        rows.append(Int64(task.templateVersion))
        rows.append(Int64(task.lane.channel.rawValue))
        rows.append(Int64(task.lane.type.rawValue))
        rows.append(Int64(batch.day))
        rows.append(task.acceptedAt.millisecondsSinceEpoch)
        rows.append(bytes: task.encoded)
        rows.append(bytes: standings.encoded(from: task.acceptedAt))
        for state in [DeliveryState.queued, .held, .accepted, .unknown] {
            rows.append(Int64(standings.count(in: state)))
        }
        rows.append(batch.states)
    }

    private static func append(membersOf batch: ArchivedBatch, to records: inout CopyRows) {
        for member in batch.members {
            let id = MessageID(batch: batch.id, index: member.place).rawValue
            let key = batch.task.key(member.place).rawValue
            records.beginRow()
            records.append(key)
            records.append(batch.task.campaignRun?.rawValue ?? -id)
            records.append(id)
            records.append(member.row)
            records.append(key < 0 ? batch.task.recipients.text(member.place) : "")
        }
    }

    /// Writes receipts of messages, in the order of the messages.
    func writeReceipts(_ rows: [[ArchiveValue]]) async throws(StoreError) {
        var piles = ReceiptPiles()
        for row in rows { try piles.add(row) }
        let copy = piles.rows
        try await pool.write("write receipts") { link in
            try link.copy(into: "receipt (batch, received_at, members, entries)", copy)
        }
    }

    private static let columns = """
        id, run, template, version, channel, message_type, day, accepted_at, task, standings, queued, held, accepted,
        unknown, states
        """
}

/// Receipts that go into one row: of one batch, and come together.
private struct ReceiptPiles {
    private struct Pile: Hashable {
        let batch: BatchID
        let receivedAt: Int64
    }

    private var members: [Pile: [Int]] = [:]
    private var entries: [Pile: [ReceiptEntries.Entry]] = [:]

    /// Adds a row as `ArchiveTable.receipt` has it.
    mutating func add(_ row: [ArchiveValue]) throws(StoreError) {
        guard row.count == 6, case .number(let id) = row[0], case .number(let delivered) = row[1],
            case .text(let code) = row[2], case .text(let reference) = row[3], case .number(let at) = row[4],
            case .number(let receivedAt) = row[5]
        else { throw StoreError(.corrupted, during: "write receipts") }
        let message = MessageID(rawValue: id)
        let pile = Pile(batch: message.batch, receivedAt: receivedAt)
        members[pile, default: []].append(message.index)
        entries[pile, default: []]
            .append(
                ReceiptEntries.Entry(
                    delivered: delivered != 0,
                    at: Moment(millisecondsSinceEpoch: at),
                    code: code,
                    reference: reference
                )
            )
    }

    var rows: CopyRows {
        var rows = CopyRows(columns: 4)
        for (pile, members) in members {
            rows.beginRow()
            rows.append(pile.batch.rawValue)
            rows.append(pile.receivedAt)
            rows.append(bytes: Members(members).encoded)
            rows.append(bytes: ReceiptEntries(entries[pile] ?? []).encoded)
        }
        return rows
    }
}
