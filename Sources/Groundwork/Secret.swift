/// A value that must not be seen: it prints as stars in every log, page, error and dump.
public struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let value: String

    /// Wraps `value`.
    public init(_ value: String) {
        self.value = value
    }

    /// Whether there is nothing in it.
    public var isEmpty: Bool { value.isEmpty }

    /// Three stars.
    public var description: String { "***" }

    /// Three stars.
    public var debugDescription: String { "***" }

    /// Three stars.
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// The value itself; only for the place that signs or sends it.
    public func reveal() -> String { value }

    /// Whether `candidate` is the same text, found in a time that does not depend on where they differ.
    ///
    /// - Parameter candidate: what the other side presented.
    /// - Returns: `true` only when both are equal and not empty.
    public func matches(_ candidate: String) -> Bool {
        let mine = Array(value.utf8)
        let theirs = Array(candidate.utf8)
        guard !mine.isEmpty else { return false }
        var difference = UInt8(mine.count == theirs.count ? 0 : 1)
        for index in theirs.indices {
            difference |= theirs[index] ^ mine[index % mine.count]
        }
        return difference == 0
    }
}
