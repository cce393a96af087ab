import Foundation
import Groundwork
import LocalServers
import PushEngine
import Testing

@testable import KPush

/// The comparison of both sides' books, with made-up ones.
@Suite struct FaultBooksTests {
    private static let one = "+8613800000001"
    private static let other = "+8613800000002"

    @Test(arguments: [DeliveryState.accepted, .delivered, .undelivered, .unconfirmed])
    func `who was promised, booked as sent and taken once has nothing wrong`(state: DeliveryState) {
        #expect(Self.compare(promised: [Self.one], booked: [(Self.one, state)], "\(Self.one)\n") == .init())
    }

    @Test(
        arguments: DeliveryState.allCases.filter { $0.isNeverSent || [.unknown, .unresolved].contains($0) }
    )
    func `who was not sent to by our books' word, and not by the supplier's, is not lost`(
        state: DeliveryState
    ) {
        #expect(Self.compare(promised: [Self.one], booked: [(Self.one, state)], "") == .init())
    }

    @Test func `whom nobody knows although he was promised is lost`() {
        #expect(Self.compare(promised: [Self.one], booked: [], "") == .init(lost: [Self.one]))
    }

    @Test(arguments: [DeliveryState.queued, .held])
    func `who still waits at the end is lost, also when nobody holds a promise`(state: DeliveryState) {
        #expect(Self.compare(promised: [], booked: [(Self.one, state)], "") == .init(lost: [Self.one]))
    }

    @Test
    func `a message that is only imagined is not hidden by one whose fate was unknown and that was taken`() {
        let findings = Self.compare(
            promised: [Self.one, Self.other],
            booked: [(Self.one, .delivered), (Self.other, .unknown)],
            "\(Self.other)\n"
        )
        #expect(findings == .init(lost: [Self.one], imagined: [Self.one]))
    }

    @Test func `a message that is only imagined is not hidden by one that somebody else got twice`() {
        let findings = Self.compare(
            promised: [Self.one, Self.other],
            booked: [(Self.one, .delivered), (Self.other, .delivered)],
            "\(Self.other)\n\(Self.other)\n"
        )
        #expect(findings == .init(lost: [Self.one], imagined: [Self.one], doubled: [Self.other]))
    }

    @Test(arguments: DeliveryState.allCases.filter(\.isNeverSent) + [.queued, .held])
    func `who has a message that was not sent by our books' word is not booked`(state: DeliveryState) {
        let findings = Self.compare(promised: [Self.one], booked: [(Self.one, state)], "\(Self.one)\n")
        #expect(findings == .init(unbooked: [Self.one]))
    }

    @Test func `who has a message that no record is about is not booked`() {
        #expect(
            Self.compare(promised: [Self.one], booked: [], "\(Self.one)\n\(Self.other)\n")
                == .init(unbooked: [Self.one, Self.other])
        )
    }

    @Test func `who got two is doubled, whatever our books say`() {
        for state in [DeliveryState.delivered, .unresolved] {
            let findings = Self.compare(
                promised: [Self.one],
                booked: [(Self.one, state)],
                "\(Self.one)\n\(Self.one)\n"
            )
            #expect(findings == .init(doubled: [Self.one]))
        }
    }

    @Test func `a scenario fails when sums agree and recipients do not`() {
        #expect(Self.verdict(booked: [(Self.one, .delivered), (Self.other, .unresolved)]).holds)
        let verdict = Self.verdict(booked: [(Self.one, .unresolved), (Self.other, .delivered)])
        #expect(!verdict.holds)
        #expect(verdict.lost == 1)
        #expect(
            verdict.checks.filter { !$0.holds }.map(\.text) == [
                "messages lost: 1, such as \(Self.other)",
                "messages that our books say were sent and no supplier has: 1, such as \(Self.other)",
            ]
        )
    }

    @Test(arguments: [DeliveryState.failed, .duplicate, .capped, .recalled])
    func `a scenario fails when somebody who was promised a message is never sent to`(state: DeliveryState) {
        let verdict = Self.verdict(booked: [(Self.one, .delivered), (Self.other, state)])
        #expect(
            verdict.checks.filter { !$0.holds }.map(\.text) == ["messages that ended without being sent: 1"]
        )
    }

    @Test func `a scenario fails when runs are doubled, missed or never planned`() {
        #expect(!Self.verdict { $0.planned = 0 }.holds)
        #expect(!Self.verdict { $0.doubled = 1 }.holds)
        #expect(!Self.verdict { $0.missed = 1 }.holds)
    }

    @Test func `a scenario fails when calls have no answer where each must, or each has where some must not`()
    {
        let (none, some) = (
            FaultLimits(unknown: 1, unanswered: 0...0), FaultLimits(unknown: 1, unanswered: 1...Int.max)
        )
        #expect(Self.verdict(limits: none, unanswered: 0).holds)
        #expect(!Self.verdict(limits: none, unanswered: 1).holds)
        #expect(!Self.verdict(limits: some, unanswered: 0).holds)
        #expect(Self.verdict(limits: some, unanswered: 1).holds)
    }

    @Test func `a scenario fails when all of the campaign was sent before the last fault`() {
        #expect(Self.verdict(lastFaultAt: Moment(millisecondsSinceEpoch: 1_699_999_999_999)).holds)
        #expect(!Self.verdict(lastFaultAt: Moment(millisecondsSinceEpoch: 1_700_000_000_000)).holds)
    }

    @Test func `states that the tallies have too many or too few messages in are miscounted`() {
        #expect(FaultBooks.miscounted([.delivered: 3, .failed: 1], [.delivered: 3, .failed: 1]) == 0)
        #expect(FaultBooks.miscounted([.delivered: 3], [:]) == 3)
        #expect(FaultBooks.miscounted([:], [.delivered: 3]) == 3)
        #expect(FaultBooks.miscounted([.delivered: 3], [.delivered: 1, .accepted: 2]) == 2)
    }

    @Test func `a campaign whose calls would have to take longer than two seconds is not long enough`() {
        #expect(CampaignPace(rows: 200_000, span: .seconds(20)).latency == 80)
        #expect(CampaignPace(rows: 8_000, span: .seconds(20)).isEnough)
        #expect(!CampaignPace(rows: 7_999, span: .seconds(20)).isEnough)
        #expect(CampaignPace(rows: 1, span: .seconds(20)).latency == 2_000)
    }

    @Test func `a scenario that cannot be shown does not hold, unless it need not be shown`() {
        let shown = FaultVerdict(scenario: "a", checks: [FaultCheck(text: "", holds: true)])
        let failed = FaultVerdict(scenario: "b", checks: [FaultCheck(text: "", holds: false)])
        let skipped = FaultVerdict(scenario: "c", skipped: "no disk")
        #expect(!skipped.holds)
        #expect(FaultVerdict.hold([shown], skippingImpossible: false))
        #expect(!FaultVerdict.hold([shown, skipped], skippingImpossible: false))
        #expect(FaultVerdict.hold([shown, skipped], skippingImpossible: true))
        #expect(!FaultVerdict.hold([shown, failed], skippingImpossible: true))
        #expect(FaultVerdict.notShown([shown, failed]) == nil)
        #expect(FaultVerdict.notShown([shown, skipped]) == "1 of 2 scenarios not shown: c")
        #expect(FaultVerdict.markdown([skipped]).contains("| c | skipped: no disk |"))
        #expect(FaultVerdict.markdown([skipped]).hasSuffix("| not shown |\n"))
    }

    @Test func `the generator's good numbers are those that a reader of the file finds`() throws {
        var recipe = CrowdRecipe(rows: 2_000)
        recipe.bad = 0.1
        recipe.duplicates = 0.1
        var generator = try CrowdGenerator(recipe)
        let numbers = generator.goodNumbers
        var bytes: [UInt8] = []
        while generator.appendRow(to: &bytes) {}
        #expect(numbers.count == generator.summary.good)
        #expect(Set(numbers).count == numbers.count)
        let written = Set(
            bytes.split(separator: UInt8(ascii: "\n"))
                .compactMap { Int(String(decoding: $0.prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self)) }
        )
        #expect(written.isSuperset(of: numbers))
    }

    /// Compares promises, records and the recipients of a ledger, a line each.
    private static func compare(
        promised: [String],
        booked: [(String, DeliveryState)],
        _ ledger: String
    ) -> RecipientBooks.Findings {
        var books = recipients(promised, booked)
        for (recipient, times) in supplier(ledger).taken { books.take(recipient, times: times) }
        var findings = books.findings
        findings.lost.sort()
        findings.imagined.sort()
        findings.unbooked.sort()
        findings.doubled.sort()
        return findings
    }

    private static func recipients(
        _ promised: [String],
        _ booked: [(String, DeliveryState)]
    ) -> RecipientBooks {
        var books = RecipientBooks()
        for recipient in promised { books.promise(recipient) }
        for (recipient, state) in booked { books.book(recipient, state) }
        return books
    }

    private static func supplier(_ ledger: String) -> SupplierBooks {
        let lines = ledger.split(separator: "\n").map { "\($0)\taliyun\t1700000000000\tff\n" }
        return SupplierBooks(tsv: Array(lines.joined().utf8))
    }

    /// What comes of two promises of which the supplier took the first, with the books that are given.
    private static func verdict(
        booked: [(String, DeliveryState)] = [(one, .delivered), (other, .unresolved)],
        limits: FaultLimits = FaultLimits(unknown: 1),
        unanswered: Int = 0,
        lastFaultAt: Moment? = nil,
        _ change: (inout JobLoad.Outcome) -> Void = { _ in }
    ) -> FaultVerdict {
        var books = recipients([one, other], booked)
        let supplier = supplier(one)
        for (recipient, times) in supplier.taken { books.take(recipient, times: times) }
        var notes = APISender.Notes()
        notes.accepted[one] = (1, Moment(millisecondsSinceEpoch: 0))
        var jobs = JobLoad.Outcome()
        jobs.planned = 1
        change(&jobs)
        let scenario = FaultScenario(name: "x", promise: "", limits: limits) { _ in }
        var verdict = FaultVerdict(scenario: "x")
        FaultBooks(
            recipients: books,
            miscounted: 0,
            unanswered: unanswered,
            forgotten: 0,
            notes: notes,
            supplier: supplier,
            jobs: jobs,
            lastFaultAt: lastFaultAt
        )
        .judge(scenario, &verdict)
        return verdict
    }
}
