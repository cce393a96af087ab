import Groundwork
import PushEngine
import Testing

/// What every `QuotaStore` must keep of a rule for several days.
extension QuotaConformance {
    static let spans: [Clause<QuotaRig>] = [
        Clause("a recipient gets as many messages of a type in several days as the rule allows") {
            rig async throws in
            let rules = try rules(limit: 3, days: 7)
            var owner: Int64 = 0
            func ask(_ day: Int) async throws -> QuotaVerdict? {
                owner += 1
                return try await rig.reserve([one(owner)], rules, day: day, second: owner * 3_600).first
            }
            for day in [20_260_426, 20_260_427, 20_260_430] { #expect(try await ask(day) == .granted) }
            // The first of the three counts for seven days, its own among them.
            #expect(try await ask(20_260_430) == over([1, 2, 3], again: 20_260_503))
            #expect(try await ask(20_260_502) == over([1, 2, 3], again: 20_260_503))
            #expect(try await ask(20_260_503) == .granted)
            #expect(try await ask(20_260_503) == over([2, 3, 6], again: 20_260_504))
            #expect(try await ask(20_260_504) == .granted)
        },
        Clause("a span counts its type, channel and recipient alone") { rig async throws in
            let marketing = try rules(limit: 1, days: 3)
            let notices = try rules(.notice, limit: 1, days: 3)
            #expect(try await rig.reserve([one(1)], marketing) == [.granted])
            #expect(try await rig.reserve([one(2)], notices) == [.granted])
            #expect(try await rig.reserve([one(3)], on: .email, marketing) == [.granted])
            #expect(try await rig.reserve([one(4, to: "+8613900000001")], marketing) == [.granted])
            #expect(try await rig.reserve([one(5, to: "ann@example.org")], marketing) == [.granted])
            #expect(try await rig.reserve([one(6)], marketing) == [over([1], again: 20_260_404)])
            #expect(
                try await rig.reserve([one(7, to: "ann@example.org")], marketing) == [
                    over([5], again: 20_260_404)
                ]
            )
            // No rule, no count.
            #expect(try await rig.reserve([one(8)], QuotaRules()) == [.granted])
        },
        Clause("an owner that a span counted gets its place again, on a later day as well") {
            rig async throws in
            let rules = try rules(limit: 2, days: 5)
            #expect(try await rig.reserve([one(1), one(2)], rules) == [.granted, .granted])
            for day in 20_260_401...20_260_405 {
                let second = Int64(day - 20_260_401) * 86_400
                #expect(
                    try await rig.reserve([one(2), one(1)], rules, day: day, second: second) == [
                        .granted, .granted,
                    ]
                )
            }
            #expect(
                try await rig.reserve([one(3)], rules, day: 20_260_405, second: 345_600)
                    == [over([1, 2], again: 20_260_406)]
            )
        },
        Clause("who may go by one rule and not by the other is counted by neither") { rig async throws in
            let rules = try rules(limit: 2, days: 3, perDay: 1)
            #expect(try await rig.reserve([one(1)], rules) == [.granted])
            // The day's cap stops it: the span must not have counted it.
            #expect(
                try await rig.reserve([one(2)], rules, second: 1) == [.capped(by: [MessageID(rawValue: 1)])]
            )
            #expect(try await rig.reserve([one(3)], rules, day: 20_260_402, second: 86_400) == [.granted])
            // The span stops it: the day must not have counted it, nor its text.
            let late = try await rig.reserve([one(4)], rules, day: 20_260_403, second: 172_800)
            #expect(late == [over([1, 3], again: 20_260_404)])
            try await rig.store.refund([one(3)], channel: .sms, span: rules.span)
            let again = try await rig.reserve([one(4), one(4)], rules, day: 20_260_403, second: 172_801)
            #expect(again == [.granted, .granted])
            let same = try await rig.reserve([one(5)], rules, day: 20_260_403, second: 172_802)
            #expect(same == [.capped(by: [MessageID(rawValue: 4)])])
        },
        Clause("a refund gives the place in a span back, once, and nobody else's") { rig async throws in
            let rules = try rules(limit: 1, days: 4)
            _ = try await rig.reserve([one(1)], rules)
            try await rig.store.refund(
                [one(2), one(1, to: "+8613900000001")],
                channel: .sms,
                span: rules.span
            )
            #expect(try await rig.reserve([one(3)], rules) == [over([1], again: 20_260_405)])
            for _ in 0..<2 { try await rig.store.refund([one(1)], channel: .sms, span: rules.span) }
            #expect(try await rig.reserve([one(3)], rules) == [.granted])
        },
        Clause("pruning by the day leaves what a span still counts") { rig async throws in
            let rules = try rules(limit: 1, days: 3)
            _ = try await rig.reserve([one(1)], rules, day: 20_260_401)
            while try await rig.store.prune(before: 20_260_403) {}
            let kept = try await rig.reserve([one(2)], rules, day: 20_260_403, second: 172_800)
            #expect(kept == [over([1], again: 20_260_404)])
            while try await rig.store.prune(before: 20_260_404) {}
            #expect(try await rig.reserve([one(2)], rules, day: 20_260_404, second: 259_200) == [.granted])
        },
    ]

    private static func rules(
        _ type: MessageType = .marketing,
        limit: Int,
        days: Int,
        perDay: Int = 0
    ) throws -> QuotaRules {
        let span = try #require(QuotaSpan(type, limit: limit, days: days))
        return QuotaRules(contentWindow: .seconds(300), perDay: perDay, span: span)
    }

    /// A claim whose text nobody else has.
    private static func one(_ owner: Int64, to address: String = "+8613800001000") -> QuotaClaim {
        QuotaClaim(
            recipient: RecipientKey(address: address),
            content: UInt64(owner),
            owner: MessageID(rawValue: owner)
        )
    }

    private static func over(_ owners: [Int64], again: Int) -> QuotaVerdict {
        .overSpan(by: owners.map(MessageID.init(rawValue:)), again: again)
    }
}
