/// Writes numbers and byte strings in little-endian order, for payloads that must stay readable for years.
package struct ByteWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func write<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func write<Number: FixedWidthInteger>(all numbers: [Number]) {
        write(UInt32(numbers.count))
        numbers.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    package mutating func write(_ table: ByteTable) {
        write(all: table.ends)
        write(all: table.bytes)
    }
}

/// Reads what `ByteWriter` wrote; refuses what is cut short.
package struct ByteReader {
    private let bytes: [UInt8]
    private var offset = 0

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package mutating func read<Number: FixedWidthInteger>(_ type: Number.Type) throws(PayloadError) -> Number
    {
        let width = MemoryLayout<Number>.size
        guard offset + width <= bytes.count else { throw PayloadError.truncated(at: offset) }
        let number = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
        offset += width
        return Number(littleEndian: number)
    }

    package mutating func readAll<Number: FixedWidthInteger>(
        _ type: Number.Type
    ) throws(PayloadError) -> [Number] {
        let count = Int(try read(UInt32.self))
        let width = count * MemoryLayout<Number>.size
        guard offset + width <= bytes.count else { throw PayloadError.truncated(at: offset) }
        let start = offset
        offset += width
        return [Number](unsafeUninitializedCapacity: count) { buffer, filled in
            bytes.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(buffer)
                    .copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: source[start..<(start + width)])
                    )
            }
            filled = count
        }
    }

    /// Whether all of it was read.
    package var isAtEnd: Bool { offset == bytes.count }

    package mutating func readTable() throws(PayloadError) -> ByteTable {
        let ends = try readAll(UInt32.self)
        let content = try readAll(UInt8.self)
        var last: UInt32 = 0
        for end in ends {
            guard end >= last, end <= UInt32(content.count) else { throw PayloadError.truncated(at: offset) }
            last = end
        }
        return ByteTable(bytes: content, ends: ends)
    }
}

/// Why stored bytes cannot be read back.
package enum PayloadError: Error, Hashable, Sendable {
    case truncated(at: Int)
    case unknownVersion(Int)
    case inconsistent(String)
}
