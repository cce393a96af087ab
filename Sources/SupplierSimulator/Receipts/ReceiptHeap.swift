/// Receipts that are not due yet, the earliest first.
struct ReceiptHeap: Sendable {
    /// A message whose receipt is due at an instant.
    struct Item: Sendable {
        /// Milliseconds since the epoch.
        let due: Int64
        /// The message's number in the ledger.
        let entry: UInt32

        fileprivate func isBefore(_ other: Item) -> Bool {
            due != other.due ? due < other.due : entry < other.entry
        }
    }

    private var items: [Item] = []

    var count: Int { items.count }

    /// When the earliest is due.
    var nextDue: Int64? { items.first?.due }

    mutating func insert(_ item: Item) {
        items.append(item)
        var child = items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard items[child].isBefore(items[parent]) else { return }
            items.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the messages whose receipts are due at `now`, at most `limit`, in the order in which they are due.
    mutating func takeDue(at now: Int64, limit: Int) -> [UInt32] {
        var taken: [UInt32] = []
        while taken.count < limit, let first = items.first, first.due <= now {
            taken.append(first.entry)
            removeFirst()
        }
        return taken
    }

    private mutating func removeFirst() {
        let last = items.removeLast()
        guard !items.isEmpty else { return }
        items[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
                if items[child].isBefore(items[least]) { least = child }
            }
            guard least != parent else { return }
            items.swapAt(least, parent)
            parent = least
        }
    }
}
