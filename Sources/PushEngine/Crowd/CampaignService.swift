package import Groundwork

/// What people do with campaigns: make, start, pause, resume, cancel, and watch.
package struct CampaignService: Sendable {
    private let campaigns: any CampaignStore
    private let runs: any CampaignRunStore
    private let templates: any TemplateStore
    private let records: any RecordStore
    private let links: any LinkStore
    private let queue: any SendQueue
    private let timer: any CampaignTimer

    /// The most occurrences of one campaign that are looked at; older ones have long ended.
    private static let runLimit = 100
    /// The most links of one occurrence that are told of one by one.
    private static let linkLimit = 20

    package init(
        campaigns: any CampaignStore,
        runs: any CampaignRunStore,
        templates: any TemplateStore,
        records: any RecordStore,
        links: any LinkStore,
        queue: any SendQueue,
        timer: any CampaignTimer
    ) {
        self.campaigns = campaigns
        self.runs = runs
        self.templates = templates
        self.records = records
        self.links = links
        self.queue = queue
        self.timer = timer
    }

    // MARK: Making

    /// Makes a campaign, and the job that fires it.
    ///
    /// - Throws: `CampaignFault`; `.invalid` names the field: a template that cannot send, a crowd that is not
    ///   there or lacks a column for a variable, a schedule that never comes.
    package func create(_ draft: CampaignDraft) async throws(CampaignFault) -> Campaign {
        let name = draft.name
        guard (1...128).contains(name.count), !name.contains(where: \.isNewline) else {
            throw .invalid(field: "name", reason: "must have 1 to 128 characters and no line break")
        }
        try timer.check(draft.schedule)
        try await checkColumns(of: draft)
        let campaign = try await storing { () async throws(StoreError) in
            try await campaigns.createCampaign(draft)
        }
        return try await arm(campaign)
    }

    /// The template can send, and each of its variables has a column.
    private func checkColumns(of draft: CampaignDraft) async throws(CampaignFault) {
        let template = try await storing { () async throws(StoreError) in
            try await templates.template(draft.template)
        }
        guard let version = template?.sendable else {
            throw .invalid(
                field: "template",
                reason: "must name an approved and enabled template; \(draft.template.rawValue) is not"
            )
        }
        let crowd = try await storing { () async throws(StoreError) in try await campaigns.crowd(draft.crowd)
        }
        guard let crowd else { throw .invalid(field: "crowd", reason: "must be the digest of a crowd file") }
        let variables: [String]
        do { variables = try version.draft.compiled.variables } catch {
            throw .invalid(field: "template", reason: "cannot be rendered: \(error)")
        }
        let columns = Set(crowd.columns.map { $0.lowercased() })
        let missing = variables.filter { !columns.contains($0.lowercased()) }
        guard missing.isEmpty else {
            throw .invalid(field: "crowd", reason: "has no column for \(missing.joined(separator: ", "))")
        }
    }

    /// Sees to the campaign's job: a crash may have come between the campaign and its job.
    private func arm(_ campaign: Campaign) async throws(CampaignFault) -> Campaign {
        guard campaign.job == nil else { return campaign }
        let job = try await timer.arm(campaign)
        try await storing { () async throws(StoreError) in
            try await campaigns.setCampaign(campaign.id, job: job)
        }
        return Campaign(
            id: campaign.id,
            draft: campaign.draft,
            createdAt: campaign.createdAt,
            state: campaign.state,
            job: job
        )
    }

    // MARK: Looking

    /// The campaign.
    ///
    /// - Throws: `CampaignFault.notFound` when there is none.
    package func campaign(_ id: CampaignID) async throws(CampaignFault) -> Campaign {
        let found = try await storing { () async throws(StoreError) in try await campaigns.campaign(id) }
        guard let found else { throw .notFound("campaign \(id.rawValue)") }
        return found
    }

    /// Campaigns, newest first, those before `id`.
    package func list(before id: CampaignID?, limit: Int) async throws(CampaignFault) -> [Campaign] {
        try await storing { () async throws(StoreError) in
            try await campaigns.campaigns(before: id, limit: min(max(1, limit), 500))
        }
    }

    /// When the campaign fires next; nil when nothing is planned.
    package func nextInstant(of campaign: Campaign) async throws(CampaignFault) -> Moment? {
        guard let job = campaign.job else { return nil }
        return try await timer.nextInstant(of: job)
    }

    /// Occurrences of a campaign, newest first, those before `run`.
    package func runs(
        of id: CampaignID,
        before run: CampaignRunID? = nil,
        limit: Int = 20
    ) async throws(CampaignFault) -> [CampaignRun] {
        try await storing { () async throws(StoreError) in
            try await runs.campaignRuns(of: id, before: run, limit: min(max(1, limit), Self.runLimit))
        }
    }

    /// How far an occurrence is.
    ///
    /// - Throws: `CampaignFault.notFound` when there is none.
    package func progress(of id: CampaignRunID) async throws(CampaignFault) -> CampaignProgress {
        let found = try await storing { () async throws(StoreError) in try await runs.campaignRun(id) }
        guard let found else { throw .notFound("occurrence \(id.rawValue)") }
        let campaign = try await campaign(found.campaign)
        return try await storing { () async throws(StoreError) in
            let crowd = try await campaigns.crowd(campaign.draft.crowd)
            // After the occurrence: one that is finished has all of its messages in the tallies by now.
            let tallies = try await records.tallies(of: id)
            return CampaignProgress(
                run: found,
                rowCount: crowd?.rowCount ?? found.rowsRead,
                tallies: tallies,
                clicks: try await links.clicks(of: id, limit: Self.linkLimit)
            )
        }
    }

    // MARK: Steering

    /// Fires the campaign now, whatever its schedule says.
    ///
    /// - Throws: `CampaignFault.conflict` when it is paused or cancelled.
    package func start(_ id: CampaignID) async throws(CampaignFault) {
        let campaign = try await arm(campaign(id))
        guard campaign.state == .active else {
            let remedy = campaign.state == .paused ? "resume it first" : "make a new one"
            throw .conflict("campaign \(id.rawValue) is \(campaign.state.rawValue): \(remedy)")
        }
        guard let job = campaign.job else { return }
        try await timer.fire(job, CampaignOrder(campaign: id))
    }

    /// Stops the schedule and every open occurrence for a while: nothing more is read, nothing new is sent.
    ///
    /// What is in the hands of a supplier at that moment goes on. Pausing twice is pausing once; what a crash
    /// kept from being told to queue or scheduler is told them then.
    package func pause(_ id: CampaignID) async throws(CampaignFault) {
        let campaign = try await arm(campaign(id))
        for run in try await move(id, .paused) where run.state == .paused {
            try await storing { () async throws(StoreError) in try await queue.setSuspended(true, run.id) }
        }
        try await setArmed(false, campaign)
    }

    /// Goes on where `pause` stopped; again what was done is done, and what a crash cut off is made up for.
    package func resume(_ id: CampaignID) async throws(CampaignFault) {
        let campaign = try await arm(campaign(id))
        for run in try await move(id, .active) {
            try await storing { () async throws(StoreError) in try await queue.setSuspended(false, run.id) }
            guard run.state == .running, let job = campaign.job else { continue }
            // Where somebody reads it already this one finds nothing to do.
            try await timer.fire(job, CampaignOrder(campaign: id, plannedAt: run.plannedAt))
        }
        try await setArmed(true, campaign)
    }

    /// Ends the campaign for good: no further occurrence, and all that waits is taken back.
    ///
    /// Nothing of it is sent from the first step on; cancelling again takes back what is left.
    ///
    /// - Returns: how many messages were taken back.
    package func cancel(_ id: CampaignID) async throws(CampaignFault) -> Int {
        let campaign = try await arm(campaign(id))
        var recalled = 0
        for run in try await move(id, .cancelled) {
            recalled += try await storing { () async throws(StoreError) in
                try await runs.recallAll(of: run.id)
            }
            // Batches that were suspended find nothing left to do and leave the queue.
            try await storing { () async throws(StoreError) in try await queue.setSuspended(false, run.id) }
        }
        try await setArmed(false, campaign)
        return recalled
    }

    /// Writes what people want of the campaign, first of all: a crash after it changes nothing of it.
    private func move(_ id: CampaignID, _ state: CampaignState) async throws(CampaignFault) -> [CampaignRun] {
        do { return try await campaigns.setCampaign(id, state) } catch {
            guard error.code == .conflict else { throw CampaignFault(error) }
            throw .conflict("campaign \(id.rawValue) is cancelled, which is for good: make a new one")
        }
    }

    private func setArmed(_ armed: Bool, _ campaign: Campaign) async throws(CampaignFault) {
        guard let job = campaign.job else { return }
        try await timer.setArmed(armed, job: job)
    }

    private func storing<Result: Sendable>(
        _ access: () async throws(StoreError) -> Result
    ) async throws(CampaignFault) -> Result {
        do { return try await access() } catch { throw CampaignFault(error) }
    }
}
