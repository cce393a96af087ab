import Foundation

/// A line on the terminal that is written over again; on anything else a line now and then.
struct ProgressBar {
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private var lastPercent = -10

    private static let width = 30

    /// Shows how much is done and what else there is to say.
    mutating func show(_ share: Double, _ text: String) {
        let percent = Int(share * 100)
        let full = min(Self.width, Int(share * Double(Self.width)))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: Self.width - full)
        if isTerminal {
            Terminal.out("\r\u{1B}[K\(bar) \(percent) %  \(text)")
        } else if percent >= lastPercent + 10 || (percent == 100 && lastPercent < 100) {
            lastPercent = percent
            Terminal.out("\(percent) %  \(text)\n")
        }
    }

    /// Shows a line that the next one takes the place of; nothing where nobody sees it.
    func note(_ text: String) {
        if isTerminal { Terminal.out("\r\u{1B}[K\(text)") }
    }

    /// Leaves what was shown last where it is.
    func finish() {
        if isTerminal { Terminal.out("\n") }
    }
}

extension BinaryInteger {
    /// With commas between the thousands.
    var grouped: String {
        var digits = Array(String(self))
        for place in stride(from: digits.count - 3, to: digits.first == "-" ? 1 : 0, by: -3) {
            digits.insert(",", at: place)
        }
        return String(digits)
    }
}
