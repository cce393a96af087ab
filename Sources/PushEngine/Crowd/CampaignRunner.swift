package import Groundwork

/// How fast a crowd is read.
package struct CampaignSettings: Hashable, Sendable {
    /// Recipients of one batch, at most `BatchID.capacity`.
    package var batchRows = 2_000
    /// Batches of one lane that may wait in the queue before reading stops for a while.
    package var queueLimit = 32
    /// After how long a full queue is looked at again, if it does not tell by itself that there is room.
    package var patience = Duration.seconds(1)

    package init() {}
}

/// How the reading of a crowd ended.
package enum CampaignRunEnd: Hashable, Sendable {
    /// All rows of the shards were read.
    case read(rows: Int)
    /// The occurrence was paused or cancelled.
    case stopped(CampaignRunState, rows: Int)
}

/// How far one worker is with its shards of an occurrence.
package struct CampaignReading: Hashable, Sendable {
    package let run: CampaignRunID
    /// Rows this worker has read, good and bad.
    package fileprivate(set) var rows = 0
    /// Bytes of its shards that lie behind the cursors.
    package fileprivate(set) var bytesRead: Int64
    /// Bytes of all its shards.
    package let byteCount: Int64

    fileprivate init(_ run: CampaignRunID, _ shards: [CampaignRun.Shard], of crowd: CrowdFile) {
        self.run = run
        let starts = shards.map { crowd.shards[$0.number].start.offset }
        bytesRead = zip(shards, starts).reduce(0) { $0 + $1.0.cursor.offset - $1.1 }
        byteCount = zip(shards, starts).reduce(0) { $0 + $1.0.end - $1.1 }
    }
}

/// Reads a campaign's crowd, shard by shard from where each cursor stands, and gives every batch to the chain.
///
/// Started again after a crash, or beside another that was thought dead, it loses nothing and repeats nothing:
/// the cursor moves in the same step that makes the records, and only from where it stands.
package struct CampaignRunner: Sendable {
    private let campaigns: any CampaignStore
    private let runs: any CampaignRunStore
    private let templates: any TemplateStore
    private let storage: any CrowdStorage
    private let chain: SendChain
    private let queue: any SendQueue
    private let settings: CampaignSettings

    package init(
        campaigns: any CampaignStore,
        runs: any CampaignRunStore,
        templates: any TemplateStore,
        storage: any CrowdStorage,
        chain: SendChain,
        queue: any SendQueue,
        settings: CampaignSettings
    ) {
        self.campaigns = campaigns
        self.runs = runs
        self.templates = templates
        self.storage = storage
        self.chain = chain
        self.queue = queue
        self.settings = settings
    }

    /// Reads the shards of one worker among `total`.
    ///
    /// - Parameters:
    ///   - campaign: the campaign that was fired.
    ///   - plannedAt: the planned instant, by which the occurrence is known.
    ///   - worker: this worker's number, from 0.
    ///   - total: how many workers share the shards.
    ///   - report: is told how far it is, first where it starts and then after each batch.
    /// - Returns: how it ended.
    /// - Throws: `CampaignError` when there is nothing to read, `SendFault` when a batch was not taken on,
    ///   `StoreError` when a store does not answer, `CancellationError` when the job was killed.
    package func read(
        _ campaign: CampaignID,
        plannedAt: Moment,
        worker: Int,
        of total: Int,
        report: @escaping @Sendable (CampaignReading) -> Void
    ) async throws -> CampaignRunEnd {
        do {
            guard let occurrence = try await open(campaign, plannedAt: plannedAt) else {
                return .stopped(.cancelled, rows: 0)
            }
            let shards = occurrence.run.shards.filter { $0.number % total == worker }
            return try await read(occurrence, shards, report: report)
        } catch {
            // A killed job must look neither like a finished one nor like one that failed.
            try Task.checkCancellation()
            throw error
        }
    }

    private func read(
        _ occurrence: Occurrence,
        _ shards: [CampaignRun.Shard],
        report: @escaping @Sendable (CampaignReading) -> Void
    ) async throws -> CampaignRunEnd {
        let run = occurrence.run
        guard run.state == .running else {
            return run.state == .finished ? .read(rows: 0) : .stopped(run.state, rows: 0)
        }
        var reading = CampaignReading(run.id, shards, of: occurrence.crowd)
        report(reading)
        let unread = shards.filter { !$0.isDone }
        guard !unread.isEmpty else { return .read(rows: 0) }
        let addresses = occurrence.lane.channel.addressForm
        let file = try await OpenCrowd(storage, occurrence.crowd, addresses: addresses)
        for shard in unread {
            let reader = ShardReader(run: run, shard: shard, file: file, template: occurrence.template)
            do throws(SendFault) {
                try await read(reader, lane: occurrence.lane, &reading, report: report)
            } catch {
                guard error.code == .campaignStopped else { throw error }
                let now = try await runs.campaignRun(run.id)?.state ?? .cancelled
                // Whoever overtook this worker may die: what it leaves must not look done here.
                guard now != .running else { throw CampaignError.overtaken(shard: shard.number) }
                return .stopped(now, rows: reading.rows)
            }
        }
        return .read(rows: reading.rows)
    }

    /// The occurrence of that instant, old or new, and what reading it takes; nil where the campaign was cancelled
    /// before it began.
    private func open(_ id: CampaignID, plannedAt: Moment) async throws -> Occurrence? {
        guard let campaign = try await campaigns.campaign(id) else { throw CampaignError.noCampaign(id) }
        guard let crowd = try await campaigns.crowd(campaign.draft.crowd) else {
            throw CampaignError.noCrowd(campaign.draft.crowd)
        }
        guard let template = try await templates.template(campaign.draft.template),
            let serving = template.serving
        else { throw CampaignError.templateNotSendable(campaign.draft.template) }
        // Whether the template is enabled is asked for each batch: one that was stopped opens nothing new.
        let known = template.sendable == nil ? try await run(of: id, plannedAt: plannedAt) : nil
        guard template.sendable != nil || known != nil else {
            throw CampaignError.templateNotSendable(template.id)
        }
        let run: CampaignRun
        do throws(StoreError) {
            run =
                if let known { known } else {
                    try await runs.openRun(id, plannedAt: plannedAt, templateVersion: serving.number)
                }
        } catch {
            guard error.code == .conflict else { throw error }
            return nil
        }
        let pinned =
            run.templateVersion == serving.number
            ? serving
            : try await templates.templateVersions(template.id).first { $0.number == run.templateVersion }
        guard let pinned else { throw CampaignError.templateNotSendable(template.id) }
        return Occurrence(run: run, crowd: crowd, template: template.id, lane: pinned.draft.lane)
    }

    private func run(of campaign: CampaignID, plannedAt: Moment) async throws -> CampaignRun? {
        try await runs.campaignRuns(of: campaign, before: nil, limit: 100).first { $0.plannedAt == plannedAt }
    }

    private func read(
        _ shard: ShardReader,
        lane: Lane,
        _ reading: inout CampaignReading,
        report: @escaping @Sendable (CampaignReading) -> Void
    ) async throws(SendFault) {
        var file = try shard.open()
        var offset = shard.shard.cursor.offset
        while true {
            try await waitForRoom(in: lane)
            let batch = try await shard.next(&file, settings.batchRows)
            _ = try await chain.accept(shard.stretch(batch))
            reading.rows += batch.count + batch.rejected.count
            reading.bytesRead += batch.end.offset - offset
            offset = batch.end.offset
            report(reading)
            if batch.isLast { return }
        }
    }

    /// Whether the lane has enough to do; what is kept back with a paused campaign is nothing to do.
    private func isFull(_ lane: Lane) async throws(StoreError) -> Bool {
        try await queue.load(of: lane, atMost: settings.queueLimit) >= settings.queueLimit
    }

    /// Reading waits while the lane has enough to do, so that memory and queue stay small.
    private func waitForRoom(in lane: Lane) async throws(SendFault) {
        do {
            try Task.checkCancellation()
            while try await isFull(lane) {
                await queue.waitForRoom(lane, below: settings.queueLimit, atMost: settings.patience)
                try Task.checkCancellation()
            }
        } catch is CancellationError {
            throw SendFault(.campaignStopped, field: "campaign", "the job was stopped")
        } catch {
            throw SendFault(.unavailable, field: "queue", "the queue does not answer")
        }
    }
}

/// An occurrence of a campaign, and what its messages are made of.
private struct Occurrence {
    let run: CampaignRun
    let crowd: CrowdFile
    let template: TemplateID
    /// That of the version which the occurrence is pinned to.
    let lane: Lane
}

/// A campaign's crowd file, ready to be read.
private struct OpenCrowd {
    let bytes: any CrowdBytes
    let layout: CrowdLayout

    init(
        _ storage: any CrowdStorage,
        _ crowd: CrowdFile,
        addresses: AddressForm
    ) async throws(SendFault) {
        do {
            bytes = try await storage.open(crowd.digest)
            layout = try await CrowdHeader.read(bytes, addresses: addresses)
        } catch {
            throw SendFault(reading: error)
        }
    }
}

extension SendFault {
    /// What it means for a campaign that its crowd file cannot be read.
    fileprivate init(reading error: any Error) {
        let cause: StoreError? =
            switch error {
            case CrowdFileError.unreadable(let cause): cause
            default: error as? StoreError
            }
        self.init(cause?.isTransient == true ? .unavailable : .badParams, field: "crowd", "\(error)")
    }
}

/// One shard of an occurrence, and how its rows become stretches.
private struct ShardReader {
    let run: CampaignRun
    let shard: CampaignRun.Shard
    let file: OpenCrowd
    let template: TemplateID

    func open() throws(SendFault) -> CrowdFileReader {
        do {
            return try CrowdFileReader(file.bytes, layout: file.layout, from: shard.cursor, to: shard.end)
        } catch {
            throw SendFault(reading: error)
        }
    }

    func next(_ reader: inout CrowdFileReader, _ rows: Int) async throws(SendFault) -> CrowdBatch {
        do { return try await reader.nextBatch(maxRows: rows) } catch {
            throw SendFault(reading: error)
        }
    }

    func stretch(_ batch: CrowdBatch) -> CrowdStretch {
        CrowdStretch(
            run: run.id,
            shard: shard.number,
            template: template,
            templateVersion: run.templateVersion,
            columns: file.layout.columns,
            batch: batch
        )
    }
}

/// Why a campaign cannot be read.
package enum CampaignError: Error, Hashable, Sendable, CustomStringConvertible {
    case noCampaign(CampaignID)
    case noCrowd(String)
    case templateNotSendable(TemplateID)
    /// Somebody else reads the same shard and is ahead.
    case overtaken(shard: Int)

    package var description: String {
        switch self {
        case .noCampaign(let id): "campaign: there is no campaign \(id.rawValue)"
        case .noCrowd(let digest):
            "campaign: there is no crowd file \(digest); one that was not used for long was removed: upload it again"
        case .templateNotSendable(let id): "campaign: template \(id.rawValue) is not approved and enabled"
        case .overtaken(let shard): "campaign: another worker goes on with shard \(shard)"
        }
    }
}
