package import Groundwork

extension Members {
    /// Stretches of neighbours, which one statement changes at once.
    package var stretches: [ClosedRange<Int>] {
        var stretches: [ClosedRange<Int>] = []
        var start = 0
        while start < indices.count {
            var end = start
            while end + 1 < indices.count, indices[end + 1] == indices[end] + 1 { end += 1 }
            stretches.append(indices[start]...indices[end])
            start = end + 1
        }
        return stretches
    }

    /// Members as a column holds them.
    package init(stored bytes: [UInt8]) throws(StoreError) {
        do { try self.init(encoded: bytes) } catch {
            throw StoreError(.corrupted, during: "read members", detail: "\(error)")
        }
    }

    /// Where `index` stands among the members; nil when it is none.
    package func place(of index: Int) -> Int? {
        var low = 0
        var high = indices.count
        while low < high {
            let middle = (low + high) / 2
            if indices[middle] < index { low = middle + 1 } else { high = middle }
        }
        return low < indices.count && indices[low] == index ? low : nil
    }
}
