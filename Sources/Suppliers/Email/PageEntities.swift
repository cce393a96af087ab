/// Characters that pages spell by name or number.
enum PageEntities {
    private static let names: [Substring: Character] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{A0}", "copy": "\u{A9}",
        "reg": "\u{AE}", "trade": "\u{2122}", "hellip": "\u{2026}", "mdash": "\u{2014}", "ndash": "\u{2013}",
        "lsquo": "\u{2018}", "rsquo": "\u{2019}", "ldquo": "\u{201C}", "rdquo": "\u{201D}",
        "bull": "\u{2022}",
        "middot": "\u{B7}", "laquo": "\u{AB}", "raquo": "\u{BB}", "euro": "\u{20AC}", "yen": "\u{A5}",
        "times": "\u{D7}", "deg": "\u{B0}", "zwnj": "\u{200C}", "shy": "\u{AD}",
    ]

    /// `text` with what it spells out; what is no such spelling stays.
    static func resolved(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        var written = ""
        var rest = text
        while let mark = rest.firstIndex(of: "&") {
            written += rest[..<mark]
            rest = rest[rest.index(after: mark)...]
            let name = rest.prefix(10).prefix { $0 != ";" && $0 != "&" && $0 != " " }
            let end = rest.index(rest.startIndex, offsetBy: name.count)
            if end < rest.endIndex, rest[end] == ";", let character = character(name) {
                written.append(character)
                rest = rest[rest.index(after: end)...]
            } else {
                written += "&"
            }
        }
        return written + rest
    }

    /// The value of a tag's attribute; empty when it has none of the name.
    static func attribute(_ name: String, of tag: Substring) -> String {
        var rest = tag
        while let place = rest.firstIndex(where: { $0 == "=" }) {
            let before = rest[..<place].split(whereSeparator: \.isWhitespace).last?.lowercased()
            var value = rest[rest.index(after: place)...].drop(while: \.isWhitespace)
            if let quote = value.first, quote == "\"" || quote == "'" {
                value = value.dropFirst()
                let text = value.prefix { $0 != quote }
                if before == name { return resolved(text) }
                rest = value.dropFirst(text.count + 1)
            } else {
                let text = value.prefix { !$0.isWhitespace }
                if before == name { return resolved(text) }
                rest = value.dropFirst(text.count)
            }
        }
        return ""
    }

    private static func character(_ name: Substring) -> Character? {
        guard name.first == "#" else { return names[name] }
        let digits = name.dropFirst()
        let isHex = digits.first == "x" || digits.first == "X"
        let number = isHex ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap { $0 < 0x20 ? nil : Unicode.Scalar($0) }.map(Character.init)
    }
}
