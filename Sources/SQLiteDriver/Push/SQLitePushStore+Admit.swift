import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: DeliveryLedger {
    package func admit(_ admission: Admission) async throws(StoreError) -> AdmissionOutcome {
        let entry = try AdmissionEntry(admission, day: calendar.day(of: admission.task.acceptedAt))
        let now = clock.now
        let isShort = admission.task.count <= SQLiteDatabase.shortCount
        return try await database.write("admit", isShort: isShort) { [recipients] db in
            let outcome = try entry.write(to: db, now: now)
            try recipients.grow(by: admission.task.count - outcome.duplicates.count, db)
            return outcome
        }
    }
}

/// An admission made ready for the writer: all that can be computed is, so that the writer only writes.
private struct AdmissionEntry: Sendable {
    private let admission: Admission
    private let task: SendTask
    private let day: Int
    private let payload: [UInt8]
    /// Recipients by key, so that neighbours in the index are written one after another; equal ones by place.
    private let order: [(key: Int64, place: Int)]

    init(_ admission: Admission, day: Int) throws(StoreError) {
        self.admission = admission
        self.day = day
        task = admission.task
        guard task.count <= BatchID.capacity, task.count == task.recipients.count else {
            throw StoreError(.conflict, during: "admit", detail: "\(task.count) recipients")
        }
        switch admission.source {
        case .request(let bizIDs):
            guard bizIDs.count == task.count, task.campaignRun == nil else {
                throw StoreError(.conflict, during: "admit", detail: "a request that does not match its task")
            }
        case .crowd(let progress):
            guard admission.rows.count == task.count, admission.lines.count == task.count,
                task.campaignRun == progress.run
            else {
                throw StoreError(.conflict, during: "admit", detail: "a stretch that does not match its task")
            }
        }
        payload = task.encoded
        order = (0..<task.count)
            .map { (key: admission.task.key($0).rawValue, place: $0) }
            .sorted { ($0.key, $0.place) < ($1.key, $1.place) }
    }

    func write(to db: Database, now: Moment) throws -> AdmissionOutcome {
        if case .crowd(let progress) = admission.source { try db.move(progress) }
        let (batch, duplicates) = try writeBatch(to: db)
        if case .crowd(let progress) = admission.source {
            try db.refuse(progress.rejects + duplicates.map(reject), of: progress.run)
            if progress.isLast { try db.finishIfRead(progress.run, at: now) }
        }
        return AdmissionOutcome(batch: batch, duplicates: duplicates.map(\.place))
    }

    private func writeBatch(to db: Database) throws -> (BatchID?, [Duplicate]) {
        guard task.count > 0 else { return (nil, []) }
        let batch = BatchRow(id: try insertBatch(db), task: task, day: day)
        let duplicates =
            switch admission.source {
            case .request: try indexMessages(of: batch, db)
            case .crowd(let progress): try indexRecipients(of: batch, progress.run, db)
            }
        guard duplicates.count < task.count else {
            try db.execute(sql: "DELETE FROM batch WHERE id = ?", arguments: [batch.id.rawValue])
            return (nil, duplicates)
        }
        try insertPayload(of: batch, db)
        try insertRecords(of: batch, without: duplicates, db)
        try insertBizIDs(of: batch, db)
        var books = Books()
        books.add(task.count - duplicates.count, charge: 0, .queued, of: batch)
        try books.write(to: db)
        return (batch.id, duplicates)
    }

    private func insertBatch(_ db: Database) throws -> BatchID {
        let statement = try RawStatement(db, Self.insertBatch)
        statement.bind(task.campaignRun?.rawValue, at: 1)
        statement.bind(task.template.rawValue, at: 2)
        statement.bind(task.templateVersion, at: 3)
        statement.bind(task.lane.channel.rawValue, at: 4)
        statement.bind(task.lane.type.rawValue, at: 5)
        statement.bind(day, at: 6)
        statement.bind(task.acceptedAt.millisecondsSinceEpoch, at: 7)
        try statement.run()
        return BatchID(rawValue: db.lastInsertedRowID)
    }

    private func insertPayload(of batch: BatchRow, _ db: Database) throws {
        let statement = try RawStatement(db, Self.insertPayload)
        statement.bind(batch.id.rawValue, at: 1)
        statement.bind(blob: payload, at: 2)
        try statement.run()
    }

    private func insertRecords(of batch: BatchRow, without duplicates: [Duplicate], _ db: Database) throws {
        let statement = try RawStatement(db, Self.insertRecord)
        statement.bind(DeliveryState.queued.rawValue, at: 4)
        statement.bind(Standing.noAccount, at: 5)
        statement.bind(task.acceptedAt.millisecondsSinceEpoch, at: 6)
        var left = duplicates[...]
        for place in 0..<task.count {
            if place == left.first?.place {
                left.removeFirst()
                continue
            }
            statement.bind(MessageID(batch: batch.id, index: place).rawValue, at: 1)
            statement.bind(admission.rows.isEmpty ? 0 : admission.rows[place], at: 3)
            try task.recipients
                .withBytes(of: place) { address in
                    Result {
                        statement.bind(text: address, at: 2)
                        try statement.run()
                    }
                }
                .get()
        }
    }

    private func insertBizIDs(of batch: BatchRow, _ db: Database) throws {
        guard case .request(let bizIDs) = admission.source else { return }
        let statement = try RawStatement(db, Self.insertBizID)
        for (place, bizID) in bizIDs.enumerated() {
            guard let bizID else { continue }
            statement.bind(MessageID(batch: batch.id, index: place).rawValue, at: 1)
            statement.bind(text: bizID, at: 2)
            try statement.run()
        }
    }

    private func reject(_ duplicate: Duplicate) -> RowReject {
        RowReject(
            row: admission.rows[duplicate.place],
            line: admission.lines[duplicate.place],
            column: "",
            code: CrowdRowFault.duplicate(ofRow: duplicate.firstRow).code,
            text: "row \(duplicate.firstRow)"
        )
    }

    private static let insertBatch = """
        INSERT INTO batch (run, template, version, channel, message_type, day, accepted_at, queued, states)
        VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)
        """

    private static let insertPayload = "INSERT INTO payload (batch, task) VALUES (?, ?)"

    private static let insertRecord = """
        INSERT INTO record (id, recipient, row, state, account, charge, changed_at)
        VALUES (?, ?, ?, ?, ?, 0, ?)
        """

    private static let insertBizID = "INSERT INTO biz (id, biz_id) VALUES (?, ?)"
}

// MARK: Who is known already

extension AdmissionEntry {
    /// A recipient that the campaign's occurrence has already.
    struct Duplicate {
        let place: Int
        /// The row of the crowd file by which it is known.
        let firstRow: Int64
    }

    /// Enters messages of the API, of which a recipient may have any number.
    private func indexMessages(of batch: BatchRow, _ db: Database) throws -> [Duplicate] {
        let insert = try RawStatement(db, Self.insertIndex)
        for (key, place) in order {
            let id = MessageID(batch: batch.id, index: place).rawValue
            insert.bind(key, at: 1)
            insert.bind(-id, at: 2)
            insert.bind(id, at: 3)
            try insert.run()
        }
        return []
    }

    /// Enters recipients of a campaign's occurrence; gives back those that it has, in the order of their
    /// places.
    ///
    /// The key of an address that is no phone number is a hash: when another address has it, the next one is
    /// tried.
    private func indexRecipients(
        of batch: BatchRow,
        _ run: CampaignRunID,
        _ db: Database
    ) throws -> [Duplicate] {
        let insert = try RawStatement(db, Self.insertIndex)
        insert.bind(run.rawValue, at: 2)
        let select = try RawStatement(db, Self.selectGrown)
        select.bind(run.rawValue, at: 2)
        var duplicates: [Duplicate] = []
        for (key, place) in order {
            var key = key
            insert.bind(MessageID(batch: batch.id, index: place).rawValue, at: 3)
            while true {
                insert.bind(key, at: 1)
                select.bind(key, at: 1)
                if try select.first({ _ in true }) == nil, try insert.run() == 1 { break }
                let holder = try holder(of: key, run, db)
                if try key >= 0 || isAddress(of: holder, sameAs: place, batch, db) {
                    duplicates.append(Duplicate(place: place, firstRow: try row(of: holder, batch, db)))
                    break
                }
                key = RecipientProbe.next(after: key)
            }
        }
        return duplicates.sorted { $0.place < $1.place }
    }

    private func holder(of key: Int64, _ run: CampaignRunID, _ db: Database) throws -> MessageID {
        let select = try RawStatement(db, Self.selectHolder)
        select.bind(key, at: 1)
        select.bind(run.rawValue, at: 2)
        guard let id = try select.first({ $0.int64(0) }) else {
            throw StoreError(.corrupted, during: "admit", detail: "recipient index")
        }
        return MessageID(rawValue: id)
    }

    private func isAddress(
        of holder: MessageID,
        sameAs place: Int,
        _ batch: BatchRow,
        _ db: Database
    ) throws -> Bool {
        let address = task.recipients.text(place).compared
        if holder.batch == batch.id { return task.recipients.text(holder.index).compared == address }
        let select = try RawStatement(db, Self.selectAddress)
        select.bind(holder.rawValue, at: 1)
        return try select.first { $0.text(0).compared == address } ?? false
    }

    private func row(of holder: MessageID, _ batch: BatchRow, _ db: Database) throws -> Int64 {
        if holder.batch == batch.id { return admission.rows[holder.index] }
        let select = try RawStatement(db, Self.selectRow)
        select.bind(holder.rawValue, at: 1)
        return try select.first { $0.int64(0) } ?? 0
    }

    private static let insertIndex = """
        INSERT OR IGNORE INTO young_recipient_index (key, origin, id) VALUES (?, ?, ?)
        """

    private static let selectGrown = "SELECT 1 FROM recipient_index WHERE key = ? AND origin = ?"

    private static let selectHolder = """
        SELECT id FROM young_recipient_index WHERE key = ?1 AND origin = ?2
        UNION ALL SELECT id FROM recipient_index WHERE key = ?1 AND origin = ?2
        """

    private static let selectAddress = "SELECT recipient FROM record WHERE id = ?"

    private static let selectRow = "SELECT row FROM record WHERE id = ?"
}

/// The order in which keys are tried when a hash is another address's already.
enum RecipientProbe {
    /// The key to try next; it stays in the half of the hashes.
    static func next(after key: Int64) -> Int64 { key == -1 ? Int64.min : key + 1 }
}

// MARK: The shard's side

extension Database {
    /// Moves a shard's cursor, when it stands where the stretch begins and the occurrence is running.
    fileprivate func move(_ progress: CrowdProgress) throws {
        let state = try String.fetchOne(
            self,
            cached: "SELECT state FROM campaign_run WHERE id = ?",
            [progress.run.rawValue]
        )
        guard let state else {
            throw StoreError(.notFound, during: "admit", detail: "campaign run \(progress.run.rawValue)")
        }
        guard state == CampaignRunState.running.rawValue else {
            throw StoreError(.conflict, during: "admit", detail: "the campaign is \(state)")
        }
        try cachedStatement(sql: Self.moveShard)
            .execute(arguments: [
                progress.to.offset, progress.to.row, progress.to.line, progress.isLast,
                progress.run.rawValue, progress.shard, progress.from.offset, progress.from.row,
                progress.from.line,
            ])
        guard changesCount == 1 else {
            throw StoreError(.conflict, during: "admit", detail: "the shard's cursor is elsewhere")
        }
        try cachedStatement(sql: "UPDATE campaign_run SET rows_read = rows_read + ? WHERE id = ?")
            .execute(arguments: [progress.rowsRead, progress.run.rawValue])
    }

    /// Keeps refused rows and counts them by code.
    fileprivate func refuse(_ rejects: [RowReject], of run: CampaignRunID) throws {
        let insert = try RawStatement(self, Self.insertReject)
        insert.bind(run.rawValue, at: 1)
        var counts: [String: Int] = [:]
        for reject in rejects {
            insert.bind(reject.row, at: 2)
            insert.bind(reject.line, at: 3)
            insert.bind(text: reject.column, at: 4)
            insert.bind(text: reject.code, at: 5)
            insert.bind(text: reject.text, at: 6)
            try insert.run()
            counts[reject.code, default: 0] += 1
        }
        let count = try cachedStatement(sql: Self.countRefused)
        for (code, number) in counts { try count.execute(arguments: [run.rawValue, code, number]) }
    }

    /// Calls an occurrence finished when none of its shards has rows left.
    fileprivate func finishIfRead(_ run: CampaignRunID, at now: Moment) throws {
        try cachedStatement(sql: Self.finishRun)
            .execute(arguments: [now.millisecondsSinceEpoch, run.rawValue, run.rawValue])
    }

    private static let moveShard = """
        UPDATE campaign_shard SET offset = ?, row = ?, line = ?, is_done = ?
        WHERE run = ? AND number = ? AND offset = ? AND row = ? AND line = ? AND is_done = 0
        """

    private static let insertReject = """
        INSERT OR REPLACE INTO reject (run, row, line, field, code, text) VALUES (?, ?, ?, ?, ?, ?)
        """

    private static let countRefused = """
        INSERT INTO refused (run, code, count) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET count = count + excluded.count
        """

    private static let finishRun = """
        UPDATE campaign_run SET state = 'finished', read_at = ?
        WHERE id = ? AND NOT EXISTS (SELECT 1 FROM campaign_shard WHERE run = ? AND is_done = 0)
        """
}
