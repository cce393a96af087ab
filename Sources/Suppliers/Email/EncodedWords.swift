import Foundation

/// Texts of a message's header: as they are where they can be, and as encoded words (RFC 2047) otherwise.
enum EncodedWords {
    /// The most characters of an encoded word.
    private static let wordLimit = 75
    /// The most characters of a line that holds one.
    private static let lineLimit = 76
    private static let opening = "=?UTF-8?B?"
    private static let closing = "?="

    /// `text` for a field, folded.
    ///
    /// - Parameters:
    ///   - text: what people read.
    ///   - column: how much stands before it on its line.
    /// - Returns: the text as it is written.
    static func unstructured(_ text: String, after column: Int) -> String {
        guard isPlain(text) else { return encoded(text, after: column) }
        return folded(text, after: column) ?? encoded(text, after: column)
    }

    /// What people call somebody, before an address.
    static func phrase(_ name: String, after column: Int) -> String {
        guard isPlain(name), column + name.utf8.count + 2 < lineLimit else {
            return encoded(name, after: column)
        }
        let escaped = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(escaped)\""
    }

    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { 0x20...0x7E ~= $0 } && !text.contains("=?") && text.first != " "
            && text.last != " "
    }

    /// Breaks a text before blanks; nil when a word is too long for a line.
    private static func folded(_ text: String, after column: Int) -> String? {
        var written = ""
        var width = column
        var rest = text[...]
        while !rest.isEmpty {
            let blanks = rest.prefix { $0 == " " }
            let word = rest.dropFirst(blanks.count).prefix { $0 != " " }
            let length = blanks.utf8.count + word.utf8.count
            if width + length > lineLimit {
                guard !blanks.isEmpty, length <= lineLimit else { return nil }
                written += "\r\n"
                width = 0
            }
            written += blanks + word
            width += length
            rest = rest.dropFirst(blanks.count + word.count)
        }
        return written
    }

    /// Words of whole characters, a line each.
    private static func encoded(_ text: String, after column: Int) -> String {
        var words: [String] = []
        var chunk: [UInt8] = []
        // The longest text whose base64 fits, with what stands before it.
        func room() -> Int {
            let line = words.isEmpty ? lineLimit - column : lineLimit - 1
            return max(4, (min(wordLimit, line) - opening.count - closing.count) / 4 * 3)
        }
        func close() {
            words.append(opening + Data(chunk).base64EncodedString() + closing)
            chunk = []
        }
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if chunk.count + bytes.count > room() { close() }
            chunk += bytes
        }
        if !chunk.isEmpty || words.isEmpty { close() }
        return words.joined(separator: "\r\n ")
    }
}
