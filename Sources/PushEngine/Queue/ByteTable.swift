/// Many byte strings in one buffer: what keeps a batch of thousands of texts at two allocations.
package struct ByteTable: Hashable, Sendable {
    /// All strings, one after the other.
    package private(set) var bytes: [UInt8]
    /// Where each string ends in `bytes`.
    package private(set) var ends: [UInt32]

    package init() {
        bytes = []
        ends = []
    }

    init(bytes: [UInt8], ends: [UInt32]) {
        self.bytes = bytes
        self.ends = ends
    }

    package var count: Int { ends.count }

    package mutating func reserve(strings: Int, bytes count: Int) {
        ends.reserveCapacity(strings)
        bytes.reserveCapacity(count)
    }

    package mutating func append(_ string: some Collection<UInt8>) {
        bytes.append(contentsOf: string)
        ends.append(UInt32(bytes.count))
    }

    /// Appends what `write` puts at the end of the buffer as one string.
    package mutating func append<Failure: Error>(
        writing write: (inout [UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        try write(&bytes)
        ends.append(UInt32(bytes.count))
    }

    /// Takes the last string away again.
    package mutating func removeLast() {
        ends.removeLast()
        bytes.removeLast(bytes.count - Int(ends.last ?? 0))
    }

    /// Where string `index` lies in `bytes`.
    package func range(of index: Int) -> Range<Int> {
        (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])
    }

    package subscript(index: Int) -> ArraySlice<UInt8> { bytes[range(of: index)] }

    /// String `index` as text; bytes that are not UTF-8 are replaced.
    package func text(_ index: Int) -> String {
        String(decoding: self[index], as: UTF8.self)
    }

    /// Calls `body` with the bytes of string `index`, without copying them.
    package func withBytes<Result>(of index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let range = range(of: index)
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
}
