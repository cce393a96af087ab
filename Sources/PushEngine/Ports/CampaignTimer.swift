package import Groundwork

/// What fires campaigns: the scheduler, seen from here.
///
/// Its forms keep a job for each campaign, whose parameter is a `CampaignOrder`.
package protocol CampaignTimer: Sendable {
    /// Refuses a schedule that makes no sense or never comes.
    func check(_ schedule: CampaignSchedule) throws(CampaignFault)

    /// Makes the job that fires the campaign by its schedule; returns the job's number.
    func arm(_ campaign: Campaign) async throws(CampaignFault) -> Int64

    /// Stops the schedule of a job, or lets it go on; one whose only instant has passed stays as it is.
    func setArmed(_ armed: Bool, job: Int64) async throws(CampaignFault)

    /// Fires now, whatever the schedule says.
    func fire(_ job: Int64, _ order: CampaignOrder) async throws(CampaignFault)

    /// When the job fires next by its schedule; nil when it does not.
    func nextInstant(of job: Int64) async throws(CampaignFault) -> Moment?
}

/// What a campaign's job is told: the parameter text of its runs.
package struct CampaignOrder: Hashable, Sendable, Codable {
    package let campaign: CampaignID
    /// The occurrence to go on with; nil for the one of the run's own planned instant.
    package let plannedAt: Moment?

    package init(campaign: CampaignID, plannedAt: Moment? = nil) {
        self.campaign = campaign
        self.plannedAt = plannedAt
    }
}

/// Why a campaign cannot be made or changed.
package enum CampaignFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// A field makes no sense: its name, and what would be right.
    case invalid(field: String, reason: String)
    case notFound(String)
    /// It is in a state that does not allow it.
    case conflict(String)
    /// A store or the scheduler does not answer.
    case unavailable(String)

    package var description: String {
        switch self {
        case .invalid(let field, let reason): "\(field) \(reason)"
        case .notFound(let what): "\(what) is not known"
        case .conflict(let why), .unavailable(let why): why
        }
    }

    /// What a store's refusal means to who asked.
    package init(_ error: StoreError) {
        switch error.code {
        case .notFound: self = .notFound(error.detail)
        case .conflict: self = .conflict(error.detail)
        default: self = .unavailable("\(error)")
        }
    }
}
