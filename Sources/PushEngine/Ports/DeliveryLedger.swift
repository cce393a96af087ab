package import Groundwork

/// The books of all messages: who was accepted, what was tried, how it ended.
///
/// Every method is one atomic fact, and every change of a message's state goes through it, together with the
/// counts by state (`Tally`) and a trace event.
package protocol DeliveryLedger: Sendable {
    /// Takes recipients on: records in state `queued`, and for a crowd the cursor's move, in one step.
    ///
    /// A recipient that the campaign's occurrence has already is left out and counted as a row refused with
    /// `DUPLICATE`; the first one stays. When all shards are read to their ends the occurrence is `finished`.
    /// Throws `.conflict` when the shard's cursor is not at `from` (somebody else went on with it)
    /// or the occurrence is not `running`.
    func admit(_ admission: Admission) async throws(StoreError) -> AdmissionOutcome

    /// The batch with what is still to be done; nil when nothing is left to do.
    func open(_ batch: BatchID) async throws(StoreError) -> LedgerBatch?

    /// Gives the recipients of calls without outcome the state `unknown` and closes those calls.
    func abandon(_ intents: [Intent], of batch: BatchID) async throws(StoreError)

    /// Writes how calls ended and closes them, then decisions, and then calls that are about to be made: in one
    /// step, because the next calls of a batch are written down as soon as the last ones have ended.
    ///
    /// Of outcomes: A receipt that came before its call's answer stands: the recipient keeps the receipt's state.
    /// An intent that is closed already is left as it is. Where the campaign's occurrence was cancelled
    /// meanwhile, what would wait again is recalled.
    ///
    /// Of decisions and calls: Members that do not wait any more, or are in an open call, are left out of both.
    /// Nothing is called that is not in the answer.
    func advance(
        _ batch: BatchID,
        outcomes: [IntentOutcome],
        decisions: [Decision],
        calls: [PlannedCall]
    ) async throws(StoreError) -> DecisionOutcome

    /// Takes messages back that wait (`queued` in no open call, or `held`); tells for each what happened.
    func recall(_ messages: [MessageID]) async throws(StoreError) -> [RecallVerdict]

    /// Batches with messages in state `queued`, accepted before `before`, in order: the sweeper gives them to
    /// the queue, which drops those it has.
    func unfinished(
        acceptedBefore before: Moment,
        after batch: BatchID?,
        limit: Int
    ) async throws(StoreError) -> [QueueMessage]
}

/// Recipients to take on, from one call of the API or one stretch of a crowd file.
package struct Admission: Sendable {
    /// Where the recipients come from.
    package enum Source: Sendable {
        /// A call of the API, with the caller's own key of each recipient (nil where there is none).
        case request(bizIDs: [String?])
        /// The rows of a shard from its cursor on.
        case crowd(CrowdProgress)
    }

    package let task: SendTask
    package let source: Source
    /// The row of the crowd file each recipient stands in; empty for the API.
    package let rows: [Int64]
    /// The physical line of each row; empty for the API.
    package let lines: [Int64]

    package init(task: SendTask, source: Source, rows: [Int64] = [], lines: [Int64] = []) {
        self.task = task
        self.source = source
        self.rows = rows
        self.lines = lines
    }
}

/// How far a shard gets with one batch.
package struct CrowdProgress: Sendable {
    package let run: CampaignRunID
    package let shard: Int
    /// Where the batch starts: the shard must stand there, or the batch is refused.
    package let from: CrowdCursor
    package let to: CrowdCursor
    /// Rows read in this stretch, good and bad.
    package let rowsRead: Int
    /// Refused rows, in file order.
    package let rejects: [RowReject]
    /// Whether the shard has no rows after this batch.
    package let isLast: Bool

    package init(
        run: CampaignRunID,
        shard: Int,
        from: CrowdCursor,
        to: CrowdCursor,
        rowsRead: Int,
        rejects: [RowReject],
        isLast: Bool
    ) {
        self.run = run
        self.shard = shard
        self.from = from
        self.to = to
        self.rowsRead = rowsRead
        self.rejects = rejects
        self.isLast = isLast
    }
}

/// A row of a crowd file that was left out, and why.
package struct RowReject: Hashable, Sendable {
    package let row: Int64
    package let line: Int64
    package let column: String
    package let code: String
    package let text: String

    package init(row: Int64, line: Int64, column: String, code: String, text: String) {
        self.row = row
        self.line = line
        self.column = column
        self.code = code
        self.text = text
    }
}

/// What became of an admission.
package struct AdmissionOutcome: Hashable, Sendable {
    /// The batch that was made; nil when no recipient was left.
    package let batch: BatchID?
    /// Places in the admission of recipients that the campaign's occurrence has already: they are no members
    /// of the batch, and the others keep the places they have in the admission.
    package let duplicates: [Int]

    package init(batch: BatchID?, duplicates: [Int]) {
        self.batch = batch
        self.duplicates = duplicates
    }
}
