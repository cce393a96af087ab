import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Console

@Suite struct ReconciliationTests {
    static func keep(_ bench: ConsoleBench, _ account: Int64, _ number: Int, rows: Int = 0) async throws {
        let day = try #require(CalendarDay(number: number))
        var ours = OwnDay()
        (ours.calls, ours.accepted, ours.delivered, ours.unknown) = (3, 1_000, 990, rows)
        var theirs = TheirDay(source: .statistics)
        theirs.accepted = 1_000 + rows
        let result = Reconciliation(
            account: AccountID(rawValue: account),
            day: day,
            ours: ours,
            theirs: theirs,
            verdict: rows > 0 ? .differs : .agrees,
            differences: rows > 0 ? [DayDifference(.accepted, ours: 1_000, theirs: 1_000 + rows)] : [],
            rows: rows,
            madeAt: bench.clock.calendar.now
        )
        let all = (0..<rows).map { Self.row($0, at: bench.clock.calendar.now) }
        try await bench.books.putReconciliation(result, rows: all)
    }

    /// The first is a receipt of nobody's.
    private static func row(_ place: Int, at moment: Moment) -> ReconciliationRow {
        let isStray = place == 0
        return ReconciliationRow(
            kind: isStray ? .stray : .unconfirmed,
            message: isStray ? nil : MessageID(rawValue: 4_096 + Int64(place)),
            recipient: "+861380013000\(place)",
            reference: "<r\(place)>",
            state: isStray ? .delivered : .unknown,
            charge: 1,
            at: moment,
            code: ""
        )
    }

    @Test func `days are listed, one is told with the rows behind it`() async throws {
        try await ConsoleBench.use { bench in
            try await Self.keep(bench, 2, 20_300_113)
            try await Self.keep(bench, 2, 20_300_114, rows: 3)
            try await Self.keep(bench, 3, 20_300_114)
            let all = try await bench.get("/api/v1/reconciliations")
            #expect(all["items.0.account"] == 3 && all["items.1.account"] == 2)
            #expect(all["items.1.verdict"] == "differs")
            #expect(all["items.1.differences.0.figure"] == "accepted")
            #expect(all["items.2.day"] == 20_300_113)
            let first = try await bench.get("/api/v1/reconciliations?limit=1")
            let next = try #require(first["next"].text)
            let second = try await bench.get("/api/v1/reconciliations?limit=1&after=\(next)")
            #expect(second["items.0.account"] == 2)
            let day = try await bench.get("/api/v1/reconciliations?day=20300113")
            #expect(day["items.0.verdict"] == "agrees" && day["items.1"] == .null)
            let one = try await bench.get("/api/v1/reconciliations/20300114/2")
            #expect(one["ours.accepted"] == 1_000 && one["theirs.accepted"] == 1_003)
            #expect(one["theirs.segments"] == .null)
            let rows = try await bench.get("/api/v1/reconciliations/20300114/2/rows?limit=2")
            #expect(rows["items.0.kind"] == "stray" && rows["items.0.messageId"] == .null)
            #expect(rows["items.1.messageId"] == "4097" && rows["next"] == 2)
            let rest = try await bench.get("/api/v1/reconciliations/20300114/2/rows?limit=2&after=2")
            #expect(rest["items.0.messageId"] == "4098" && rest["next"] == .null)
        }
    }

    @Test(arguments: [
        ("/api/v1/reconciliations/20300114/9", 404), ("/api/v1/reconciliations/20300114/9/rows", 404),
        ("/api/v1/reconciliations/20301399/2", 400), ("/api/v1/reconciliations/20300114/x", 400),
        ("/api/v1/reconciliations?day=1", 400), ("/api/v1/reconciliations?after=x", 400),
    ])
    func `what is not there, or makes no sense, is told`(path: String, status: Int) async throws {
        try await ConsoleBench.use { bench async throws in
            #expect(try await bench.get(path).status == status)
            #expect(try await bench.call("GET", path, token: nil).status == 401)
        }
    }
}
