import Crypto

/// Gives every key one of a group's executors, the same one that xxl-job's ring gives it.
///
/// Each executor stands at 100 points of the ring, a key belongs to the first point at or after its own, and beyond the
/// last point comes the first. What is hashed for a point is `SHARD-`, the address as the executor spelled it, `-NODE-`
/// and the point's number.
package struct HashRing: Sendable {
    package static let pointsPerExecutor = 100

    /// The addresses as their executors spelled them.
    package let spellings: [String]
    /// In ascending order.
    private let points: [UInt32]
    /// Which address stands at each point.
    private let owners: [Int]

    /// Builds the ring of executors that registered under these addresses.
    package init(_ spellings: [String]) {
        self.spellings = spellings
        var ring: [UInt32: Int] = [:]
        for (owner, spelling) in spellings.enumerated() {
            for number in 0..<Self.pointsPerExecutor {
                // Where two meet, the later one stays.
                ring[Self.hash("SHARD-\(spelling)-NODE-\(number)")] = owner
            }
        }
        let sorted = ring.sorted { $0.key < $1.key }
        points = sorted.map(\.key)
        owners = sorted.map(\.value)
    }

    /// The positions in `spellings` in the order in which they stand on the ring from `key` on, each once.
    ///
    /// The first is the key's own; if that one goes, the key belongs to the second, and so on.
    package func order(for key: String) -> [Int] {
        guard !points.isEmpty else { return [] }
        var order: [Int] = []
        var isListed = [Bool](repeating: false, count: spellings.count)
        let start = firstPoint(from: Self.hash(key))
        for step in 0..<points.count where order.count < spellings.count {
            let owner = owners[(start + step) % points.count]
            if isListed[owner] { continue }
            isListed[owner] = true
            order.append(owner)
        }
        return order
    }

    /// The first four bytes of the text's MD5, the lowest first.
    static func hash(_ text: String) -> UInt32 {
        Insecure.MD5.hash(data: Array(text.utf8)).prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The position of the first point that is not before `hash`; that of the first of all when there is none.
    private func firstPoint(from hash: UInt32) -> Int {
        var (low, high) = (0, points.count)
        while low < high {
            let middle = (low + high) / 2
            if points[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low == points.count ? 0 : low
    }
}
