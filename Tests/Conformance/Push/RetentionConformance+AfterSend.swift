import Groundwork
import PushEngine
import TestKit
import Testing

/// What happens around and after the send: comparisons, links, and copies of media files.
extension RetentionConformance {
    static let afterwards: [Clause<PushRig>] = [
        Clause("rows behind old comparisons go, then their results, younger ones stay whole") { rig in
            let days = [20_260_301, 20_260_302, 20_260_303].compactMap(CalendarDay.init(number:))
            for (number, day) in days.enumerated() {
                let made = rig.now
                try await rig.books.putReconciliation(
                    comparison(of: day, rows: 3, at: made),
                    rows: rows(3, made)
                )
                if number == 1 { rig.clock.advance(by: RetentionConformance.day * 2) }
            }
            let cut = rig.now - RetentionConformance.day
            #expect(try await rig.books.removeReconciliations(before: cut, limit: 9) == 0)
            #expect(try await rig.books.removeRemains(before: cut, limit: 4) == 4)
            #expect(try await rig.books.removeReconciliations(before: cut, limit: 9) == 1)
            #expect(try await rig.books.removeRemains(before: cut, limit: 4) == 2)
            #expect(try await rig.books.removeRemains(before: cut, limit: 4) == 0)
            let left = try await rig.books.reconciliations(day: nil, after: nil, limit: 9)
            #expect(left.count == 2 && left.allSatisfy { $0.rows == 3 })
            #expect(try await rig.books.removeReconciliations(before: cut, limit: 1) == 1)
            #expect(try await rig.books.removeReconciliations(before: cut, limit: 1) == 0)
            let young = try await rig.books.reconciliations(day: nil, after: nil, limit: 9)
            #expect(young.map(\.day) == [days[2]])
            let kept = try await rig.books.reconciliationRows(
                of: PushRig.account,
                day: days[2],
                after: 0,
                limit: 9
            )
            #expect(kept.count == 3)
        },
        Clause("a link goes with all of its clicks when nobody has followed it for long") { rig in
            let id = BusinessID(rawValue: 2_000_001_720_260_401)
            for number in 0..<5 {
                let url = "https://a.example/\(number)"
                let link = TrackedLink(code: "link0000\(number)", url: url, businessID: id, madeAt: rig.now)
                _ = try await rig.books.keepLink(link)
                try await rig.books.addClicks([ClickHour(code: link.code, at: rig.now): 2])
            }
            rig.clock.advance(by: RetentionConformance.day * 2)
            try await rig.books.addClicks([ClickHour(code: "link00003", at: rig.now): 1])
            let young = TrackedLink(
                code: "young0001",
                url: "https://b.example/",
                businessID: id,
                madeAt: rig.now
            )
            _ = try await rig.books.keepLink(young)
            let cut = rig.now - RetentionConformance.day
            let removed = [3, 1, 0]
            for count in removed {
                #expect(try await rig.books.removeLinks(unusedSince: cut, limit: 3) == count)
            }
            let left = try await rig.books.links(of: id, after: nil, limit: 9)
            #expect(left.map(\.link.code) == ["link00003", young.code])
            #expect(left.map(\.count) == [3, 0])
            #expect(try await rig.books.link("link00000") == nil)
            // Who followed it a moment ago brings nothing back.
            try await rig.books.addClicks([ClickHour(code: "link00000", at: rig.now): 1])
            let again = TrackedLink(
                code: "link00000",
                url: "https://c.example/",
                businessID: id,
                madeAt: rig.now
            )
            _ = try await rig.books.keepLink(again)
            let found = try await rig.books.links(of: id, after: nil, limit: 1)
            #expect(found == [LinkClicks(link: again, hours: [])])
            rig.clock.advance(by: RetentionConformance.day * 2)
            #expect(
                try await rig.books.removeLinks(unusedSince: rig.now - RetentionConformance.day, limit: 9)
                    == 3
            )
        },
        Clause("copies of media files go when they expired long ago, and nobody uploads them anew") { rig in
            let draft = MediaDraft(
                name: "logo.png",
                channel: .weComApp,
                type: .image,
                format: .png,
                digest: String(repeating: "a", count: 64),
                byteCount: 9,
                createdBy: "ann"
            )
            let file = try await rig.books.putMedia(draft).id
            let lives: [Duration?] = [
                .seconds(60), .seconds(60), RetentionConformance.day * 5, nil, .seconds(60),
            ]
            for (number, life) in lives.enumerated() {
                let account = AccountID(rawValue: Int64(number + 1))
                let turn = try await rig.books.takeMediaTurn(
                    of: file,
                    at: account,
                    after: .none,
                    for: RetentionConformance.day
                )
                let expiry = life.map { rig.now + $0 }
                let copy = MediaCopy.Reference(name: "\(number)", uploadedAt: rig.now, expiresAt: expiry)
                let first = try #require(turn)
                #expect(try await rig.books.endMediaTurn(first, of: file, at: account, with: copy))
                guard number == 4 else { continue }
                let next = try await rig.books.takeMediaTurn(
                    of: file,
                    at: account,
                    after: first,
                    for: RetentionConformance.day * 9
                )
                #expect(next != nil)
            }
            #expect(try await rig.books.removeRemains(before: rig.now, limit: 1) == 0)
            rig.clock.advance(by: RetentionConformance.day * 2)
            for count in [1, 1, 0] {
                #expect(
                    try await rig.books.removeRemains(before: rig.now - RetentionConformance.day, limit: 1)
                        == count
                )
            }
            let left = try await rig.books.mediaCopies(of: [file]).map(\.account.rawValue)
            #expect(left.sorted() == [3, 4, 5])
            // Whoever wants it there begins anew.
            let account = AccountID(rawValue: 1)
            let turn = try await rig.books.takeMediaTurn(
                of: file,
                at: account,
                after: .none,
                for: RetentionConformance.day
            )
            #expect(turn != nil)
        },
    ]

    private static func comparison(of day: CalendarDay, rows: Int, at moment: Moment) -> Reconciliation {
        Reconciliation(
            account: PushRig.account,
            day: day,
            ours: OwnDay(),
            theirs: TheirDay(source: .receipts, strays: 0),
            verdict: .agrees,
            differences: [],
            rows: rows,
            madeAt: moment
        )
    }

    private static func rows(_ count: Int, _ moment: Moment) -> [ReconciliationRow] {
        (0..<count)
            .map { number in
                ReconciliationRow(
                    kind: .stray,
                    message: nil,
                    recipient: "r\(number)",
                    reference: "",
                    state: .undelivered,
                    charge: 1,
                    at: moment,
                    code: ""
                )
            }
    }
}
