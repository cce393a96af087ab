import Groundwork
import Testing

@testable import PushEngine

/// Numbers of an occurrence, taken while it runs.
@Suite struct CampaignProgressTests {
    @Test func `what is sent is done, and what has its last state is settled`() {
        let progress = progress(read: 60, [.queued: 10, .accepted: 20, .delivered: 25])
        #expect(progress.share == 0.5)
        #expect(progress.settledShare == 0.3)
    }

    @Test func `tallies that are ahead of the rows read leave nothing less than nothing done`() {
        let progress = progress(read: 0, [.queued: 40])
        #expect(progress.share == 0)
        #expect(progress.settledShare == 0)
    }

    @Test func `a crowd of nobody is done at once`() {
        #expect(progress(of: 0, read: 0, [:]).settledShare == 1)
    }

    private func progress(
        of rows: Int64 = 100,
        read: Int64,
        _ states: [DeliveryState: Int]
    ) -> CampaignProgress {
        let start = Moment(secondsSinceEpoch: 1_800_000_000)
        let run = CampaignRun(
            id: CampaignRunID(rawValue: 1),
            campaign: CampaignID(rawValue: 1),
            plannedAt: start,
            templateVersion: 1,
            state: .running,
            startedAt: start,
            readAt: nil,
            rowsRead: read,
            refused: [:],
            shards: []
        )
        let tallies = states.map {
            Tally(
                day: 20_270_115,
                template: TemplateID(rawValue: 1),
                campaignRun: run.id,
                account: nil,
                state: $0.key,
                count: $0.value,
                charge: 0
            )
        }
        return CampaignProgress(run: run, rowCount: rows, tallies: tallies)
    }
}
