package import Groundwork

/// An address that short links lead to.
package struct TrackedLink: Hashable, Sendable {
    /// What stands in the short link.
    package let code: String
    /// The address with its tracking parameter.
    package let url: String
    package let businessID: BusinessID
    /// The occurrence of a campaign that alone has it in its messages; nil for those that came by the API.
    package let campaignRun: CampaignRunID?
    package let madeAt: Moment

    package init(
        code: String,
        url: String,
        businessID: BusinessID,
        campaignRun: CampaignRunID? = nil,
        madeAt: Moment
    ) {
        self.code = code
        self.url = url
        self.businessID = businessID
        self.campaignRun = campaignRun
        self.madeAt = madeAt
    }
}

/// Clicks are counted by link and hour.
package struct ClickHour: Hashable, Sendable {
    package let code: String
    /// Whole hours since 1970.
    package let hour: Int64

    package init(code: String, hour: Int64) {
        self.code = code
        self.hour = hour
    }

    package init(code: String, at moment: Moment) {
        self.init(code: code, hour: moment.secondsSinceEpoch / 3_600)
    }

    /// When it begins.
    package var start: Moment { Moment(secondsSinceEpoch: hour * 3_600) }
}

/// A link and how often it was clicked.
package struct LinkClicks: Hashable, Sendable {
    package let link: TrackedLink
    /// By hour, the earliest first; hours without a click are missing.
    package let hours: [Hour]

    /// The clicks of one hour.
    package struct Hour: Hashable, Sendable {
        package let start: Moment
        package let count: Int

        package init(start: Moment, count: Int) {
            self.start = start
            self.count = count
        }
    }

    package init(link: TrackedLink, hours: [Hour]) {
        self.link = link
        self.hours = hours
    }

    package var count: Int { hours.reduce(0) { $0 + $1.count } }
}

/// How often the links of one occurrence of a campaign were followed.
package struct CampaignClicks: Hashable, Sendable {
    /// The links that were followed most, those first, as many as were asked for.
    package let links: [Link]
    /// How many links there are.
    package let linkCount: Int
    /// The clicks of all of them.
    package let count: Int

    /// A link and its clicks.
    package struct Link: Hashable, Sendable {
        package let code: String
        package let url: String
        package let count: Int

        package init(code: String, url: String, count: Int) {
            self.code = code
            self.url = url
            self.count = count
        }
    }

    package init(links: [Link], linkCount: Int, count: Int) {
        self.links = links
        self.linkCount = linkCount
        self.count = count
    }
}

/// Short links and their clicks.
package protocol LinkStore: Sendable {
    /// Keeps a link; when its address is known for the same business id and occurrence, the one that is known
    /// comes back.
    ///
    /// Whoever asks for the same address at the same time gets the same code, and when it returns the link survives a
    /// crash. Throws `.conflict` when the code is another address's.
    func keepLink(_ link: TrackedLink) async throws(StoreError) -> TrackedLink

    /// The link with that code; nil when there is none.
    func link(_ code: String) async throws(StoreError) -> TrackedLink?

    /// Adds clicks to those that are counted already, all of them in one step; those of a link that is not there, or not
    /// any more, count nowhere.
    func addClicks(_ clicks: [ClickHour: Int]) async throws(StoreError)

    /// The links of a business id with their clicks, by code, those after one.
    func links(
        of businessID: BusinessID,
        after code: String?,
        limit: Int
    ) async throws(StoreError) -> [LinkClicks]

    /// The clicks of an occurrence, with the `limit` links that have most of them; nil when it has no links.
    func clicks(of run: CampaignRunID, limit: Int) async throws(StoreError) -> CampaignClicks?
}
