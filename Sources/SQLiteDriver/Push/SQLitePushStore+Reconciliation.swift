import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: ReconciliationStore {
    package func settledCalls(
        of account: AccountID,
        in day: DaySpan,
        after place: ListPlace?,
        limit: Int
    ) async throws(StoreError) -> [SettledCall] {
        try await database.read("read an account's calls") { db in
            let select = try RawStatement(db, Self.selectCallsOfDay)
            select.bind(account.rawValue, in: day, after: place, limit: limit)
            var calls: [CallRow] = []
            try select.forEachRow { calls.append(try CallRow($0)) }
            return try calls.compactMap { try $0.settled(by: account, db) }
        }
    }

    package func strayReceipts(
        of account: AccountID,
        in day: DaySpan,
        after place: ListPlace?,
        limit: Int
    ) async throws(StoreError) -> [StrayReceipt] {
        try await database.read("read stray receipts") { db in
            let select = try RawStatement(db, Self.selectStraysOfDay)
            select.bind(account.rawValue, in: day, after: place, limit: limit)
            var strays: [StrayReceipt] = []
            try select.forEachRow { row in
                let at = Moment(millisecondsSinceEpoch: row.int64(0))
                let receipt = SupplierReceipt(
                    recipient: row.text(2),
                    requestKey: row.isNull(3) ? nil : row.text(3),
                    reference: row.text(4),
                    delivered: row.int(5) != 0,
                    code: row.text(6),
                    at: at
                )
                strays.append(
                    StrayReceipt(place: ListPlace(at: at, number: row.int64(1)), receipt: receipt)
                )
            }
            return strays
        }
    }

    package func putReconciliation(
        _ result: Reconciliation,
        rows: [ReconciliationRow]
    ) async throws(StoreError) {
        try await database.write("keep reconciliation", isShort: false) { db in
            let key: StatementArguments = [result.day.number, result.account.rawValue]
            try db.execute(cached: "DELETE FROM reconciliation_row WHERE day = ? AND account = ?", key)
            try db.execute(
                cached: Self.replaceResult,
                [
                    result.day.number, result.account.rawValue, result.verdict.rawValue, result.rows,
                    result.madeAt.millisecondsSinceEpoch, try result.storedFigures,
                ]
            )
            for (number, row) in rows.enumerated() {
                try db.execute(
                    cached: Self.insertRow,
                    [
                        result.day.number, result.account.rawValue, number + 1, row.kind.rawValue,
                        row.message?.rawValue, row.recipient, row.reference, row.state.rawValue, row.charge,
                        row.at.millisecondsSinceEpoch, row.code,
                    ]
                )
            }
        }
    }

    package func reconciliation(
        of account: AccountID,
        day: CalendarDay
    ) async throws(StoreError) -> Reconciliation? {
        try await database.read("read reconciliation") { db in
            let select = try RawStatement(db, Self.selectResult)
            select.bind(day.number, at: 1)
            select.bind(account.rawValue, at: 2)
            return try select.first(Self.result)
        }
    }

    package func reconciliations(
        day: CalendarDay?,
        after place: ReconciliationPlace?,
        limit: Int
    ) async throws(StoreError) -> [Reconciliation] {
        try await database.read("read reconciliations") { db in
            let select = try RawStatement(db, day == nil ? Self.selectResults : Self.selectResultsOfDay)
            select.bind(place?.day.number ?? .max, at: 1)
            select.bind(place?.account.rawValue ?? .max, at: 2)
            select.bind(limit, at: 3)
            if let day { select.bind(day.number, at: 4) }
            var results: [Reconciliation] = []
            try select.forEachRow { results.append(try Self.result($0)) }
            return results
        }
    }

    package func reconciliationRows(
        of account: AccountID,
        day: CalendarDay,
        after place: Int,
        limit: Int
    ) async throws(StoreError) -> [ReconciliationRow] {
        try await database.read("read rows of a reconciliation") { db in
            let select = try RawStatement(db, Self.selectRows)
            select.bind(day.number, at: 1)
            select.bind(account.rawValue, at: 2)
            select.bind(place, at: 3)
            select.bind(limit, at: 4)
            var rows: [ReconciliationRow] = []
            try select.forEachRow { row in
                guard let kind = ReconciliationRow.Kind(rawValue: row.text(0)) else {
                    throw StoreError(.corrupted, during: "read reconciliation", detail: row.text(0))
                }
                rows.append(
                    ReconciliationRow(
                        kind: kind,
                        message: row.isNull(1) ? nil : MessageID(rawValue: row.int64(1)),
                        recipient: row.text(2),
                        reference: row.text(3),
                        state: try row.state(4),
                        charge: row.int(5),
                        at: Moment(millisecondsSinceEpoch: row.int64(6)),
                        code: row.text(7)
                    )
                )
            }
            return rows
        }
    }

    private static func result(_ row: RawStatement) throws -> Reconciliation {
        try Reconciliation(
            account: row.int64(1),
            day: row.int(0),
            verdict: row.text(2),
            rows: row.int(3),
            madeAt: Moment(millisecondsSinceEpoch: row.int64(4)),
            storedFigures: row.text(5)
        )
    }

    static let selectCallsOfDay = """
        SELECT called_at, id, batch, members, answers FROM intent
        WHERE account = ?1 AND (called_at, id) > (?2, ?3) AND called_at < ?4 ORDER BY called_at, id LIMIT ?5
        """

    static let selectStraysOfDay = """
        SELECT at, id, recipient, request_key, reference, delivered, code FROM stray_receipt
        WHERE account = ?1 AND (at, id) > (?2, ?3) AND at < ?4 ORDER BY at, id LIMIT ?5
        """

    private static let columns = "day, account, verdict, rows, made_at, figures"

    static let selectResult = "SELECT \(columns) FROM reconciliation WHERE day = ? AND account = ?"

    static let selectResults = """
        SELECT \(columns) FROM reconciliation
        WHERE (day, account) < (?1, ?2) ORDER BY day DESC, account DESC LIMIT ?3
        """

    static let selectResultsOfDay = """
        SELECT \(columns) FROM reconciliation
        WHERE day = ?4 AND (day, account) < (?1, ?2) ORDER BY day DESC, account DESC LIMIT ?3
        """

    static let selectRows = """
        SELECT kind, message, recipient, reference, state, charge, at, code FROM reconciliation_row
        WHERE day = ? AND account = ? AND number > ? ORDER BY number LIMIT ?
        """

    private static let replaceResult = """
        INSERT OR REPLACE INTO reconciliation (\(columns)) VALUES (?, ?, ?, ?, ?, ?)
        """

    private static let insertRow = """
        INSERT INTO reconciliation_row
            (day, account, number, kind, message, recipient, reference, state, charge, at, code)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
}

extension RawStatement {
    /// Binds what names a page of a day's rows.
    fileprivate func bind(_ account: Int64, in day: DaySpan, after place: ListPlace?, limit: Int) {
        bind(account, at: 1)
        bind((place?.at ?? day.start).millisecondsSinceEpoch, at: 2)
        bind(place?.number ?? .min, at: 3)
        bind(day.end.millisecondsSinceEpoch, at: 4)
        bind(limit, at: 5)
    }
}

/// A row of `intent`.
private struct CallRow {
    let place: ListPlace
    let batch: BatchID
    let members: Members
    let answers: CallAnswers?

    init(_ row: RawStatement) throws {
        place = ListPlace(at: Moment(millisecondsSinceEpoch: row.int64(0)), number: row.int64(1))
        batch = BatchID(rawValue: row.int64(2))
        members = try Members(stored: row.blob(3))
        answers = row.isNull(4) ? nil : CallAnswers(stored: row.blob(4))
    }

    /// The call with where its members stand; nil when the batch is gone.
    func settled(by account: AccountID, _ db: Database) throws -> SettledCall? {
        guard let batch = try db.batch(batch) else { return nil }
        let standings = try standings(db)
        let results = members.indices.indices.map { answers?[$0] }
        let later = results.allSatisfy(\.isTaken) ? [] : try laterMembers(db)
        return SettledCall(
            place: place,
            account: account,
            template: batch.template,
            members: members.indices.enumerated()
                .compactMap { position, place in
                    guard let now = standings[place] else { return nil }
                    return SettledCall.Member(
                        message: MessageID(batch: batch.id, index: place),
                        recipient: now.recipient,
                        answer: results[position],
                        state: now.state,
                        holder: now.account == Standing.noAccount ? nil : AccountID(rawValue: now.account),
                        charge: now.charge,
                        isLast: !later.contains(place)
                    )
                }
        )
    }

    private struct MemberRow {
        let recipient: String
        let state: DeliveryState
        let account: Int64
        let charge: Int
    }

    private func standings(_ db: Database) throws -> [Int: MemberRow] {
        guard let first = members.indices.first, let last = members.indices.last else { return [:] }
        let select = try RawStatement(db, Self.selectMembers)
        select.bind(MessageID(batch: batch, index: first).rawValue, at: 1)
        select.bind(MessageID(batch: batch, index: last).rawValue, at: 2)
        var rows: [Int: MemberRow] = [:]
        try select.forEachRow { row in
            rows[row.int(0)] = MemberRow(
                recipient: row.text(1),
                state: try row.state(2),
                account: row.int64(3),
                charge: row.int(4)
            )
        }
        return rows
    }

    /// The places of the batch's members that a later call was made to.
    private func laterMembers(_ db: Database) throws -> Set<Int> {
        let select = try RawStatement(db, Self.selectLater)
        select.bind(batch.rawValue, at: 1)
        select.bind(place.number, at: 2)
        var later = Set<Int>()
        try select.forEachRow { later.formUnion(try Members(stored: $0.blob(0)).indices) }
        return later
    }

    private static let selectMembers = """
        SELECT id & 4095, recipient, state, account, charge FROM record WHERE id BETWEEN ? AND ?
        """

    private static let selectLater = "SELECT members FROM intent WHERE batch = ? AND id > ?"
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
