/// Finds a recipient's latest entry in the ledger: a hash table that holds nothing but entry numbers.
struct RecipientIndex: Sendable {
    typealias Entries = ChunkedArray<SupplierLedger.Entry>

    static let none = UInt32.max

    private var table = [UInt32](repeating: RecipientIndex.none, count: 1_024)
    /// How many recipients there are.
    private(set) var count = 0

    /// The latest entry of `recipient`, or `none`.
    func latest(of recipient: UInt64, in entries: Entries) -> UInt32 {
        table[slot(of: recipient, entries)]
    }

    /// Makes `entry` the latest of `recipient`; returns the one before it, or `none`.
    ///
    /// The entry itself need not be in `entries` yet.
    mutating func put(_ entry: UInt32, of recipient: UInt64, in entries: Entries) -> UInt32 {
        if count * 10 > table.count * 7 { grow(entries) }
        let slot = slot(of: recipient, entries)
        let before = table[slot]
        table[slot] = entry
        if before == Self.none { count += 1 }
        return before
    }

    private func slot(of recipient: UInt64, _ entries: Entries) -> Int {
        let mask = table.count - 1
        var slot = Int(truncatingIfNeeded: SimulatorRandom.mixed(recipient)) & mask
        while table[slot] != Self.none, entries[Int(table[slot])].recipient != recipient {
            slot = (slot + 1) & mask
        }
        return slot
    }

    private mutating func grow(_ entries: Entries) {
        let old = table
        table = [UInt32](repeating: Self.none, count: old.count * 2)
        for entry in old where entry != Self.none {
            table[slot(of: entries[Int(entry)].recipient, entries)] = entry
        }
    }
}
