import Groundwork
package import PushEngine
package import TestKit
import Testing

/// Counters to try, and the clock they go by.
package struct QuotaRig: Sendable {
    package let store: any QuotaStore
    package let clock: ManualClock

    package init(store: any QuotaStore, clock: ManualClock) {
        self.store = store
        self.clock = clock
    }

    /// Reserves on a channel at a second of the clock.
    func reserve(
        _ claims: [QuotaClaim],
        on channel: Channel = .sms,
        _ rules: QuotaRules = QuotaRules(),
        day: Int = 20_260_401,
        second: Int64 = 0
    ) async throws -> [QuotaVerdict] {
        clock.setCalendar(to: Moment(secondsSinceEpoch: 1_775_000_000 + second))
        return try await store.reserve(claims, channel: channel, rules: rules, day: day)
    }
}

/// What every `QuotaStore` must keep.
package enum QuotaConformance {
    package static let clauses: [Clause<QuotaRig>] = repeats + caps + reservations + spans

    private static let repeats: [Clause<QuotaRig>] = [
        Clause("the same text to the same recipient is a duplicate while the window lasts") {
            rig async throws in
            #expect(try await rig.reserve([claim(owner: 1)]) == [.granted])
            #expect(try await rig.reserve([claim(owner: 2)], second: 299) == [duplicate(of: 1)])
            #expect(try await rig.reserve([claim(owner: 3)], second: 300) == [.granted])
            #expect(try await rig.reserve([claim(owner: 4)], second: 599) == [duplicate(of: 3)])
        },
        Clause("another text and another recipient are no repeats") { rig async throws in
            let claims = [claim(owner: 1), claim(content: 8, owner: 2), claim("+8613900000000", owner: 3)]
            #expect(try await rig.reserve(claims) == [.granted, .granted, .granted])
        },
        Clause("claims are judged in order, whatever their recipients") { rig async throws in
            let claims = [
                claim("+8613900000009", owner: 1), claim("+8613900000001", owner: 2),
                claim("+8613900000009", owner: 3), claim("ann@example.org", owner: 4),
                claim("+8613900000001", owner: 5), claim("ann@example.org", owner: 6),
            ]
            #expect(
                try await rig.reserve(claims) == [
                    .granted, .granted, duplicate(of: 1), .granted, duplicate(of: 2), duplicate(of: 4),
                ]
            )
        },
        Clause("a window of zero switches the rule off") { rig in
            let rules = QuotaRules(contentWindow: .zero, perDay: 5)
            let verdicts = try await rig.reserve([claim(owner: 1), claim(owner: 2)], rules)
            #expect(verdicts == [.granted, .granted])
        },
        Clause("the window spans midnight") { rig in
            _ = try await rig.reserve([claim(owner: 1)])
            let next = try await rig.reserve([claim(owner: 2)], day: 20_260_402, second: 60)
            #expect(next == [duplicate(of: 1)])
        },
    ]

    private static let caps: [Clause<QuotaRig>] = [
        Clause("a recipient gets as many messages a day as the rule allows") { rig in
            let rules = QuotaRules(contentWindow: .seconds(300), perDay: 3)
            let claims = (1...5).map { claim(content: UInt64($0), owner: Int64($0)) }
            #expect(
                try await rig.reserve(claims, rules) == [
                    .granted, .granted, .granted, capped(by: [1, 2, 3]), capped(by: [1, 2, 3]),
                ]
            )
            let late = try await rig.reserve([claim(content: 9, owner: 9)], rules, second: 40_000)
            #expect(late == [capped(by: [1, 2, 3])])
        },
        Clause("every day counts anew, also when messages of the day before are still fresh") { rig in
            let rules = QuotaRules(contentWindow: .seconds(300), perDay: 2)
            let today = [claim(content: 1, owner: 1), claim(content: 2, owner: 2)]
            _ = try await rig.reserve(today, rules)
            let next = (3...5).map { claim(content: UInt64($0), owner: Int64($0)) }
            let verdicts = try await rig.reserve(next, rules, day: 20_260_402, second: 10)
            #expect(verdicts == [.granted, .granted, capped(by: [3, 4])])
        },
        Clause("a cap of 0 switches the rule off") { rig async throws in
            let rules = QuotaRules(contentWindow: .seconds(300), perDay: 0)
            let claims = (1...50).map { claim(content: UInt64($0), owner: Int64($0)) }
            #expect(try await rig.reserve(claims, rules) == Array(repeating: .granted, count: 50))
            #expect(try await rig.reserve([claim(content: 50, owner: 51)], rules) == [duplicate(of: 50)])
        },
        Clause("counters of one channel do not touch another's") { rig in
            let rules = QuotaRules(contentWindow: .seconds(300), perDay: 1)
            for address in ["+8613800001000", "ann@example.org"] {
                for channel in Channel.allCases {
                    #expect(
                        try await rig.reserve([claim(address, owner: 1)], on: channel, rules) == [.granted]
                    )
                    let more = try await rig.reserve(
                        [claim(address, content: 8, owner: 2)],
                        on: channel,
                        rules
                    )
                    #expect(more == [capped(by: [1])])
                }
            }
        },
    ]

    private static let reservations: [Clause<QuotaRig>] = [
        Clause("an owner that has a reservation gets it again and is not counted twice") { rig in
            let rules = QuotaRules(contentWindow: .seconds(300), perDay: 2)
            for second in 0..<5 {
                let verdicts = try await rig.reserve([claim(owner: 1)], rules, second: Int64(second))
                #expect(verdicts == [.granted])
            }
            #expect(try await rig.reserve([claim(content: 8, owner: 2)], rules) == [.granted])
            #expect(try await rig.reserve([claim(content: 9, owner: 3)], rules) == [capped(by: [1, 2])])
            #expect(try await rig.reserve([claim(owner: 1)], rules, second: 80_000) == [.granted])
        },
        Clause("a refund gives the place back") { rig in
            let rules = QuotaRules(contentWindow: .seconds(300), perDay: 1)
            _ = try await rig.reserve([claim(owner: 1)], rules)
            try await rig.store.refund([claim(owner: 1)], channel: .sms)
            #expect(try await rig.reserve([claim(owner: 2)], rules) == [.granted])
            // Whoever gives it back need not know what was sent.
            try await rig.store.refund([claim(content: 8, owner: 2)], channel: .sms)
            #expect(try await rig.reserve([claim(owner: 3)], rules) == [.granted])
        },
        Clause("a refund of nobody's reservation is ignored") { rig in
            let rules = QuotaRules(contentWindow: .seconds(300), perDay: 1)
            _ = try await rig.reserve([claim(owner: 1)], rules)
            let strangers = [claim(owner: 2), claim("+8613900000000", owner: 1)]
            try await rig.store.refund(strangers, channel: .sms)
            try await rig.store.refund([claim(owner: 1)], channel: .email)
            #expect(try await rig.reserve([claim(content: 8, owner: 3)], rules) == [capped(by: [1])])
        },
        Clause("a reservation of the day before can be refunded") { rig in
            _ = try await rig.reserve([claim(owner: 1)])
            _ = try await rig.reserve([claim(content: 8, owner: 2)], day: 20_260_402, second: 60)
            try await rig.store.refund([claim(owner: 1)], channel: .sms)
            let again = try await rig.reserve([claim(owner: 3)], day: 20_260_402, second: 70)
            #expect(again == [.granted])
        },
        Clause("pruning forgets the days before one, in steps, and nothing else") { rig in
            let rules = QuotaRules(contentWindow: .seconds(1), perDay: 1)
            let old = (0..<50).map { claim("+86138000\(10_000 + $0)", owner: Int64($0) + 1) }
            let new = (0..<50).map { claim("+86139000\(10_000 + $0)", owner: Int64($0) + 101) }
            _ = try await rig.reserve(old, rules)
            _ = try await rig.reserve(new, rules, day: 20_260_402)
            var steps = 1
            while try await rig.store.prune(before: 20_260_402) { steps += 1 }
            #expect(steps <= 101)
            // Whose row is gone is counted from nothing; whose row is there is capped.
            let oldAgain = old.map { QuotaClaim(recipient: $0.recipient, content: 8, owner: later($0)) }
            let newAgain = new.map { QuotaClaim(recipient: $0.recipient, content: 8, owner: later($0)) }
            #expect(try await rig.reserve(oldAgain, rules).allSatisfy { $0 == .granted })
            let verdicts = try await rig.reserve(newAgain, rules, day: 20_260_402)
            #expect(verdicts == new.map { .capped(by: [$0.owner]) })
        },
        Clause("no claims, no verdicts") { rig in
            #expect(try await rig.reserve([]).isEmpty)
            try await rig.store.refund([], channel: .sms)
        },
    ]

    private static func claim(
        _ address: String = "+8613800001000",
        content: UInt64 = 7,
        owner: Int64
    ) -> QuotaClaim {
        QuotaClaim(
            recipient: RecipientKey(address: address),
            content: content,
            owner: MessageID(rawValue: owner)
        )
    }

    private static func duplicate(of owner: Int64) -> QuotaVerdict {
        .duplicate(of: MessageID(rawValue: owner))
    }

    private static func capped(by owners: [Int64]) -> QuotaVerdict {
        .capped(by: owners.map(MessageID.init(rawValue:)))
    }

    private static func later(_ claim: QuotaClaim) -> MessageID {
        MessageID(rawValue: claim.owner.rawValue + 1_000)
    }
}
