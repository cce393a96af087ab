import Groundwork
import PushEngine
import TestKit
import Testing

/// What every `LinkStore` must keep.
package enum LinkConformance {
    package static let clauses: [Clause<PushRig>] = [
        Clause("a link that is kept is found by its code, and no other is") { rig in
            let link = made("aaaaaaaa1", "https://a.example/?x=1", rig)
            let kept = try await rig.books.keepLink(link)
            #expect(kept == link)
            #expect(try await rig.books.link("aaaaaaaa1") == link)
            #expect(try await rig.books.link("aaaaaaaA1") == nil)
            #expect(try await rig.books.link("") == nil)
        },
        Clause("an address has one code for a business id, whoever asks for it, also at once") { rig in
            let codes = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        let link = made("code0000\(number % 10)\(number / 10)", "https://a.example/", rig)
                        return try await rig.books.keepLink(link).code
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(codes.count == 1)
            let other = made("other0001", "https://a.example/", rig, day: 20_260_402)
            #expect(try await rig.books.keepLink(other) == other)
        },
        Clause("a code that is another address's is not given away") { rig in
            let first = made("aaaaaaaa1", "https://a.example/", rig)
            _ = try await rig.books.keepLink(first)
            await expectStoreError(.conflict) {
                _ = try await rig.books.keepLink(made("aaaaaaaa1", "https://b.example/", rig))
            }
            #expect(try await rig.books.link("aaaaaaaa1") == first)
        },
        Clause("clicks add up by hour, those of many who count at once too") { rig in
            let link = made("aaaaaaaa1", "https://a.example/", rig)
            _ = try await rig.books.keepLink(link)
            let (early, late) = (ClickHour(code: link.code, hour: 500), ClickHour(code: link.code, hour: 502))
            try await withThrowingTaskGroup { group in
                for _ in 0..<20 {
                    group.addTask {
                        let others = ClickHour(code: "zzzzzzzz1", hour: 1)
                        try await rig.books.addClicks([late: 3, early: 1, others: 5])
                    }
                }
                try await group.waitForAll()
            }
            try await rig.books.addClicks([:])
            let found = try await rig.books.links(of: link.businessID, after: nil, limit: 9)
            let hours = [
                LinkClicks.Hour(start: early.start, count: 20), LinkClicks.Hour(start: late.start, count: 60),
            ]
            #expect(found == [LinkClicks(link: link, hours: hours)])
            #expect(found.first?.count == 80)
        },
        Clause("clicks of a link that is not there count nowhere, also when it comes later") { rig in
            let link = made("aaaaaaaa1", "https://a.example/", rig)
            try await rig.books.addClicks([ClickHour(code: link.code, hour: 500): 3])
            _ = try await rig.books.keepLink(link)
            let found = try await rig.books.links(of: link.businessID, after: nil, limit: 9)
            #expect(found == [LinkClicks(link: link, hours: [])])
        },
        Clause("each occurrence has links and clicks of its own, those that are followed most first") { rig in
            let run = CampaignRunID(rawValue: 7)
            #expect(try await rig.books.clicks(of: run, limit: 9) == nil)
            let urls = ["https://a.example/", "https://b.example/", "https://c.example/"]
            for (letter, owner) in [("A", nil), ("B", 7), ("C", 8)] as [(String, Int64?)] {
                let owner = owner.map { CampaignRunID(rawValue: $0) }
                for (number, url) in urls.enumerated() {
                    let link = made("link0000\(letter)\(number)", url, rig, run: owner)
                    #expect(try await rig.books.keepLink(link) == link)
                    let again = made("other000\(letter)\(number)", url, rig, run: owner)
                    #expect(try await rig.books.keepLink(again) == link)
                }
            }
            func hour(_ code: String, _ hour: Int64) -> ClickHour { ClickHour(code: code, hour: hour) }
            try await rig.books.addClicks([
                hour("link0000B2", 1): 4, hour("link0000B2", 2): 5, hour("link0000B0", 1): 3,
                hour("link0000A0", 1): 70, hour("link0000C2", 1): 50,
            ])
            let links = [("link0000B2", 2, 9), ("link0000B0", 0, 3), ("link0000B1", 1, 0)]
                .map { CampaignClicks.Link(code: $0.0, url: urls[$0.1], count: $0.2) }
            let all = CampaignClicks(links: links, linkCount: 3, count: 12)
            #expect(try await rig.books.clicks(of: run, limit: 9) == all)
            let most = CampaignClicks(links: Array(links[..<1]), linkCount: 3, count: 12)
            #expect(try await rig.books.clicks(of: run, limit: 1) == most)
            #expect(try await rig.books.clicks(of: CampaignRunID(rawValue: 8), limit: 1)?.count == 50)
            #expect(try await rig.books.clicks(of: CampaignRunID(rawValue: 0), limit: 1) == nil)
            let id = made("", "", rig).businessID
            #expect(try await rig.books.links(of: id, after: nil, limit: 50).count == 9)
        },
        Clause("the links of a business id come by code, page by page, those of others do not") { rig in
            var all: [TrackedLink] = []
            for code in ["Zbbbbbbb1", "abbbbbbb1", "0bbbbbbb1", "Abbbbbbb1"] {
                all.append(try await rig.books.keepLink(made(code, "https://a.example/\(code)", rig)))
            }
            _ = try await rig.books.keepLink(made("other0001", "https://a.example/", rig, day: 20_260_402))
            let id = all[0].businessID
            let found = try await rig.books.links(of: id, after: nil, limit: 9).map(\.link)
            #expect(found == [all[2], all[3], all[0], all[1]])
            let page = try await rig.books.links(of: id, after: found[0].code, limit: 2).map(\.link)
            #expect(page == Array(found[1...2]))
        },
    ]

    private static func made(
        _ code: String,
        _ url: String,
        _ rig: PushRig,
        day: Int64 = 20_260_401,
        run: CampaignRunID? = nil
    ) -> TrackedLink {
        TrackedLink(
            code: code,
            url: url,
            businessID: BusinessID(rawValue: 2_000_001_700_000_000 + day % 100_000_000),
            campaignRun: run,
            madeAt: rig.now
        )
    }
}
