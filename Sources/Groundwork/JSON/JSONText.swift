/// A string of a JSON document: where it lies, and its first bytes, so that it can be compared without a look-up.
///
/// It holds no reference to the document; whoever wants its text asks the scanner that found it.
package struct JSONText: Sendable {
    /// The longest literal that a string can be compared with.
    @usableFromInline static let comparable = 32

    /// Where the string lies between its quotes, escapes included.
    let range: Range<Int>
    /// Whether the bytes hold escapes, so that they are not the text itself.
    let isEscaped: Bool
    /// The length of the text in UTF-8, its escapes resolved.
    package let utf8Count: Int
    /// The first bytes of the text, padded with zeros.
    @usableFromInline let head: SIMD4<UInt64>

    /// Takes note of a string whose bytes are the text itself.
    init(plain range: Range<Int>, of bytes: UnsafeBufferPointer<UInt8>) {
        self.range = range
        isEscaped = false
        utf8Count = range.count
        head = Self.head(of: UnsafeBufferPointer(rebasing: bytes[range]))
    }

    /// Takes note of a string whose bytes have to be resolved into `text`.
    init(escaped range: Range<Int>, text: [UInt8]) {
        self.range = range
        isEscaped = true
        utf8Count = text.count
        head = text.withUnsafeBufferPointer { Self.head(of: $0) }
    }

    /// Whether the text is `literal`, which has at most 32 bytes.
    @inlinable package func equals(_ literal: StaticString) -> Bool {
        utf8Count == literal.utf8CodeUnitCount && hasHead(of: literal)
    }

    /// Lets a `switch` over a key name its cases as literals.
    @inlinable package static func ~= (pattern: StaticString, text: JSONText) -> Bool {
        text.equals(pattern)
    }

    @usableFromInline func hasHead(of literal: StaticString) -> Bool {
        let bytes = UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
        return bytes.count <= Self.comparable && head == Self.head(of: bytes)
    }

    private static func head(of bytes: UnsafeBufferPointer<UInt8>) -> SIMD4<UInt64> {
        var head = SIMD4<UInt64>.zero
        withUnsafeMutableBytes(of: &head) { room in
            room.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes).prefix(comparable))
            )
        }
        return head
    }
}
