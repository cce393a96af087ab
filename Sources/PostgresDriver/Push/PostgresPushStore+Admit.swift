package import Groundwork
package import PushEngine

extension PostgresPushStore: DeliveryLedger {
    package func admit(_ admission: Admission) async throws(StoreError) -> AdmissionOutcome {
        let entry = try AdmissionEntry(admission, day: calendar.day(of: admission.task.acceptedAt))
        let now = clock.now
        let day: BatchDay
        switch admission.source {
        case .request: day = BatchDay(admission.task.acceptedAt)
        case .crowd(let progress): day = try await self.day(of: progress.run)
        }
        try await days.prepare(day)
        return try await pool.write("admit") { link in try entry.write(to: link, in: day, at: now) }
    }

    /// The day that has all messages of an occurrence.
    private func day(of run: CampaignRunID) async throws(StoreError) -> BatchDay {
        let day = try await pool.single("admit") { link in
            try link.run("SELECT partition FROM campaign_run WHERE id = $1", .int(run.rawValue)).first?
                .int64(0)
        }
        guard let day else {
            throw StoreError(.notFound, during: "admit", detail: "campaign run \(run.rawValue)")
        }
        return BatchDay(rawValue: day)
    }
}

/// An admission made ready for the database: all that can be computed is, so that the transaction is short.
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

    func write(to link: PostgresLink, in partition: BatchDay, at now: Moment) throws -> AdmissionOutcome {
        if case .crowd(let progress) = admission.source { try link.move(progress) }
        let (batch, duplicates) = try writeBatch(to: link, in: partition)
        if case .crowd(let progress) = admission.source {
            try link.refuse(progress.rejects + duplicates.map(reject), of: progress.run, progress.shard)
            if progress.isLast { try link.finishIfRead(progress.run, at: now) }
        }
        return AdmissionOutcome(batch: batch, duplicates: duplicates.map(\.place))
    }

    private func writeBatch(to link: PostgresLink, in partition: BatchDay) throws -> (BatchID?, [Duplicate]) {
        guard task.count > 0 else { return (nil, []) }
        guard let number = try link.run("SELECT nextval('batch_number')").first?.int64(0) else {
            throw StoreError(.corrupted, during: "admit", detail: "no batch number")
        }
        let batch = BatchRow(id: BatchID(rawValue: partition.lowest + number), task: task, day: day)
        let duplicates: [Duplicate]
        switch admission.source {
        case .request:
            try indexMessages(of: batch, in: partition, link)
            duplicates = []
        case .crowd(let progress):
            duplicates = try indexRecipients(of: batch, in: partition, progress.run, link)
        }
        guard duplicates.count < task.count else { return (nil, duplicates) }
        var tallies = Tallies()
        tallies.add(task.count - duplicates.count, charge: 0, .queued, nil, of: batch)
        let statements = [insertion(of: batch, without: duplicates), bizIDs(of: batch), tallies.statement]
        _ = try link.runAll(statements.compactMap { $0 })
        return (batch.id, duplicates)
    }

    private func insertion(of batch: BatchRow, without duplicates: [Duplicate]) -> PostgresStatement {
        let queued = Standing(state: .queued, account: nil, charge: 0, changedAt: task.acceptedAt)
        let standings = Standings(queued, count: task.count, without: duplicates.map(\.place))
        return PostgresStatement(
            Self.insertBatch,
            .int(batch.id.rawValue),
            .int(task.campaignRun?.rawValue),
            .int(task.template.rawValue),
            .int(task.templateVersion),
            .int(task.lane.channel.rawValue),
            .int(task.lane.type.rawValue),
            .int(day),
            .int(task.acceptedAt.millisecondsSinceEpoch),
            .bytes(payload),
            .bytes(standings.encoded(from: task.acceptedAt)),
            .int(task.count - duplicates.count),
            .int(BatchSheet.bit(of: .queued))
        )
    }

    private func bizIDs(of batch: BatchRow) -> PostgresStatement? {
        guard case .request(let bizIDs) = admission.source else { return nil }
        let named = bizIDs.enumerated().compactMap { place, bizID in bizID.map { (place, $0) } }
        guard !named.isEmpty else { return nil }
        return PostgresStatement(
            "INSERT INTO biz (id, biz_id) SELECT * FROM unnest($1::bigint[], $2::text[])",
            .ints(named.map { MessageID(batch: batch.id, index: $0.0).rawValue }),
            .texts(named.map(\.1))
        )
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
        INSERT INTO batch (id, run, template, version, channel, message_type, day, accepted_at, task, standings,
            queued, held, accepted, unknown, states)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 0, $12)
        """
}

// MARK: Who is known already

extension AdmissionEntry {
    /// A recipient that the campaign's occurrence has already.
    fileprivate struct Duplicate {
        let place: Int
        /// The row of the crowd file by which it is known.
        let firstRow: Int64
    }

    /// Enters messages of the API, of which a recipient may have any number.
    private func indexMessages(of batch: BatchRow, in partition: BatchDay, _ link: PostgresLink) throws {
        var rows = CopyRows(columns: 5)
        for (key, place) in order {
            let id = MessageID(batch: batch.id, index: place).rawValue
            rows.beginRow()
            rows.append(key)
            rows.append(-id)
            rows.append(id)
            rows.append(0)
            rows.append(address(of: key, place))
        }
        try link.copy(into: "record_\(partition.suffix) (key, origin, id, row, address)", rows)
    }

    /// Enters recipients of a campaign's occurrence; gives back those that it has, in the order of their
    /// places.
    private func indexRecipients(
        of batch: BatchRow,
        in partition: BatchDay,
        _ run: CampaignRunID,
        _ link: PostgresLink
    ) throws -> [Duplicate] {
        let first = batch.id.messages.lowerBound
        let entered = try link.run(
            Self.insertRecords(partition),
            .int(run.rawValue),
            .ints(order.map(\.key)),
            .ints(order.map { first + Int64($0.place) }),
            .ints(order.map { admission.rows[$0.place] }),
            .texts(order.map { address(of: $0.key, $0.place) })
        )
        guard entered.count < task.count else { return [] }
        // The second of two in one stretch was entered as little as one that was here before.
        var isNew = [Bool](repeating: false, count: task.count)
        for place in entered.map({ Int($0.int64(0) - first) }) { isNew[place] = true }
        let known = order.filter { !isNew[$0.place] }
        let rows = try link.run(
            Self.selectKnown(partition),
            .int(run.rawValue),
            .ints(known.map(\.key)),
            .ints(known.map { Int64($0.place) }),
            .texts(known.map { address(of: $0.key, $0.place) })
        )
        return rows.map { row in Duplicate(place: row.int(0), firstRow: row.int64(1)) }
            .sorted { $0.place < $1.place }
    }

    private func address(of key: Int64, _ place: Int) -> String {
        key < 0 ? task.recipients.text(place).compared : ""
    }

    private static func insertRecords(_ partition: BatchDay) -> String {
        """
        INSERT INTO record_\(partition.suffix) (key, origin, id, row, address)
        SELECT key, $1, id, row, address
        FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[]) AS entry (key, id, row, address)
        ON CONFLICT DO NOTHING
        RETURNING id
        """
    }

    /// One look into an index for each recipient, whatever the server believes of a table that grew since it looked.
    ///
    /// The indexes are of phone numbers and of other addresses, and are only used where it is said which is meant.
    private static func selectKnown(_ partition: BatchDay) -> String {
        """
        SELECT entry.place, known.row
        FROM unnest($2::bigint[], $3::bigint[], $4::text[]) AS entry (key, place, address)
        CROSS JOIN LATERAL (
            (SELECT row FROM record_\(partition.suffix)
            WHERE entry.key >= 0 AND key >= 0 AND key = entry.key AND origin = $1 LIMIT 1)
            UNION ALL
            (SELECT row FROM record_\(partition.suffix)
            WHERE entry.key < 0 AND key < 0 AND key = entry.key AND origin = $1 AND address = entry.address
            LIMIT 1)
        ) AS known
        """
    }
}

// MARK: The shard's side

extension PostgresLink {
    /// Moves a shard's cursor, when it stands where the stretch begins and the occurrence is running.
    fileprivate func move(_ progress: CrowdProgress) throws {
        // Who reads the last rows must see whether the other shards are read.
        let lock =
            progress.isLast ? CampaignRunLock.alone([progress.run]) : CampaignRunLock.shared(progress.run)
        let select = PostgresStatement(
            "SELECT state FROM campaign_run WHERE id = $1",
            .int(progress.run.rawValue)
        )
        guard let state = try runAll([lock, select]).last?.first?.text(0) else {
            throw StoreError(.notFound, during: "admit", detail: "campaign run \(progress.run.rawValue)")
        }
        guard state == CampaignRunState.running.rawValue else {
            throw StoreError(.conflict, during: "admit", detail: "the campaign is \(state)")
        }
        let moved = try self.run(
            Self.moveShard,
            .int(progress.to.offset),
            .int(progress.to.row),
            .int(progress.to.line),
            .bool(progress.isLast),
            .int(progress.run.rawValue),
            .int(progress.shard),
            .int(progress.from.offset),
            .int(progress.from.row),
            .int(progress.from.line),
            .int(progress.rowsRead)
        )
        guard moved.changed == 1 else {
            throw StoreError(.conflict, during: "admit", detail: "the shard's cursor is elsewhere")
        }
    }

    /// Keeps refused rows and counts them by code.
    fileprivate func refuse(_ rejects: [RowReject], of run: CampaignRunID, _ shard: Int) throws {
        guard !rejects.isEmpty else { return }
        var rows = CopyRows(columns: 6)
        var counts: [String: Int64] = [:]
        for reject in rejects {
            rows.beginRow()
            rows.append(run.rawValue)
            rows.append(reject.row)
            rows.append(reject.line)
            rows.append(reject.column)
            rows.append(reject.code)
            rows.append(reject.text)
            counts[reject.code, default: 0] += 1
        }
        try copy(into: "reject (run, row, line, field, code, text)", rows)
        let sorted = counts.sorted { $0.key < $1.key }
        try self.run(
            Self.countRefused,
            .int(run.rawValue),
            .int(shard),
            .texts(sorted.map(\.key)),
            .ints(sorted.map(\.value))
        )
    }

    /// Calls an occurrence finished when none of its shards has rows left.
    fileprivate func finishIfRead(_ run: CampaignRunID, at now: Moment) throws {
        try self.run(Self.finishRun, .int(now.millisecondsSinceEpoch), .int(run.rawValue))
    }

    private static let moveShard = """
        UPDATE campaign_shard
        SET "offset" = $1, row = $2, line = $3, is_done = $4, rows_read = rows_read + $10
        WHERE run = $5 AND number = $6 AND "offset" = $7 AND row = $8 AND line = $9 AND NOT is_done
        """

    private static let countRefused = """
        INSERT INTO refused (run, shard, code, count)
        SELECT $1, $2, code, count FROM unnest($3::text[], $4::bigint[]) AS refusal (code, count)
        ON CONFLICT (run, shard, code) DO UPDATE SET count = refused.count + excluded.count
        """

    private static let finishRun = """
        UPDATE campaign_run SET state = 'finished', read_at = $1
        WHERE id = $2 AND NOT EXISTS (SELECT 1 FROM campaign_shard WHERE run = $2 AND NOT is_done)
        """
}
