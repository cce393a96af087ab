/// Which recipients of a batch something is about, as places in the batch.
package struct Members: Hashable, Sendable {
    /// Ascending, without repeats.
    package let indices: [Int]

    package init(_ indices: [Int]) {
        self.indices = indices
    }

    package var count: Int { indices.count }

    package var isEmpty: Bool { indices.isEmpty }

    package func contains(_ index: Int) -> Bool {
        var low = 0
        var high = indices.count
        while low < high {
            let middle = (low + high) / 2
            if indices[middle] < index { low = middle + 1 } else { high = middle }
        }
        return low < indices.count && indices[low] == index
    }

    /// Runs of neighbours as (gap, length) pairs of variable-length numbers: a whole batch takes three bytes.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        var position = 0
        var cursor = 0
        while cursor < indices.count {
            let start = indices[cursor]
            var end = cursor + 1
            while end < indices.count, indices[end] == start + (end - cursor) { end += 1 }
            Self.append(start - position, to: &bytes)
            Self.append(end - cursor, to: &bytes)
            position = start + (end - cursor)
            cursor = end
        }
        return bytes
    }

    /// Reads what `encoded` wrote.
    ///
    /// - Throws: `PayloadError` when the bytes are cut or name places that no batch has.
    package init(encoded: [UInt8]) throws(PayloadError) {
        var indices: [Int] = []
        var position = 0
        var offset = 0
        while offset < encoded.count {
            let gap = try Self.read(encoded, &offset)
            let length = try Self.read(encoded, &offset)
            let start = position + gap
            guard start + length <= BatchID.capacity else { throw .inconsistent("member out of range") }
            indices.append(contentsOf: start..<(start + length))
            position = start + length
        }
        self.init(indices)
    }

    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func read(_ bytes: [UInt8], _ offset: inout Int) throws(PayloadError) -> Int {
        var number = 0
        var shift = 0
        while offset < bytes.count, shift < 28 {
            let byte = bytes[offset]
            offset += 1
            number |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return number }
            shift += 7
        }
        throw .truncated(at: offset)
    }
}
