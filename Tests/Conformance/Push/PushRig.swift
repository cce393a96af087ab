package import Groundwork
package import PushEngine
package import TestKit
package import Testing

/// Books to try, the clock they go by, and the key of their installation.
package struct PushRig: Sendable {
    package let books: any PushBooks
    package let clock: ManualClock
    package let keys: RequestKeys

    package init(books: any PushBooks, clock: ManualClock, keys: RequestKeys) {
        self.books = books
        self.clock = clock
        self.keys = keys
    }

    package static let account = AccountID(rawValue: 7)

    package var now: Moment { clock.calendar.now }

    /// Addresses that differ, numbered from `first`.
    package static func phones(_ count: Int, from first: Int = 0) -> [String] {
        (first..<(first + count)).map { "+861380000\(1_000 + $0)" }
    }

    package func task(
        _ recipients: [String],
        template: Int64 = 1,
        version: Int = 3,
        type: MessageType = .marketing,
        run: CampaignRunID? = nil
    ) -> SendTask {
        var task = SendTask(
            template: TemplateID(rawValue: template),
            templateVersion: version,
            lane: Lane(channel: .sms, type: type),
            shield: .hold,
            account: nil,
            campaignRun: run,
            acceptedAt: now
        )
        for (index, recipient) in recipients.enumerated() {
            task.recipients.append(Array(recipient.utf8))
            if index < 2 { task.contents.append(Array("text \(index)".utf8)) }
            task.contentIndex.append(UInt16(index % 2))
        }
        return task
    }

    /// Admits recipients of a call of the API.
    package func admit(
        _ recipients: [String],
        template: Int64 = 1,
        version: Int = 3,
        bizIDs: [String?]? = nil
    ) async throws -> BatchID {
        let task = task(recipients, template: template, version: version)
        let bizIDs = bizIDs ?? Array(repeating: nil, count: recipients.count)
        let outcome = try await books.admit(Admission(task: task, source: .request(bizIDs: bizIDs)))
        return try #require(outcome.batch)
    }

    /// A new template that promises something; its only version is the first.
    package func template(_ guarantee: DeliveryGuarantee) async throws -> Int64 {
        let draft = TemplateDraft(
            name: "careful",
            messageType: .marketing,
            templateType: .technical,
            content: "text",
            guarantee: guarantee
        )
        return try await books.createTemplate(draft, by: "ann").id.rawValue
    }

    /// Plans and writes down one call to some members.
    package func call(_ batch: BatchID, _ members: [Int], account: AccountID = account) async throws -> Intent
    {
        let planned = PlannedCall(account: account, members: Members(members))
        return try #require(try await books.decide([], calls: [planned], of: batch).intents.first)
    }

    /// Writes that a call to some members ended the same way for each.
    package func send(_ batch: BatchID, _ members: [Int], _ result: CallResult) async throws -> Intent {
        let intent = try await call(batch, members)
        let results = intent.members.indices.map { _ in result }
        try await books.conclude([IntentOutcome(intent: intent, results: results)], of: batch)
        return intent
    }

    package func receipt(
        _ recipient: String,
        _ intent: Intent?,
        reference: String = "",
        delivered: Bool = true
    ) -> SupplierReceipt {
        SupplierReceipt(
            recipient: recipient,
            requestKey: intent.map { keys.key($0.id) },
            reference: reference,
            delivered: delivered,
            code: delivered ? "DELIVRD" : "UNDELIV",
            at: now
        )
    }

    package func apply(_ receipts: [SupplierReceipt]) async throws -> ReceiptCount {
        try await books.applyReceipts(receipts, of: Self.account, from: ReceiptOrigin(), at: now)
    }

    /// The states of a batch's members, by place.
    package func states(_ batch: BatchID, _ count: Int) async throws -> [DeliveryState?] {
        var states: [DeliveryState?] = []
        for index in 0..<count {
            states.append(try await record(MessageID(batch: batch, index: index))?.state)
        }
        return states
    }

    package func record(_ message: MessageID) async throws -> MessageRecord? {
        try await books.records(.message(message), state: nil, before: nil, limit: 1).first
    }
}

// MARK: Campaigns

extension PushRig {
    /// A crowd of `shards` stretches of 1,000 bytes and 10 rows each.
    package static func crowd(shards: Int, digest: String = "digest") -> CrowdFile {
        CrowdFile(
            digest: digest,
            name: "crowd.csv",
            byteCount: Int64(shards) * 1_000,
            rowCount: Int64(shards) * 10,
            columns: ["phone", "name"],
            shards: (0..<shards).map { CrowdShard(start: cursor($0 * 10), end: Int64($0 + 1) * 1_000) }
        )
    }

    /// The place before row `row`, counted from 0.
    package static func cursor(_ row: Int) -> CrowdCursor {
        CrowdCursor(offset: Int64(row) * 100, row: Int64(row) + 1, line: Int64(row) + 2)
    }

    /// A running occurrence of a new campaign over a crowd of `shards` shards.
    package func run(shards: Int = 1) async throws -> CampaignRun {
        let crowd = try await books.putCrowd(Self.crowd(shards: shards))
        let draft = CampaignDraft(
            name: "spring",
            template: TemplateID(rawValue: 1),
            crowd: crowd.digest,
            schedule: .manual,
            createdBy: "ann"
        )
        let campaign = try await books.createCampaign(draft)
        return try await books.openRun(campaign.id, plannedAt: now, templateVersion: 3)
    }

    /// Moves the campaign of an occurrence.
    @discardableResult
    package func set(_ run: CampaignRun, _ state: CampaignState) async throws -> [CampaignRun] {
        try await books.setCampaign(run.campaign, state)
    }

    /// A stretch of a shard's rows: those before `to`, from `from` on, with these recipients among them.
    package func stretch(
        _ run: CampaignRunID,
        shard: Int = 0,
        _ recipients: [String],
        from: Int,
        to: Int,
        rejects: [RowReject] = [],
        isLast: Bool = false
    ) -> Admission {
        let progress = CrowdProgress(
            run: run,
            shard: shard,
            from: Self.cursor(from),
            to: Self.cursor(to),
            rowsRead: to - from,
            rejects: rejects,
            isLast: isLast
        )
        return Admission(
            task: task(recipients, run: run),
            source: .crowd(progress),
            rows: recipients.indices.map { Int64(from + $0 + 1) },
            lines: recipients.indices.map { Int64(from + $0 + 2) }
        )
    }
}

/// Passes when `body` throws a store error of that code.
package func expectStoreError(
    _ code: StoreError.Code,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect((error as? StoreError)?.code == code, sourceLocation: sourceLocation)
    }
}
