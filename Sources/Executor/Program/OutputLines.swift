/// Cuts a program's output into the lines of a run's log.
///
/// A last line without a line feed is a line as well; one that is longer than a log's line becomes several. What is no
/// UTF-8 is replaced, and so are control characters, with which a text could do things to a terminal. After `limit`
/// bytes one line says that the rest is dropped, and it is.
struct OutputLines {
    private let limit: Int
    private var taken = 0
    private var partial: [UInt8] = []
    private var isCut = false

    /// The most bytes in one line, less than what a run's log keeps of it.
    static let lineBytes = RunLogFolder.lineBytes / 2

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes a piece of output and hands each line that is complete to `line`.
    mutating func take(_ piece: some Collection<UInt8>, _ line: (String) -> Void) {
        guard !isCut else { return }
        let room = limit - taken
        taken += min(room, piece.count)
        for byte in piece.prefix(room) {
            if byte == UInt8(ascii: "\n") {
                flush(line)
                continue
            }
            partial.append(byte)
            if partial.count >= Self.lineBytes { flushWhole(line) }
        }
        guard piece.count > room else { return }
        finish(line)
        isCut = true
        line("[output cut: it is longer than \(limit) bytes, the rest is dropped]")
    }

    /// Hands on what has no line feed at its end.
    mutating func finish(_ line: (String) -> Void) {
        if !partial.isEmpty { flush(line) }
    }

    private mutating func flush(_ line: (String) -> Void) {
        line(Self.text(partial))
        partial.removeAll(keepingCapacity: true)
    }

    /// Hands on a long line up to its last whole character.
    private mutating func flushWhole(_ line: (String) -> Void) {
        // A character has at most three bytes after its first.
        let start = partial.indices.suffix(4).last { partial[$0] & 0xC0 != 0x80 } ?? partial.endIndex
        let isWhole = start == partial.endIndex || partial[start] < 0xC0
        let rest = isWhole ? [] : Array(partial[start...])
        if !isWhole { partial.removeSubrange(start...) }
        line(Self.text(partial))
        partial = rest
    }

    private static func text(_ bytes: [UInt8]) -> String {
        var bytes = bytes[...]
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var plain = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { plain.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
        return String(plain)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control && scalar != "\t" && scalar != "\r"
    }
}
