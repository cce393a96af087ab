/// Where a rendered value goes, and so what must not stand in it as it is.
package enum EscapeTarget: String, Hashable, Sendable, CaseIterable, Codable {
    /// Plain text, as in an SMS: line breaks and TABs become spaces, other control characters are left out.
    case plain
    /// The inside of a JSON string.
    case json
    /// The same, of a text in a chat, where `<` would begin a mention or another tag: it becomes the wide `＜`.
    case jsonChat
    /// The text or a quoted attribute of an HTML page.
    case html
    /// The same, where the page is the inside of a JSON string.
    case jsonHTML
    /// A part of a URL's query: all but unreserved characters become `%XX`.
    case urlQuery

    /// Appends a value, escaped.
    @inline(__always)
    package func append(_ value: Span<UInt8>, to out: inout [UInt8]) {
        var isClean = true
        for index in value.indices {
            let byte = value[unchecked: index]
            let isStrange =
                switch self {
                case .plain: byte < 0x20 || byte == 0x7F
                case .jsonChat:
                    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                        || byte == UInt8(ascii: "<")
                case .json: byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                case .html, .jsonHTML:
                    byte < 0x20 || byte == 0x22 || byte == 0x26 || byte == 0x27 || byte == 0x3C
                        || byte == 0x3E || byte == 0x7F || (self == .jsonHTML && byte == 0x5C)
                case .urlQuery: !EscapeTarget.isUnreserved(byte)
                }
            if isStrange { isClean = false }
        }
        if isClean {
            value.withUnsafeBufferPointer { out.append(contentsOf: $0) }
        } else {
            for index in value.indices { appendOne(value[unchecked: index], to: &out) }
        }
    }

    private func appendOne(_ byte: UInt8, to out: inout [UInt8]) {
        switch self {
        case .plain: appendPlain(byte, to: &out)
        case .json: appendJSON(byte, to: &out)
        case .jsonChat where byte == UInt8(ascii: "<"): out.append(contentsOf: "＜".utf8)
        case .jsonChat: appendJSON(byte, to: &out)
        case .html: appendHTML(byte, to: &out)
        case .jsonHTML:
            switch byte {
            case 0x09, 0x0A, 0x0D, 0x5C: appendJSON(byte, to: &out)
            default: appendHTML(byte, to: &out)
            }
        case .urlQuery:
            if EscapeTarget.isUnreserved(byte) {
                out.append(byte)
            } else {
                out.append(UInt8(ascii: "%"))
                appendHex(byte, digits: Self.upperHex, to: &out)
            }
        }
    }

    private func appendPlain(_ byte: UInt8, to out: inout [UInt8]) {
        switch byte {
        case 0x0A where out.last == 0x20, 0x00..<0x09, 0x0B, 0x0C, 0x0E..<0x20, 0x7F: break
        case 0x09, 0x0A, 0x0D: out.append(0x20)
        default: out.append(byte)
        }
    }

    private func appendJSON(_ byte: UInt8, to out: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(contentsOf: [UInt8(ascii: "\\"), byte])
        case 0x0A: out.append(contentsOf: "\\n".utf8)
        case 0x0D: out.append(contentsOf: "\\r".utf8)
        case 0x09: out.append(contentsOf: "\\t".utf8)
        case 0x00..<0x20:
            out.append(contentsOf: "\\u00".utf8)
            appendHex(byte, digits: Self.lowerHex, to: &out)
        default: out.append(byte)
        }
    }

    private func appendHTML(_ byte: UInt8, to out: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "&"): out.append(contentsOf: "&amp;".utf8)
        case UInt8(ascii: "<"): out.append(contentsOf: "&lt;".utf8)
        case UInt8(ascii: ">"): out.append(contentsOf: "&gt;".utf8)
        case UInt8(ascii: "\""): out.append(contentsOf: "&quot;".utf8)
        case UInt8(ascii: "'"): out.append(contentsOf: "&#39;".utf8)
        case 0x00..<0x09, 0x0B, 0x0C, 0x0E..<0x20, 0x7F: break
        default: out.append(byte)
        }
    }

    private static let upperHex = Array("0123456789ABCDEF".utf8)
    private static let lowerHex = Array("0123456789abcdef".utf8)

    private func appendHex(_ byte: UInt8, digits: [UInt8], to out: inout [UInt8]) {
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
    }

    /// The characters that RFC 3986 never needs escaped.
    @inline(__always)
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }
}
