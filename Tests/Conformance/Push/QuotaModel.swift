import Groundwork
import PushEngine
import TestKit
import Testing

extension QuotaRig {
    /// Passes when, whatever is claimed in whatever order, the counters say what a list of all reservations
    /// says.
    package func expectQuotasOfAList(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        var rules = QuotaRules(contentWindow: .seconds(300), perDay: Int.random(in: 0...3, using: &random))
        if seed.isMultiple(of: 2) {
            rules.span = QuotaSpan(
                .marketing,
                limit: Int.random(in: 1...5, using: &random),
                days: Int.random(in: 1...4, using: &random)
            )
        }
        var model = QuotaModel(rules: rules)
        var second: Int64 = 0
        var owner: Int64 = 0
        for _ in 0..<80 {
            second += Int64.random(in: 0..<4_000, using: &random)
            let day = 20_260_401 + Int(second / 86_400)
            var claims: [QuotaClaim] = []
            for _ in 0..<Int.random(in: 1..<20, using: &random) {
                owner += 1
                claims.append(Self.claim(owner: owner, &random))
            }
            let verdicts = try await reserve(claims, rules, day: day, second: second)
            #expect(verdicts == claims.map { model.judge($0, day: day, now: clock.calendar.now) })
            guard Bool.random(using: &random) else { continue }
            let back = claims.filter { _ in Bool.random(using: &random) }
            try await store.refund(back, channel: .sms, span: rules.span)
            model.refund(back)
        }
    }

    private static func claim(owner: Int64, _ random: inout SeededGenerator) -> QuotaClaim {
        QuotaClaim(
            recipient: RecipientKey(
                address: PushRig.phones(1, from: Int.random(in: 0..<8, using: &random))[0]
            ),
            content: UInt64.random(in: 0..<3, using: &random),
            owner: MessageID(rawValue: owner)
        )
    }
}

/// All reservations there ever were.
private struct QuotaModel {
    private struct Reservation {
        let claim: QuotaClaim
        let day: Int
        let at: Moment
    }

    private let rules: QuotaRules
    private var reservations: [Reservation] = []

    init(rules: QuotaRules) {
        self.rules = rules
    }

    mutating func judge(_ claim: QuotaClaim, day: Int, now: Moment) -> QuotaVerdict {
        let mine = reservations.filter { $0.claim.recipient == claim.recipient }
        let repeated = mine.last {
            $0.claim.content == claim.content && now - $0.at < rules.contentWindow
        }
        if let repeated { return .duplicate(of: repeated.claim.owner) }
        let today = mine.filter { $0.day == day }
        if rules.perDay > 0, today.count >= rules.perDay {
            return .capped(by: today.map(\.claim.owner))
        }
        if let span = rules.span {
            let recent = mine.filter { $0.day > day - span.days }
            if recent.count >= span.limit {
                return .overSpan(
                    by: recent.map(\.claim.owner),
                    again: recent[recent.count - span.limit].day + span.days
                )
            }
        }
        reservations.append(Reservation(claim: claim, day: day, at: now))
        return .granted
    }

    mutating func refund(_ claims: [QuotaClaim]) {
        let owners = Set(claims.map(\.owner))
        reservations.removeAll { owners.contains($0.claim.owner) }
    }
}
