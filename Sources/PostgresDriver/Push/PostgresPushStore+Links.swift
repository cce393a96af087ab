package import Groundwork
package import PushEngine

extension PostgresPushStore: LinkStore {
    package func keepLink(_ link: TrackedLink) async throws(StoreError) -> TrackedLink {
        try await pool.write("keep a link") { transaction in
            let known: [PostgresValue] = [
                .int(link.businessID.rawValue), .text(link.url), .int(link.campaignRun?.rawValue ?? 0),
            ]
            // Whoever writes the same at the same time is waited for, and then seen by the statement that follows.
            try transaction.run(
                Self.insertLink,
                [.text(link.code)] + known + [.int(link.madeAt.millisecondsSinceEpoch)]
            )
            guard let kept = try transaction.run(Self.selectLinkOfAddress, known).first else {
                throw StoreError(.conflict, during: "keep a link", detail: "the code is another link's")
            }
            return Self.link(kept)
        }
    }

    package func link(_ code: String) async throws(StoreError) -> TrackedLink? {
        try await pool.read("read a link") { link in
            try link.run(Self.selectLink, .text(code)).first.map(Self.link)
        }
    }

    package func addClicks(_ clicks: [ClickHour: Int]) async throws(StoreError) {
        // In one order, so that two processes do not wait for each other.
        let all = clicks.sorted { ($0.key.code, $0.key.hour) < ($1.key.code, $1.key.hour) }
        guard !all.isEmpty else { return }
        try await pool.write("add clicks") { link in
            _ = try link.run(
                Self.addClicks,
                .texts(all.map(\.key.code)),
                .ints(all.map(\.key.hour)),
                .ints(all.map { Int64($0.value) })
            )
        }
    }

    package func links(
        of businessID: BusinessID,
        after code: String?,
        limit: Int
    ) async throws(StoreError) -> [LinkClicks] {
        try await pool.read("read links") { link in
            let links =
                try link.run(
                    Self.selectLinks,
                    .int(businessID.rawValue),
                    .text(code ?? ""),
                    .int(limit)
                )
                .map(Self.link)
            var hours: [String: [LinkClicks.Hour]] = [:]
            _ = try link.run(Self.selectClicks, .texts(links.map(\.code)))
                .map { row in
                    let hour = ClickHour(code: row.text(0), hour: row.int64(1))
                    hours[hour.code, default: []]
                        .append(LinkClicks.Hour(start: hour.start, count: row.int(2)))
                }
            return links.map { LinkClicks(link: $0, hours: hours[$0.code] ?? []) }
        }
    }

    package func clicks(of run: CampaignRunID, limit: Int) async throws(StoreError) -> CampaignClicks? {
        try await pool.read("read an occurrence's clicks") { link in
            let rows = try link.run(Self.selectClicksOfRun, .int(run.rawValue), .int(limit))
            guard let first = rows.first else { return nil }
            return CampaignClicks(
                links: rows.map { row in
                    CampaignClicks.Link(code: row.text(0), url: row.text(1), count: row.int(2))
                },
                linkCount: first.int(3),
                count: first.int(4)
            )
        }
    }

    private static func link(_ row: PostgresRow) -> TrackedLink {
        TrackedLink(
            code: row.text(0),
            url: row.text(1),
            businessID: BusinessID(rawValue: row.int64(2)),
            campaignRun: row.int64(3) == 0 ? nil : CampaignRunID(rawValue: row.int64(3)),
            madeAt: row.moment(4)
        )
    }

    private static let columns = "code, url, business_id, run, made_at"

    static let selectLink = "SELECT \(columns) FROM link WHERE code = $1"

    static let selectLinkOfAddress =
        "SELECT \(columns) FROM link WHERE business_id = $1 AND url = $2 AND run = $3"

    static let selectLinks =
        "SELECT \(columns) FROM link WHERE business_id = $1 AND code > $2 ORDER BY code LIMIT $3"

    static let selectClicksOfRun = """
        SELECT link.code, link.url, coalesce(sum(click.count), 0)::bigint AS clicks, count(*) OVER (),
            (sum(coalesce(sum(click.count), 0)) OVER ())::bigint
        FROM link LEFT JOIN click ON click.code = link.code
        WHERE link.run = $1 AND link.run > 0 GROUP BY link.code
        ORDER BY clicks DESC, link.code LIMIT $2
        """

    static let selectClicks = "SELECT code, hour, count FROM click WHERE code = ANY ($1) ORDER BY code, hour"

    private static let insertLink = """
        INSERT INTO link (code, business_id, url, run, made_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
        """

    private static let addClicks = """
        INSERT INTO click (code, hour, count)
        SELECT new.code, new.hour, new.count FROM unnest($1::text[], $2::bigint[], $3::bigint[])
            WITH ORDINALITY AS new (code, hour, count, place)
        JOIN link ON link.code = new.code ORDER BY place FOR KEY SHARE OF link
        ON CONFLICT (code, hour) DO UPDATE SET count = click.count + excluded.count
        """
}
