import Groundwork

/// What every simulated supplier took: the oracle for "exactly once".
///
/// One entry a recipient and acceptance, 40 bytes; what a call's recipients share is kept once.
struct SupplierLedger: Sendable {
    /// One accepted message.
    struct Entry: Sendable {
        /// The digits of E.164, as a number, or a `RecipientNumber`.
        let recipient: UInt64
        let acceptedAt: Int64
        let contentHash: UInt64
        /// The call that brought it.
        let call: UInt32
        /// The entry of the same recipient before this one, or `RecipientIndex.none`.
        let previous: UInt32
        /// When its receipt is due, in milliseconds after acceptance.
        let receiptAfter: UInt32
        let isDelivered: Bool
    }

    /// What all messages of a call have in common.
    struct Call: Sendable {
        let supplier: SimulatedSupplier
        /// Whether it was signed with the account's next key.
        let usedNextKey: Bool
        /// The number of its first message.
        let first: UInt32
        /// What each of its messages costs, in message units.
        let fee: UInt8
        fileprivate let keyOffset: Int
        fileprivate let keyLength: Int
    }

    private var entries = ChunkedArray<Entry>()
    private var calls = ChunkedArray<Call>()
    /// The calls' keys, one after the other.
    private var keys = ChunkedArray<UInt8>()
    private var index = RecipientIndex()
    /// Recipients that are no telephone numbers, as they were sent.
    private var names: [UInt64: String] = [:]
    private(set) var accepted = PerSupplier(repeating: 0)
    /// Recipients that were accepted more than once, whatever was sent to them.
    private(set) var doubled = 0
    /// Acceptances of a text that the same recipient had been accepted for before.
    private(set) var doubledContent = 0

    /// How many messages were accepted.
    var count: Int { entries.count }

    /// How many recipients were accepted at least once.
    var distinct: Int { index.count }

    /// Notes a call before its messages; they are noted under the number returned.
    mutating func open(
        supplier: SimulatedSupplier,
        usedNextKey: Bool,
        key: ArraySlice<UInt8>,
        fee: Int64 = 1
    ) -> UInt32 {
        let call = Call(
            supplier: supplier,
            usedNextKey: usedNextKey,
            first: UInt32(entries.count),
            fee: UInt8(clamping: fee),
            keyOffset: keys.count,
            keyLength: key.count
        )
        for byte in key { keys.append(byte) }
        calls.append(call)
        return UInt32(calls.count - 1)
    }

    /// Notes an acceptance and returns its number.
    mutating func accept(
        _ recipient: UInt64,
        name: String? = nil,
        contentHash: UInt64,
        call: UInt32,
        at now: Moment,
        receiptAfter: Int,
        isDelivered: Bool
    ) -> UInt32 {
        let number = UInt32(entries.count)
        if let name { names[recipient] = name }
        let previous = index.put(number, of: recipient, in: entries)
        countDoubles(previous, contentHash: contentHash)
        entries.append(
            Entry(
                recipient: recipient,
                acceptedAt: now.millisecondsSinceEpoch,
                contentHash: contentHash,
                call: call,
                previous: previous,
                receiptAfter: UInt32(clamping: receiptAfter),
                isDelivered: isDelivered
            )
        )
        accepted[calls[Int(call)].supplier] += 1
        return number
    }

    subscript(number: UInt32) -> Entry { entries[Int(number)] }

    /// The call that brought `entry`.
    func call(of entry: Entry) -> Call { calls[Int(entry.call)] }

    /// The number of the first message of the call that brought `entry`.
    func first(of entry: Entry) -> UInt32 { call(of: entry).first }

    /// The key that `call` carried.
    func key(of call: Call) -> ArraySlice<UInt8> {
        (call.keyOffset..<(call.keyOffset + call.keyLength)).map { keys[$0] }[...]
    }

    /// A recipient as people write it.
    func name(of recipient: UInt64) -> String { names[recipient] ?? "+\(recipient)" }

    /// The numbers of all entries of `recipient`, the latest first.
    func entries(of recipient: UInt64) -> [UInt32] {
        var found: [UInt32] = []
        var next = index.latest(of: recipient, in: entries)
        while next != RecipientIndex.none {
            found.append(next)
            next = entries[Int(next)].previous
        }
        return found
    }

    /// What a supplier took from one instant on and before another.
    func day(of supplier: SimulatedSupplier, from start: Moment, to end: Moment, now: Moment) -> Day {
        var day = Day()
        for number in 0..<UInt32(entries.count) {
            let entry = self[number]
            guard entry.acceptedAt >= start.millisecondsSinceEpoch,
                entry.acceptedAt < end.millisecondsSinceEpoch, call(of: entry).supplier == supplier
            else { continue }
            day.accepted += 1
            day.segments += Int64(call(of: entry).fee)
            guard entry.acceptedAt + Int64(entry.receiptAfter) <= now.millisecondsSinceEpoch else { continue }
            if entry.isDelivered { day.delivered += 1 } else { day.undelivered += 1 }
        }
        return day
    }

    /// Figures of some hours or days, as suppliers tell them.
    struct Day: Hashable, Sendable {
        var accepted: Int64 = 0
        var segments: Int64 = 0
        var delivered: Int64 = 0
        var undelivered: Int64 = 0
    }

    private mutating func countDoubles(_ previous: UInt32, contentHash: UInt64) {
        guard previous != RecipientIndex.none else { return }
        if entries[Int(previous)].previous == RecipientIndex.none { doubled += 1 }
        var next = previous
        while next != RecipientIndex.none {
            if entries[Int(next)].contentHash == contentHash {
                doubledContent += 1
                return
            }
            next = entries[Int(next)].previous
        }
    }
}

/// Tells contents apart: FNV-1a, 64 bits.
struct ContentHash {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    static func of(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var hash = ContentHash()
        hash.add(bytes)
        return hash.value
    }
}
