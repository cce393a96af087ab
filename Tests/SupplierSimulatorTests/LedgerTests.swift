import Groundwork
import Testing

@testable import SupplierSimulator

@Suite struct SupplierLedgerTests {
    private var ledger = SupplierLedger()
    private static let now = Moment(secondsSinceEpoch: 1_700_000_000)

    @discardableResult
    private mutating func accept(
        _ recipient: UInt64,
        content: UInt64 = 1,
        by supplier: SimulatedSupplier = .tencent,
        key: String = "k"
    ) -> UInt32 {
        let call = ledger.open(supplier: supplier, usedNextKey: false, key: Array(key.utf8)[...])
        return ledger.accept(
            recipient,
            contentHash: content,
            call: call,
            at: Self.now,
            receiptAfter: 5,
            isDelivered: true
        )
    }

    @Test mutating func `a recipient that was accepted twice is doubled once, whichever supplier took it`() {
        accept(1)
        accept(2)
        accept(1, by: .aliyun)
        accept(1)
        #expect(ledger.count == 4)
        #expect(ledger.distinct == 2)
        #expect(ledger.doubled == 1)
        #expect(ledger.doubledContent == 2)
        #expect(ledger.accepted[.tencent] == 3)
        #expect(ledger.accepted[.aliyun] == 1)
    }

    @Test mutating func `another text to the same recipient is no doubled content`() {
        accept(1, content: 1)
        accept(1, content: 2)
        #expect(ledger.doubled == 1)
        #expect(ledger.doubledContent == 0)
        accept(1, content: 1)
        #expect(ledger.doubledContent == 1)
    }

    @Test mutating func `a recipient's entries are found, the latest first, with the key of their call`() {
        let first = accept(7, key: "one")
        accept(8, key: "other")
        let second = accept(7, key: "two")
        #expect(ledger.entries(of: 7) == [second, first])
        #expect(ledger.entries(of: 9).isEmpty)
        let keys = ledger.entries(of: 7).map { Array(ledger.key(of: ledger.call(of: ledger[$0]))) }
        #expect(keys == [Array("two".utf8), Array("one".utf8)])
    }

    @Test mutating func `it agrees with a dictionary over a hundred thousand random acceptances`() {
        var random = SystemRandomNumberGenerator()
        var counts: [UInt64: Int] = [:]
        var contents: Set<[UInt64]> = []
        var doubledContent = 0
        for _ in 0..<100_000 {
            let recipient = UInt64.random(in: 0..<70_000, using: &random)
            let content = UInt64.random(in: 0..<2, using: &random)
            accept(recipient, content: content, key: "")
            counts[recipient, default: 0] += 1
            if !contents.insert([recipient, content]).inserted { doubledContent += 1 }
        }
        #expect(ledger.distinct == counts.count)
        #expect(ledger.doubled == counts.values.count { $0 > 1 })
        #expect(ledger.doubledContent == doubledContent)
        for (recipient, count) in counts.prefix(1_000) {
            #expect(ledger.entries(of: recipient).count == count)
        }
    }

    @Test func `an entry stays small, so that a million of them fit into memory`() {
        #expect(MemoryLayout<SupplierLedger.Entry>.stride <= 40)
    }
}

@Suite struct ReceiptHeapTests {
    @Test func `receipts come out in the order in which they are due, and not before`() {
        var random = SystemRandomNumberGenerator()
        var heap = ReceiptHeap()
        let dues = (0..<5_000).map { _ in Int64.random(in: 0..<1_000, using: &random) }
        for (entry, due) in dues.enumerated() { heap.insert(.init(due: due, entry: UInt32(entry))) }
        var taken: [UInt32] = []
        for now in stride(from: Int64(0), through: 1_000, by: 50) {
            while true {
                let some = heap.takeDue(at: now, limit: 100)
                #expect(some.allSatisfy { dues[Int($0)] <= now && dues[Int($0)] > now - 50 || now == 0 })
                taken += some
                if some.isEmpty { break }
            }
        }
        #expect(taken.count == dues.count)
        #expect(taken.map { dues[Int($0)] } == dues.sorted())
        #expect(heap.nextDue == nil)
    }
}

@Suite struct BehaviourTests {
    @Test func `the same seed brings the same fates, in whatever order recipients come`() {
        var settings = SimulatorSettings()
        settings.faults.failRatio = 0.3
        settings.faults.receiptJitter = 500
        func fates(seed: UInt64, _ recipients: [UInt64]) -> [UInt64: [Int64]] {
            settings.seed = seed
            var world = World(settings: settings)
            let now = Moment(secondsSinceEpoch: 1_700_000_000)
            var fates: [UInt64: [Int64]] = [:]
            for recipient in recipients {
                let entry = world.accept(
                    [World.Message(recipient: recipient, contentHash: 0)],
                    by: .tencent,
                    usedNextKey: false,
                    key: [],
                    at: now
                )
                let found = world.ledger[entry]
                fates[recipient] = [Int64(found.receiptAfter), found.isDelivered ? 1 : 0]
            }
            return fates
        }
        let recipients = (0..<500).map { UInt64(8_613_800_130_010 + $0 * 7) }
        let once = fates(seed: 1, recipients)
        #expect(once == fates(seed: 1, recipients.reversed()))
        #expect(once != fates(seed: 2, recipients))
        let failed = once.values.count { $0[1] == 0 }
        #expect((100...200).contains(failed))
    }

    @Test func `a nonce is known for as long as its signature is valid`() {
        var nonces = NonceMemory(validityMilliseconds: 1_000)
        let uses: [(nonce: String, at: Int64, isNew: Bool)] = [
            ("a", 0, true), ("a", 999, false), ("a", 1_999, false), ("b", 2_100, true), ("a", 2_100, false),
            ("c", 9_000, true), ("a", 9_000, true),
        ]
        for use in uses {
            let isNew = nonces.take(use.nonce, at: use.at)
            #expect(isNew == use.isNew, "\(use)")
        }
    }

    @Test func `a second takes as many calls as the supplier allows`() {
        var rates = CallRates()
        let limits = [CallRateLimit(100)]
        let admitted = (0..<150).count { _ in rates.admits("pull", limits, at: 5_500) }
        #expect(admitted == 100)
        let next = rates.admits("pull", limits, at: 6_000)
        #expect(next)
        let other = rates.admits("send", limits, at: 5_999)
        #expect(other)
    }

    @Test func `a call that fits into its second and not into its minute is refused`() {
        var rates = CallRates()
        let limits = [CallRateLimit(5), CallRateLimit(8, seconds: 60)]
        let admitted = (0..<12).map { rates.admits("robot", limits, at: Int64($0) / 4 * 1_000) }
        #expect(admitted == (0..<12).map { $0 < 8 })
        let next = rates.admits("robot", limits, at: 60_000)
        #expect(next)
    }

    @Test(arguments: [
        ("+8613800138000", UInt64(8_613_800_138_000)), ("8613800138000", 8_613_800_138_000),
        ("008613800138000", 8_613_800_138_000), ("13800138000", 8_613_800_138_000),
        ("+85291234567", 85_291_234_567), ("+12025550123", 12_025_550_123),
    ])
    func `a number is read in every form that suppliers take`(text: String, number: UInt64) {
        #expect(PhoneDigits.e164(Array(text.utf8)[...]) == number)
    }

    @Test(arguments: [
        "", "+", "abc", "+861380013800", "+8612800138000", "+86138001380000", "0", "+1-202-555", "１３８",
    ])
    func `what is no number is none`(text: String) {
        #expect(PhoneDigits.e164(Array(text.utf8)[...]) == nil)
    }

    @Test(arguments: [
        ("a=1&b=2", "a=1&b=2"), ("b=%7e&a=x+y", "a=x%20y&b=~"), ("a", "a="), ("a=%E4%B8%AD", "a=%E4%B8%AD"),
        ("%61=%2a", "a=%2A"), ("", ""),
    ])
    func `parameters are sorted and encoded in the one way that is signed`(text: String, canonical: String) {
        #expect(FormParameters(text.utf8)?.canonical() == canonical)
    }

    @Test(arguments: ["a=%", "a=%4", "a=%zz", "a=%ff"])
    func `a bad escape is refused`(text: String) {
        #expect(FormParameters(text.utf8) == nil)
    }
}
