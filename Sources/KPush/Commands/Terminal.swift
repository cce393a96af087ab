import Foundation

/// Writes to the terminal at once; whoever reads through a pipe waits for it.
enum Terminal {
    static func out(_ text: String) {
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    /// What is no answer: complaints and hints.
    static func complain(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}

extension String {
    /// Followed by blanks up to a width, and by one at least.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - columns))
    }

    /// How many columns of a terminal it takes.
    var columns: Int { reduce(0) { $0 + $1.columns } }

    /// Fit for a terminal: what could steer it is replaced, line breaks included.
    var printable: String { String(map { $0.isPrintable ? $0 : "\u{FFFD}" }) }
}

extension Character {
    /// Whether a terminal can be trusted with it.
    var isPrintable: Bool {
        unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
    }

    /// Two for the wide characters of East Asia and for emoji, one for others.
    fileprivate var columns: Int {
        guard let scalar = unicodeScalars.first?.value, scalar >= 0x1100 else { return 1 }
        return Self.wide.contains { $0.contains(scalar) } ? 2 : 1
    }

    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF,
        0x20000...0x3FFFD,
    ]
}
