package import Groundwork

/// One message to one recipient, as support sees it.
package struct MessageRecord: Hashable, Sendable {
    package let id: MessageID
    package let recipient: String
    package let template: TemplateID
    package let templateVersion: Int
    package let lane: Lane
    package let campaignRun: CampaignRunID?
    /// The row of the crowd file; 0 for a call of the API.
    package let row: Int64
    package let bizID: String?
    package let content: String
    package let state: DeliveryState
    package let account: AccountID?
    /// The supplier's reference.
    package let reference: String?
    /// What the supplier charges, in message units; 0 when it said nothing.
    package let charge: Int
    /// The supplier's or network's last code.
    package let code: String?
    package let acceptedAt: Moment
    package let changedAt: Moment

    package init(
        id: MessageID,
        recipient: String,
        template: TemplateID,
        templateVersion: Int,
        lane: Lane,
        campaignRun: CampaignRunID?,
        row: Int64,
        bizID: String?,
        content: String,
        state: DeliveryState,
        account: AccountID?,
        reference: String?,
        charge: Int,
        code: String?,
        acceptedAt: Moment,
        changedAt: Moment
    ) {
        self.id = id
        self.recipient = recipient
        self.template = template
        self.templateVersion = templateVersion
        self.lane = lane
        self.campaignRun = campaignRun
        self.row = row
        self.bizID = bizID
        self.content = content
        self.state = state
        self.account = account
        self.reference = reference
        self.charge = charge
        self.code = code
        self.acceptedAt = acceptedAt
        self.changedAt = changedAt
    }
}

/// One thing that happened to a message.
package struct TraceEvent: Hashable, Sendable {
    /// The stages of a message's way.
    package enum Stage: String, Hashable, Sendable, CaseIterable {
        case accepted
        case decided
        case calling
        case answered
        case receipt
        case recalled
        /// The supplier took it back.
        case withdrawn
        case released
        case abandoned
        /// The supplier was asked for it and knows nothing of its call: it waits again.
        case requeued
        case expired
    }

    package let at: Moment
    package let stage: Stage
    /// The state it led to.
    package let state: DeliveryState
    package let account: AccountID?
    /// Code or rule behind it.
    package let detail: String

    package init(at: Moment, stage: Stage, state: DeliveryState, account: AccountID?, detail: String) {
        self.at = at
        self.stage = stage
        self.state = state
        self.account = account
        self.detail = detail
    }
}

/// What to look messages up by.
package enum RecordFilter: Hashable, Sendable {
    case recipient(String)
    case message(MessageID)
    case bizID(String)
    case template(TemplateID)
    case campaignRun(CampaignRunID)
}

/// How many messages of one kind are in one state.
package struct Tally: Hashable, Sendable {
    /// The day of acceptance, `yyyyMMdd` in the installation's zone.
    package let day: Int
    package let template: TemplateID
    package let campaignRun: CampaignRunID?
    package let account: AccountID?
    package let state: DeliveryState
    package let count: Int
    /// Message units charged.
    package let charge: Int

    package init(
        day: Int,
        template: TemplateID,
        campaignRun: CampaignRunID?,
        account: AccountID?,
        state: DeliveryState,
        count: Int,
        charge: Int
    ) {
        self.day = day
        self.template = template
        self.campaignRun = campaignRun
        self.account = account
        self.state = state
        self.count = count
        self.charge = charge
    }
}

/// Reads the books: what support, marketing and operations look up.
package protocol RecordStore: Sendable {
    /// Messages that match, newest first, those before `id`.
    func records(
        _ filter: RecordFilter,
        state: DeliveryState?,
        before id: MessageID?,
        limit: Int
    ) async throws(StoreError) -> [MessageRecord]

    /// All that happened to a message, in order; nil when there is no such message.
    func story(of message: MessageID) async throws(StoreError) -> [TraceEvent]?

    /// The counts by state of one campaign's occurrence.
    func tallies(of run: CampaignRunID) async throws(StoreError) -> [Tally]

    /// The counts by state of one day, of all templates.
    func tallies(day: Int) async throws(StoreError) -> [Tally]

    /// Counts the records themselves, to prove the tallies; slow on purpose.
    func recount(of run: CampaignRunID) async throws(StoreError) -> [DeliveryState: Int]

    /// Held messages by the instant they are to be released at, those after `place`.
    func held(after place: ListPlace?, limit: Int) async throws(StoreError) -> [HeldBatch]
}

/// Messages of one batch that wait for the morning.
package struct HeldBatch: Hashable, Sendable {
    package let batch: BatchID
    package let lane: Lane
    package let template: TemplateID
    package let count: Int
    /// Where it stands among those that are held; it is released at its instant.
    package let place: ListPlace

    package init(batch: BatchID, lane: Lane, template: TemplateID, count: Int, place: ListPlace) {
        self.batch = batch
        self.lane = lane
        self.template = template
        self.count = count
        self.place = place
    }

    package var until: Moment { place.at }
}
