package import Groundwork

/// Crowd files, campaigns and their occurrences.
package protocol CampaignStore: Sendable {
    /// Registers a crowd file; one with the same digest is recognised and comes back as it is.
    ///
    /// Throws `.conflict` while one with that digest is retired (`RetentionStore`) and its bytes may go.
    func putCrowd(_ crowd: CrowdFile) async throws(StoreError) -> CrowdFile

    /// Notes that a crowd file is about to be taken in again, so that it is not retired meanwhile; does nothing when
    /// it is not registered.
    ///
    /// Throws `.conflict` as `putCrowd` does.
    func touchCrowd(_ digest: String) async throws(StoreError)

    /// The crowd file with that digest; nil when there is none, or it is retired.
    func crowd(_ digest: String) async throws(StoreError) -> CrowdFile?

    /// Stores a campaign.
    ///
    /// Throws `.notFound` when there is no such crowd file.
    func createCampaign(_ draft: CampaignDraft) async throws(StoreError) -> Campaign

    /// The campaign; nil when there is none.
    func campaign(_ id: CampaignID) async throws(StoreError) -> Campaign?

    /// Campaigns, newest first, those before `id`.
    func campaigns(before id: CampaignID?, limit: Int) async throws(StoreError) -> [Campaign]

    /// Moves a campaign and its occurrences to another state, in one step: those that read or wait stand still
    /// with a paused campaign, go on with an active one, and are over with a cancelled one.
    ///
    /// Answers with the occurrences, in their new state, that were to follow: those that read, stood still or
    /// have messages that wait, also when they were in that state before.
    /// Throws `.notFound` when there is no such campaign, and `.conflict` when it is cancelled, which is for
    /// good; cancelling it again is no conflict.
    func setCampaign(_ id: CampaignID, _ state: CampaignState) async throws(StoreError) -> [CampaignRun]

    /// Remembers which scheduler job fires the campaign.
    func setCampaign(_ id: CampaignID, job: Int64) async throws(StoreError)
}

/// The occurrences of campaigns and their progress.
package protocol CampaignRunStore: Sendable {
    /// The campaign's occurrence of that planned instant: made when it is new, with one cursor per shard.
    ///
    /// It pins the template's version. Whoever asks again, after a crash or as a retry, gets the same one. A new
    /// one of a paused campaign is paused; of a cancelled campaign none is made, and `.conflict` is thrown.
    func openRun(
        _ campaign: CampaignID,
        plannedAt: Moment,
        templateVersion: Int
    ) async throws(StoreError) -> CampaignRun

    /// The occurrence; nil when there is none.
    func campaignRun(_ id: CampaignRunID) async throws(StoreError) -> CampaignRun?

    /// Occurrences of a campaign (or of all), newest first, those before `run`.
    func campaignRuns(
        of campaign: CampaignID?,
        before run: CampaignRunID?,
        limit: Int
    ) async throws(StoreError) -> [CampaignRun]

    /// The occurrences that stand still.
    func pausedRuns() async throws(StoreError) -> Set<CampaignRunID>

    /// Cancelled occurrences of which something still waits: whoever cancelled them did not get to its end.
    func halfCancelledRuns() async throws(StoreError) -> [CampaignRunID]

    /// Takes back all that waits of a cancelled occurrence, up to `limit` messages a call; returns how many.
    func recallAll(of run: CampaignRunID, limit: Int) async throws(StoreError) -> Int

    /// The refused rows of an occurrence in file order, those after `row`.
    func rejects(
        of run: CampaignRunID,
        after row: Int64,
        limit: Int
    ) async throws(StoreError) -> [RowReject]
}
