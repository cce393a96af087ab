import Groundwork
import TestKit
import Testing

@testable import PushEngine

/// An adapter that is only asked for its shapes.
private struct Shapes: Supplier {
    let account: AccountID
    let shapes: [CallShape]

    func send(_ call: SupplierCall) async -> SupplierReply {
        SupplierReply(all: .ambiguous(detail: "not called"), count: call.recipients.count)
    }
}

struct SupplierRouterTests {
    private static let batch = BatchID(rawValue: 5)

    private func entry(
        _ id: Int64,
        weight: Int,
        _ shapes: [CallShape],
        enabled: Bool = true,
        weights: [MessageType: Int] = [:]
    ) -> SupplierRoster.Entry {
        let account = SupplierAccount.sample(
            "a\(id)",
            id: id,
            weight: weight,
            weights: weights,
            isEnabled: enabled
        )
        return SupplierRoster.Entry(account: account, supplier: Shapes(account: account.id, shapes: shapes))
    }

    private func task(
        _ count: Int,
        texts: Int,
        type: MessageType = .marketing,
        account: AccountID? = nil,
        isSticky: Bool = false,
        number: (Int) -> Int = { $0 }
    ) -> SendTask {
        var task = SendTask(
            template: TemplateID(rawValue: 1),
            templateVersion: 1,
            lane: Lane(channel: .sms, type: type),
            shield: .none,
            account: account,
            isSticky: isSticky,
            campaignRun: nil,
            acceptedAt: Moment(millisecondsSinceEpoch: 0)
        )
        for text in 0..<texts { task.contents.append(Array("text \(text)".utf8)) }
        for index in 0..<count {
            task.recipients.append(Array("+86138\(10_000_000 + number(index))".utf8))
            task.contentIndex.append(UInt16(index % texts))
        }
        return task
    }

    private let tencent = [CallShape(recipients: 200, sameContent: true)]
    private let aliyun = [
        CallShape(recipients: 1_000, sameContent: true), CallShape(recipients: 100, sameContent: false),
    ]

    @Test func `every recipient is in exactly one call, and every call fits a shape of its supplier`() {
        let router = SupplierRouter(
            roster: SupplierRoster(entries: [entry(1, weight: 80, tencent), entry(2, weight: 20, aliyun)])
        )
        for texts in [1, 3, 8, 700, 2_000] {
            let task = task(2_000, texts: texts)
            let plan = router.plan(DeliveryGroup(members: Members(Array(0..<2_000))), of: Self.batch, task)
            #expect(plan.left.isEmpty)
            #expect(plan.calls.flatMap(\.members.indices).sorted() == Array(0..<2_000))
            for call in plan.calls {
                let contents = Set(call.members.indices.map { task.contentIndex[$0] })
                let shapes = call.account.rawValue == 1 ? tencent : aliyun
                #expect(
                    shapes.contains {
                        call.members.count <= $0.recipients && (contents.count == 1 || !$0.sameContent)
                    }
                )
            }
        }
    }

    @Test func `a call names nobody twice`() {
        for shapes in [tencent, aliyun] {
            let router = SupplierRouter(roster: SupplierRoster(entries: [entry(1, weight: 1, shapes)]))
            for texts in [1, 3, 7] {
                // Everybody seven times, and with fewer texts than that some of them with one text twice.
                let task = task(700, texts: texts) { $0 / 7 }
                let all = DeliveryGroup(members: Members(Array(0..<700)))
                let plan = router.plan(all, of: Self.batch, task)
                #expect(plan.calls.flatMap(\.members.indices).sorted() == Array(0..<700))
                for call in plan.calls {
                    let recipients = call.members.indices.map { task.recipients.text($0) }
                    #expect(Set(recipients).count == recipients.count)
                }
                // Fewer are not possible, and Aliyun's take any texts.
                if shapes == aliyun { #expect(plan.calls.count == 7) }
            }
        }
    }

    @Test func `weights hold over many recipients`() {
        let router = SupplierRouter(
            roster: SupplierRoster(entries: [entry(1, weight: 80, tencent), entry(2, weight: 20, aliyun)])
        )
        var first = 0
        for number in 1...50 {
            let plan = router.plan(
                DeliveryGroup(members: Members(Array(0..<2_000))),
                of: BatchID(rawValue: Int64(number)),
                task(2_000, texts: 1)
            )
            first += plan.calls.filter { $0.account.rawValue == 1 }.reduce(0) { $0 + $1.members.count }
        }
        // 100,000 draws with p = 0.8: five standard deviations are 632.
        #expect(abs(first - 80_000) < 632)
    }

    @Test func `accounts that are off, of no weight or already tried get nothing`() {
        let router = SupplierRouter(
            roster: SupplierRoster(entries: [
                entry(1, weight: 0, tencent), entry(2, weight: 50, tencent, enabled: false),
                entry(3, weight: 1, tencent),
            ])
        )
        let all = DeliveryGroup(members: Members(Array(0..<10)))
        let plan = router.plan(all, of: Self.batch, task(10, texts: 1))
        #expect(Set(plan.calls.map(\.account.rawValue)) == [3])
        let again = router.plan(
            DeliveryGroup(members: all.members, tried: [AccountID(rawValue: 3)]),
            of: Self.batch,
            task(10, texts: 1)
        )
        #expect(again.calls.isEmpty)
        #expect(again.left == all.members)
    }

    @Test func `each message type has shares of its own, as other products configure them`() {
        // austin: msgTypeSmsConfig = [{"message_type_10":[{"weights":80,"scriptName":"TencentSmsScript"},
        // {"weights":20,"scriptName":"YunPianSmsScript"}]},{"message_type_20":[{"weights":1,…Aliyun…}]}]
        let router = SupplierRouter(
            roster: SupplierRoster(entries: [
                entry(1, weight: 0, tencent, weights: [.notice: 80]),
                entry(2, weight: 0, aliyun, weights: [.notice: 20]),
                entry(3, weight: 0, aliyun, weights: [.marketing: 1]),
                entry(4, weight: 5, aliyun, weights: [.notice: 0, .marketing: 0]),
            ])
        )
        func counts(_ type: MessageType) -> [Int64: Int] {
            let all = DeliveryGroup(members: Members(Array(0..<2_000)))
            let plan = router.plan(all, of: Self.batch, task(2_000, texts: 1, type: type))
            return Dictionary(plan.calls.map { ($0.account.rawValue, $0.members.count) }, uniquingKeysWith: +)
        }
        // Four standard deviations of 2,000 draws with p = 0.8 are 72.
        #expect(abs((counts(.notice)[1] ?? 0) - 1_600) < 72)
        #expect(counts(.notice).values.reduce(0, +) == 2_000)
        #expect(Set(counts(.notice).keys) == [1, 2])
        #expect(counts(.marketing) == [3: 2_000])
        #expect(counts(.alert) == [4: 2_000])
    }

    @Test func `a recipient has one account for all batches while that can send, where it is asked for`() {
        let entries = [
            entry(1, weight: 50, tencent), entry(2, weight: 30, aliyun), entry(3, weight: 20, aliyun),
        ]
        func homes(
            _ batch: Int64,
            tried: Set<AccountID> = [],
            resting: Set<AccountID> = [],
            from first: Int = 0
        ) -> [String: AccountID] {
            let router = SupplierRouter(roster: SupplierRoster(entries: entries), resting: resting)
            let task = task(600, texts: 3, isSticky: true) { first + $0 }
            let group = DeliveryGroup(members: Members(Array(0..<600)), tried: tried)
            var homes: [String: AccountID] = [:]
            for call in router.plan(group, of: BatchID(rawValue: batch), task).calls {
                for index in call.members.indices { homes[task.recipients.text(index)] = call.account }
            }
            return homes
        }
        let usual = homes(1)
        #expect(usual.count == 600)
        #expect(Set(usual.values).count == 3)
        #expect(homes(99) == usual)
        // In other company and at another place of the batch.
        let others = homes(7, from: 300)
        for (person, home) in usual { #expect(others[person] ?? home == home) }
        // Who is refused, or whose account rests, goes elsewhere; the others stay.
        let second = AccountID(rawValue: 2)
        for changed in [homes(3, tried: [second]), homes(4, resting: [second])] {
            for (person, home) in usual {
                #expect(home == second ? changed[person] != second : changed[person] == home)
            }
        }
    }

    @Test func `a template's own account sends it whatever the weights`() {
        let router = SupplierRouter(
            roster: SupplierRoster(entries: [entry(1, weight: 99, tencent), entry(2, weight: 0, aliyun)])
        )
        let pinned = task(10, texts: 1, account: AccountID(rawValue: 2))
        let plan = router.plan(DeliveryGroup(members: Members(Array(0..<10))), of: Self.batch, pinned)
        #expect(plan.calls.map(\.account.rawValue) == [2])
    }
}

struct RoundTallyTests {
    private let intent = Intent(
        id: IntentID(rawValue: 1),
        account: AccountID(rawValue: 1),
        members: Members([0, 1, 2, 3])
    )

    private func tally(_ reply: SupplierReply) -> RoundTally {
        let call = PlannedCall(account: intent.account, members: intent.members)
        return RoundTally(
            [CallRound(intent: intent, reply: reply)],
            sources: [DeliveryGroup(members: intent.members)],
            calls: [call]
        )
    }

    @Test func `only a definite refusal goes to another account, a time-out never does`() {
        let tally = tally(
            SupplierReply(verdicts: [
                .accepted(reference: "r", charge: 1), .ambiguous(detail: "timeout"),
                .refused(Refusal(.transient, code: "busy")),
                .refused(Refusal(.badRecipient, code: "blacklist")),
            ])
        )
        #expect(tally.next.map(\.members) == [Members([2])])
        #expect(tally.next.map(\.tried) == [[AccountID(rawValue: 1)]])
        #expect(tally.failed == Members([3]))
        #expect(
            tally.outcomes.first?.results == [
                .accepted(reference: "r", charge: 1), .unknown(detail: "timeout"), .again(code: "busy"),
                .failed(code: "blacklist"),
            ]
        )
    }

    @Test func `a call refused as a whole is made again in halves at the same account`() {
        let refusal = Refusal(.badRecipient, code: "isv.MOBILE_NUMBER_ILLEGAL")
        let tally = tally(SupplierReply(all: .refused(refusal), count: 4, mayBeSplit: true))
        #expect(tally.next.map(\.members) == [Members([0, 1]), Members([2, 3])])
        #expect(tally.next.allSatisfy { $0.tried.isEmpty && $0.callLimit == 2 })
        #expect(tally.failed.isEmpty)
    }
}

struct RequestKeysTests {
    @Test func `a key leads back to its call, and another installation's does not`() {
        let keys = RequestKeys(installation: 0xDEAD_BEEF)
        let key = keys.key(IntentID(rawValue: 123_456_789))
        #expect(key.utf8.count <= 64)
        #expect(keys.intent(key) == IntentID(rawValue: 123_456_789))
        #expect(RequestKeys(installation: 1).intent(key) == nil)
        #expect(keys.intent("kp") == nil)
        #expect(keys.intent(key + "!") == nil)
    }
}
