package import Groundwork
package import PushEngine

extension PostgresPushStore: ReconciliationStore {
    package func settledCalls(
        of account: AccountID,
        in day: DaySpan,
        after place: ListPlace?,
        limit: Int
    ) async throws(StoreError) -> [SettledCall] {
        try await pool.read("read an account's calls") { link in
            let rows = try link.run(Self.selectCallsOfDay, Self.page(account, day, place, limit))
                .map(CallRow.init)
            let batches = try CalledBatch.read(Set(rows.map(\.batch)), link)
            return try rows.compactMap { row in
                try batches[row.batch].map { try row.settled(by: account, in: $0, link) }
            }
        }
    }

    package func strayReceipts(
        of account: AccountID,
        in day: DaySpan,
        after place: ListPlace?,
        limit: Int
    ) async throws(StoreError) -> [StrayReceipt] {
        try await pool.read("read stray receipts") { link in
            try link.run(Self.selectStraysOfDay, Array(Self.page(account, day, place, limit).prefix(5)))
                .map { row in
                    let receipt = SupplierReceipt(
                        recipient: row.text(2),
                        requestKey: row.optionalText(3),
                        reference: row.text(4),
                        delivered: row.bool(5),
                        code: row.text(6),
                        at: row.moment(0)
                    )
                    return StrayReceipt(
                        place: ListPlace(at: row.moment(0), number: row.int64(1)),
                        receipt: receipt
                    )
                }
        }
    }

    package func putReconciliation(
        _ result: Reconciliation,
        rows: [ReconciliationRow]
    ) async throws(StoreError) {
        try await pool.write("keep reconciliation") { link in
            let (day, account) = (
                PostgresValue.int(result.day.number), PostgresValue.int(result.account.rawValue)
            )
            // Whoever keeps the same day at the same time comes before or after.
            try link.run(
                Self.putResult,
                day,
                account,
                .text(result.verdict.rawValue),
                .int(result.rows),
                .int(result.madeAt.millisecondsSinceEpoch),
                .text(try result.storedFigures)
            )
            try link.run("DELETE FROM reconciliation_row WHERE day = $1 AND account = $2", day, account)
            guard !rows.isEmpty else { return }
            try link.run(
                Self.insertRows,
                day,
                account,
                .texts(rows.map(\.kind.rawValue)),
                .optionalInts(rows.map(\.message?.rawValue)),
                .texts(rows.map(\.recipient)),
                .texts(rows.map(\.reference)),
                .ints(rows.map { Int64($0.state.rawValue) }),
                .ints(rows.map { Int64($0.charge) }),
                .ints(rows.map(\.at.millisecondsSinceEpoch)),
                .texts(rows.map(\.code))
            )
        }
    }

    package func reconciliation(
        of account: AccountID,
        day: CalendarDay
    ) async throws(StoreError) -> Reconciliation? {
        try await pool.read("read reconciliation") { link in
            try link.run(Self.selectResult, .int(day.number), .int(account.rawValue)).first.map(Self.result)
        }
    }

    package func reconciliations(
        day: CalendarDay?,
        after place: ReconciliationPlace?,
        limit: Int
    ) async throws(StoreError) -> [Reconciliation] {
        let start: [PostgresValue] = [
            .int(place?.day.number ?? .max), .int(place?.account.rawValue ?? .max), .int(limit),
        ]
        return try await pool.read("read reconciliations") { link in
            guard let day else { return try link.run(Self.selectResults, start).map(Self.result) }
            return try link.run(Self.selectResultsOfDay, start + [.int(day.number)]).map(Self.result)
        }
    }

    package func reconciliationRows(
        of account: AccountID,
        day: CalendarDay,
        after place: Int,
        limit: Int
    ) async throws(StoreError) -> [ReconciliationRow] {
        try await pool.read("read rows of a reconciliation") { link in
            try link.run(
                Self.selectRows,
                .int(day.number),
                .int(account.rawValue),
                .int(place),
                .int(limit)
            )
            .map { row in
                guard let kind = ReconciliationRow.Kind(rawValue: row.text(0)),
                    let state = DeliveryState(rawValue: row.int(4))
                else { throw StoreError(.corrupted, during: "read reconciliation", detail: row.text(0)) }
                return ReconciliationRow(
                    kind: kind,
                    message: row.optionalInt64(1).map(MessageID.init(rawValue:)),
                    recipient: row.text(2),
                    reference: row.text(3),
                    state: state,
                    charge: row.int(5),
                    at: row.moment(6),
                    code: row.text(7)
                )
            }
        }
    }

    private static func result(_ row: PostgresRow) throws -> Reconciliation {
        try Reconciliation(
            account: row.int64(1),
            day: row.int(0),
            verdict: row.text(2),
            rows: row.int(3),
            madeAt: row.moment(4),
            storedFigures: row.text(5)
        )
    }

    /// What names a page of a day's rows; the last is the first batch that can have none of them.
    static func page(
        _ account: AccountID,
        _ day: DaySpan,
        _ place: ListPlace?,
        _ limit: Int
    ) -> [PostgresValue] {
        [
            .int(account.rawValue), .int((place?.at ?? day.start).millisecondsSinceEpoch),
            .int(place?.number ?? .min), .int(day.end.millisecondsSinceEpoch), .int(limit),
            .int(BatchDay(day.end).numbers.upperBound),
        ]
    }

    static let selectCallsOfDay = """
        SELECT called_at, id, batch, members, answers FROM call
        WHERE account + 0 = $1 AND (called_at, id) > ($2, $3) AND called_at < $4 AND batch < $6
        ORDER BY called_at, id LIMIT $5
        """

    static let selectStraysOfDay = """
        SELECT at, id, recipient, request_key, reference, delivered, code FROM stray_receipt
        WHERE account = $1 AND (at, id) > ($2, $3) AND at < $4 ORDER BY at, id LIMIT $5
        """

    private static let columns = "day, account, verdict, rows, made_at, figures"

    static let selectResult = "SELECT \(columns) FROM reconciliation WHERE day = $1 AND account = $2"

    static let selectResults = """
        SELECT \(columns) FROM reconciliation
        WHERE (day, account) < ($1, $2) ORDER BY day DESC, account DESC LIMIT $3
        """

    static let selectResultsOfDay = """
        SELECT \(columns) FROM reconciliation
        WHERE day = $4 AND (day, account) < ($1, $2) ORDER BY day DESC, account DESC LIMIT $3
        """

    static let selectRows = """
        SELECT kind, message, recipient, reference, state, charge, at, code FROM reconciliation_row
        WHERE day = $1 AND account = $2 AND number > $3 ORDER BY number LIMIT $4
        """

    private static let putResult = """
        INSERT INTO reconciliation (\(columns)) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (day, account) DO UPDATE SET verdict = excluded.verdict, rows = excluded.rows,
            made_at = excluded.made_at, figures = excluded.figures
        """

    private static let insertRows = """
        INSERT INTO reconciliation_row
            (day, account, number, kind, message, recipient, reference, state, charge, at, code)
        SELECT $1, $2, number, kind, message, recipient, reference, state, charge, at, code
        FROM unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[],
            $10::text[]) WITH ORDINALITY AS found (kind, message, recipient, reference, state, charge, at, code, number)
        """
}

/// A batch of which a call is looked at.
private struct CalledBatch {
    let sheet: BatchSheet
    let task: SendTask

    /// Those that do not exist are missing.
    static func read(_ ids: Set<BatchID>, _ link: PostgresLink) throws -> [BatchID: CalledBatch] {
        guard let first = ids.min(), let last = ids.max() else { return [:] }
        let found =
            try link.run(
                "SELECT \(BatchSheet.columns), batch.task FROM batch WHERE id = ANY ($1) AND id BETWEEN $2 AND $3",
                .ints(ids.map(\.rawValue)),
                .int(first.rawValue),
                .int(last.rawValue)
            )
            .map { CalledBatch(sheet: try BatchSheet($0), task: try SendTask(stored: $0.bytes(9))) }
        return Dictionary(uniqueKeysWithValues: found.map { ($0.sheet.row.id, $0) })
    }
}

/// A row of `call`.
private struct CallRow {
    let place: ListPlace
    let batch: BatchID
    let members: Members
    let answers: CallAnswers?

    init(_ row: PostgresRow) throws {
        place = ListPlace(at: row.moment(0), number: row.int64(1))
        batch = BatchID(rawValue: row.int64(2))
        members = try Members(stored: row.bytes(3))
        answers = row.optionalBytes(4).map { CallAnswers(stored: $0) }
    }

    /// The call with where its members stand.
    func settled(
        by account: AccountID,
        in batch: CalledBatch,
        _ link: PostgresLink
    ) throws -> SettledCall {
        let results = members.indices.indices.map { answers?[$0] }
        let later = results.allSatisfy(\.isTaken) ? [] : try laterMembers(link)
        return SettledCall(
            place: place,
            account: account,
            template: batch.sheet.row.template,
            members: members.indices.enumerated()
                .compactMap { position, place in
                    guard let now = batch.sheet.standings[place] else { return nil }
                    return SettledCall.Member(
                        message: MessageID(batch: self.batch, index: place),
                        recipient: batch.task.recipients.text(place),
                        answer: results[position],
                        state: now.state,
                        holder: now.account,
                        charge: now.charge,
                        isLast: !later.contains(place)
                    )
                }
        )
    }

    /// The places of the batch's members that a later call was made to.
    private func laterMembers(_ link: PostgresLink) throws -> Set<Int> {
        let calls = try CallSheet.all(of: batch, link).filter { $0.id.rawValue > place.number }
        return calls.reduce(into: Set<Int>()) { $0.formUnion($1.members.indices) }
    }
}

extension CallResult? {
    /// Whether the supplier took it.
    fileprivate var isTaken: Bool {
        switch self {
        case .accepted, .sent: true
        case .failed, .again, .unknown, nil: false
        }
    }
}
