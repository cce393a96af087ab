import Groundwork
import PushEngine
import TestKit

extension ConsoleBench {
    /// Makes a short link of an occurrence and follows it so often.
    func follow(_ url: String, of run: CampaignRunID, code: String, times: Int) async throws {
        let link = TrackedLink(
            code: code,
            url: url,
            businessID: BusinessID(rawValue: 2_000_000_120_300_115),
            campaignRun: run,
            madeAt: clock.calendar.now
        )
        _ = try await books.keepLink(link)
        guard times > 0 else { return }
        try await books.addClicks([ClickHour(code: code, at: clock.calendar.now): times])
    }
}
