import Groundwork
import PushEngine
import TestKit
import Testing

/// What every `ReconciliationStore` must keep.
package enum ReconciliationConformance {
    package static let clauses: [Clause<PushRig>] = calls + results

    private static let calls: [Clause<PushRig>] = [
        Clause("a call is told with how it ended for each member and where each stands now") { rig in
            let phones = PushRig.phones(4)
            let batch = try await rig.admit(phones, template: 5)
            let intent = try await rig.call(batch, [0, 1, 3])
            let calledAt = rig.now
            let results: [CallResult] = [
                .accepted(reference: "s-0", charge: 2), .failed(code: "x"), .unknown(detail: "late"),
            ]
            rig.clock.advance(by: .seconds(1))
            try await rig.books.conclude([IntentOutcome(intent: intent, results: results)], of: batch)
            _ = try await rig.apply([rig.receipt(phones[0], intent)])
            let call = try #require(try await read(rig).first)
            #expect(call.place == ListPlace(at: calledAt, number: intent.id.rawValue))
            #expect(call.account == PushRig.account)
            #expect(call.template == TemplateID(rawValue: 5))
            #expect(call.members.map(\.recipient) == [phones[0], phones[1], phones[3]])
            #expect(call.members.map(\.message) == [0, 1, 3].map { MessageID(batch: batch, index: $0) })
            #expect(call.members.map(\.answer) == results)
            #expect(call.members.map(\.state) == [.delivered, .failed, .unknown])
            #expect(call.members.map(\.charge) == [2, 0, 0])
            #expect(call.members[0].holder == PushRig.account)
            #expect(call.members.map(\.isLast) == [true, true, true])
        },
        Clause("a call without an answer is told too, and a later one of a member makes it no last one") {
            rig in
            let batch = try await rig.admit(PushRig.phones(2))
            let first = try await rig.call(batch, [0, 1])
            let open = try #require(try await read(rig).first)
            #expect(open.members.map(\.answer) == [nil, nil])
            try await rig.books.conclude(
                [IntentOutcome(intent: first, results: [.again(code: "busy"), .failed(code: "x")])],
                of: batch
            )
            _ = try await rig.call(batch, [0], account: AccountID(rawValue: 8))
            let call = try #require(try await read(rig).first)
            #expect(call.members.map(\.isLast) == [false, true])
        },
        Clause("calls come in order, page by page, those of one account and of the day alone") { rig in
            var made: [Int64] = []
            for step in 0..<6 {
                let batch = try await rig.admit(PushRig.phones(2, from: step * 2))
                made.append(try await rig.call(batch, [0]).id.rawValue)
                _ = try await rig.call(batch, [1], account: AccountID(rawValue: 8))
                if step.isMultiple(of: 2) { rig.clock.advance(by: .seconds(1)) }
            }
            let all = try await read(rig)
            #expect(all.map(\.place.number) == made)
            var paged: [Int64] = []
            var last: ListPlace?
            repeat {
                let page = try await read(rig, after: last, limit: 2)
                #expect(page.count <= 2)
                paged += page.map(\.place.number)
                last = page.last?.place
            } while last != nil
            #expect(paged == made)
            #expect(try await read(rig, AccountID(rawValue: 8)).count == 6)
            #expect(try await read(rig, AccountID(rawValue: 9)).isEmpty)
            let second = DaySpan(day: day, start: all[1].place.at, end: all[1].place.at + .seconds(1))
            #expect(try await read(rig, in: second).map(\.place.number) == Array(made[1...2]))
        },
        Clause("a batch of an earlier day is told with the day of its call") { rig in
            let batch = try await rig.admit(PushRig.phones(1))
            rig.clock.advance(by: .seconds(3 * 86_400))
            let call = try await rig.call(batch, [0])
            let span = DaySpan(day: day, start: rig.now - .seconds(3_600), end: rig.now + .seconds(3_600))
            #expect(try await read(rig, in: span).map(\.place.number) == [call.id.rawValue])
        },
        Clause("receipts of nobody's come by the instant they tell, of one account and day alone") { rig in
            let strays = (0..<5)
                .map { number in
                    SupplierReceipt(
                        recipient: "+861390000\(number)000",
                        requestKey: number == 1 ? "k-none" : nil,
                        reference: "r-\(number)",
                        delivered: number != 2,
                        code: "C\(number)",
                        at: rig.now + .seconds(number < 2 ? 5 : 10 - number)
                    )
                }
            #expect(try await rig.apply(strays).stray == 5)
            let span = around(rig)
            let all = try await rig.books.strayReceipts(of: PushRig.account, in: span, after: nil, limit: 9)
            #expect(all.map(\.receipt) == [0, 1, 4, 3, 2].map { strays[$0] })
            let rest = try await rig.books.strayReceipts(
                of: PushRig.account,
                in: span,
                after: all[1].place,
                limit: 2
            )
            #expect(rest == Array(all[2...3]))
            let short = DaySpan(day: day, start: span.start, end: rig.now + .seconds(6))
            let early = try await rig.books.strayReceipts(
                of: PushRig.account,
                in: short,
                after: nil,
                limit: 9
            )
            #expect(early == Array(all[...1]))
            let others = try await rig.books.strayReceipts(
                of: AccountID(rawValue: 8),
                in: span,
                after: nil,
                limit: 9
            )
            #expect(others.isEmpty)
        },
    ]

    private static let results: [Clause<PushRig>] = [
        Clause("what is kept comes back whole, and is replaced with its rows") { rig in
            #expect(try await rig.books.reconciliation(of: PushRig.account, day: day) == nil)
            let first = made(rig, .differs, rows: 3)
            try await rig.books.putReconciliation(first, rows: rows(3, at: rig.now))
            #expect(try await rig.books.reconciliation(of: PushRig.account, day: day) == first)
            #expect(try await kept(rig, after: 0, limit: 9) == rows(3, at: rig.now))
            #expect(try await kept(rig, after: 1, limit: 1) == [rows(3, at: rig.now)[1]])
            rig.clock.advance(by: .seconds(60))
            let second = made(rig, .agrees, rows: 1)
            try await rig.books.putReconciliation(second, rows: rows(1, at: rig.now))
            #expect(try await rig.books.reconciliation(of: PushRig.account, day: day) == second)
            #expect(try await kept(rig, after: 0, limit: 9) == rows(1, at: rig.now))
            try await rig.books.putReconciliation(second, rows: [])
            #expect(try await kept(rig, after: 0, limit: 9).isEmpty)
        },
        Clause("results come newest day first, page by page, also those of one day") { rig in
            let days = try [20_260_330, 20_260_331, 20_260_401].map { try #require(CalendarDay(number: $0)) }
            var all: [Reconciliation] = []
            for day in days {
                for account in 1...3 {
                    let result = made(rig, .unchecked, rows: 0, account: Int64(account), day: day)
                    try await rig.books.putReconciliation(result, rows: [])
                    all.append(result)
                }
            }
            all.reverse()
            #expect(try await rig.books.reconciliations(day: nil, after: nil, limit: 20) == all)
            var paged: [Reconciliation] = []
            while paged.count < 9 {
                let page = try await rig.books.reconciliations(
                    day: nil,
                    after: paged.last.map(ReconciliationPlace.init),
                    limit: 4
                )
                try #require(!page.isEmpty)
                paged += page
            }
            #expect(paged == all)
            #expect(
                try await rig.books.reconciliations(day: days[1], after: nil, limit: 9) == Array(all[3...5])
            )
            let rest = try await rig.books.reconciliations(
                day: days[1],
                after: ReconciliationPlace(all[3]),
                limit: 1
            )
            #expect(rest == [all[4]])
        },
    ]

    /// The business day of the rig's noon.
    private static let day = CalendarDay.ofNoon

    private static func around(_ rig: PushRig) -> DaySpan {
        DaySpan(day: day, start: rig.now - .seconds(43_200), end: rig.now + .seconds(43_200))
    }

    private static func read(
        _ rig: PushRig,
        _ account: AccountID = PushRig.account,
        in span: DaySpan? = nil,
        after place: ListPlace? = nil,
        limit: Int = 50
    ) async throws -> [SettledCall] {
        let span = span ?? around(rig)
        return try await rig.books.settledCalls(of: account, in: span, after: place, limit: limit)
    }

    private static func kept(_ rig: PushRig, after place: Int, limit: Int) async throws -> [ReconciliationRow]
    {
        try await rig.books.reconciliationRows(of: PushRig.account, day: day, after: place, limit: limit)
    }

    private static func made(
        _ rig: PushRig,
        _ verdict: Reconciliation.Verdict,
        rows: Int,
        account: Int64 = PushRig.account.rawValue,
        day: CalendarDay = day
    ) -> Reconciliation {
        var ours = OwnDay()
        (ours.calls, ours.accepted, ours.segments, ours.unknown) = (3, 100, 120, 2)
        var theirs = TheirDay(source: .statistics, strays: 4)
        (theirs.accepted, theirs.segments) = (103, 140)
        return Reconciliation(
            account: AccountID(rawValue: account),
            day: day,
            ours: ours,
            theirs: theirs,
            verdict: verdict,
            differences: [DayDifference(.segments, ours: 120, theirs: 140)],
            rows: rows,
            madeAt: rig.now
        )
    }

    private static func rows(_ count: Int, at moment: Moment) -> [ReconciliationRow] {
        (0..<count)
            .map { number in
                ReconciliationRow(
                    kind: number == 0 ? .stray : .unconfirmed,
                    message: number == 0 ? nil : MessageID(rawValue: 4_096 + Int64(number)),
                    recipient: "+86138000010\(number)0",
                    reference: "r'\(number)",
                    state: number == 0 ? .undelivered : .unresolved,
                    charge: number,
                    at: moment,
                    code: "c"
                )
            }
    }
}

extension CalendarDay {
    /// 2026-04-01, which is a day.
    fileprivate static var ofNoon: CalendarDay {
        guard let day = CalendarDay(number: 20_260_401) else { preconditionFailure("there is such a day") }
        return day
    }
}
