import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: LinkStore {
    package func keepLink(_ link: TrackedLink) async throws(StoreError) -> TrackedLink {
        try await database.write("keep a link") { db in
            try db.execute(
                cached: Self.insertLink,
                [
                    link.code, link.url, link.businessID.rawValue, link.storedRun,
                    link.madeAt.millisecondsSinceEpoch,
                ]
            )
            let select = try RawStatement(db, Self.selectLinkOfAddress)
            select.bind(link.businessID.rawValue, at: 1)
            select.bind(text: link.url, at: 2)
            select.bind(link.storedRun, at: 3)
            guard let kept = try select.first(Self.link) else {
                throw StoreError(.conflict, during: "keep a link", detail: "the code is another link's")
            }
            return kept
        }
    }

    package func link(_ code: String) async throws(StoreError) -> TrackedLink? {
        try await database.read("read a link") { db in
            let select = try RawStatement(db, Self.selectLink)
            select.bind(text: code, at: 1)
            return try select.first(Self.link)
        }
    }

    package func addClicks(_ clicks: [ClickHour: Int]) async throws(StoreError) {
        try await database.write("add clicks", isShort: false) { db in
            let add = try RawStatement(db, Self.addClicks)
            for (hour, count) in clicks {
                add.bind(text: hour.code, at: 1)
                add.bind(hour.hour, at: 2)
                add.bind(count, at: 3)
                try add.run()
            }
        }
    }

    package func links(
        of businessID: BusinessID,
        after code: String?,
        limit: Int
    ) async throws(StoreError) -> [LinkClicks] {
        try await database.read("read links") { db in
            let select = try RawStatement(db, Self.selectLinks)
            select.bind(businessID.rawValue, at: 1)
            select.bind(text: code ?? "", at: 2)
            select.bind(limit, at: 3)
            var links: [TrackedLink] = []
            try select.forEachRow { links.append(try Self.link($0)) }
            let hours = try RawStatement(db, Self.selectClicks)
            return try links.map { link in
                hours.bind(text: link.code, at: 1)
                var clicks: [LinkClicks.Hour] = []
                try hours.forEachRow { row in
                    let hour = ClickHour(code: link.code, hour: row.int64(0))
                    clicks.append(LinkClicks.Hour(start: hour.start, count: row.int(1)))
                }
                return LinkClicks(link: link, hours: clicks)
            }
        }
    }

    package func clicks(of run: CampaignRunID, limit: Int) async throws(StoreError) -> CampaignClicks? {
        try await database.read("read an occurrence's clicks") { db in
            let select = try RawStatement(db, Self.selectClicksOfRun)
            select.bind(run.rawValue, at: 1)
            select.bind(limit, at: 2)
            var links: [CampaignClicks.Link] = []
            var (linkCount, count) = (0, 0)
            try select.forEachRow { row in
                links.append(CampaignClicks.Link(code: row.text(0), url: row.text(1), count: row.int(2)))
                (linkCount, count) = (row.int(3), row.int(4))
            }
            return links.isEmpty ? nil : CampaignClicks(links: links, linkCount: linkCount, count: count)
        }
    }

    private static func link(_ row: RawStatement) throws -> TrackedLink {
        TrackedLink(
            code: row.text(0),
            url: row.text(1),
            businessID: BusinessID(rawValue: row.int64(2)),
            campaignRun: row.int64(3) == 0 ? nil : CampaignRunID(rawValue: row.int64(3)),
            madeAt: Moment(millisecondsSinceEpoch: row.int64(4))
        )
    }

    private static let columns = "code, url, business_id, run, made_at"

    private static let insertLink = "INSERT OR IGNORE INTO link (\(columns)) VALUES (?, ?, ?, ?, ?)"

    static let selectLink = "SELECT \(columns) FROM link WHERE code = ?"

    static let selectLinkOfAddress =
        "SELECT \(columns) FROM link WHERE business_id = ? AND url = ? AND run = ?"

    static let selectLinks =
        "SELECT \(columns) FROM link WHERE business_id = ? AND code > ? ORDER BY code LIMIT ?"

    static let selectClicksOfRun = """
        SELECT link.code, link.url, coalesce(sum(click.count), 0) AS clicks, count(*) OVER (),
            sum(coalesce(sum(click.count), 0)) OVER ()
        FROM link LEFT JOIN click ON click.code = link.code
        WHERE link.run = ? AND link.run > 0 GROUP BY link.code ORDER BY clicks DESC, link.code LIMIT ?
        """

    static let selectClicks = "SELECT hour, count FROM click WHERE code = ? ORDER BY hour"

    private static let addClicks = """
        INSERT INTO click (code, hour, count) SELECT code, ?2, ?3 FROM link WHERE code = ?1
        ON CONFLICT (code, hour) DO UPDATE SET count = count + excluded.count
        """
}

extension TrackedLink {
    /// What stands for no occurrence is 0, since nulls are never the same.
    fileprivate var storedRun: Int64 { campaignRun?.rawValue ?? 0 }
}
