import Foundation
import Groundwork

/// A message, or a part of one, as it came: its fields, and what follows them.
///
/// Reads what mail servers send, whatever the ends of its lines; what makes no sense is left out.
struct MIMEReader {
    /// In order, names in small letters, values unfolded.
    private(set) var fields: [(name: String, value: String)] = []
    private let body: ArraySlice<UInt8>

    private static let lineEnd = UInt8(ascii: "\n")
    /// The most bytes of fields; what has more is no mail that a server sends, and is read as one without any.
    static let headerLimit = 256 << 10
    /// The most parts that are read of one that holds several.
    static let partLimit = 100

    init(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        var name = ""
        var value = ""
        var fields: [(name: String, value: String)] = []
        func close() {
            if !name.isEmpty { fields.append((name, value.trimming())) }
            name = ""
        }
        while !rest.isEmpty {
            let line = Self.takeLine(&rest)
            if line.isEmpty { break }
            guard rest.startIndex - bytes.startIndex <= Self.headerLimit else {
                self.fields = []
                body = []
                return
            }
            if line.first == 0x20 || line.first == 0x09 {
                value += " " + String(decoding: line, as: UTF8.self).trimming()
            } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
                close()
                name = String(decoding: line[..<colon], as: UTF8.self).trimming().lowercased()
                value = String(decoding: line[line.index(after: colon)...], as: UTF8.self)
            }
        }
        close()
        self.fields = fields
        body = rest
    }

    /// The first value of a field, by its name in small letters; nil when there is none.
    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// Such as `multipart/report`, in small letters.
    var type: String {
        (self["content-type"] ?? "text/plain").prefix { $0 != ";" }.lowercased().trimming()
    }

    /// What follows the fields, decoded.
    var contents: [UInt8] {
        switch (self["content-transfer-encoding"] ?? "").lowercased() {
        case "base64":
            Data(base64Encoded: Data(body), options: .ignoreUnknownCharacters).map(Array.init) ?? []
        case "quoted-printable": Self.unquoted(body)
        default: Array(body)
        }
    }

    /// The parts of a part that holds several.
    var parts: [MIMEReader] {
        guard type.hasPrefix("multipart/"), let boundary = parameter("boundary") else { return [] }
        let mark = Array("--\(boundary)".utf8)
        var parts: [MIMEReader] = []
        var start: Int?
        var rest = body
        while !rest.isEmpty {
            let place = rest.startIndex
            let line = Self.takeLine(&rest)
            guard line.starts(with: mark) else { continue }
            let after = line.dropFirst(mark.count).filter { $0 != 0x20 && $0 != 0x09 }
            guard after.isEmpty || after == [0x2D, 0x2D] else { continue }
            if let start { parts.append(MIMEReader(body[start..<place])) }
            guard parts.count < Self.partLimit else { return parts }
            start = after.isEmpty ? rest.startIndex : nil
            if !after.isEmpty { break }
        }
        // A message that was cut short still has what came before.
        if let start { parts.append(MIMEReader(body[start...])) }
        return parts
    }

    /// A parameter of the type, without its quotes.
    private func parameter(_ name: String) -> String? {
        let value = self["content-type"] ?? ""
        for piece in value.split(separator: ";").dropFirst() {
            let halves = piece.split(separator: "=", maxSplits: 1)
            guard halves.count == 2, String(halves[0]).trimming().lowercased() == name else { continue }
            let text = String(halves[1]).trimming()
            return text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text
        }
        return nil
    }

    private static func takeLine(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let end = rest.firstIndex(of: lineEnd) ?? rest.endIndex
        var line = rest[..<end]
        rest = end == rest.endIndex ? rest[end...] : rest[(end + 1)...]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }

    private static func unquoted(_ body: ArraySlice<UInt8>) -> [UInt8] {
        var written: [UInt8] = []
        var rest = body
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                written.append(byte)
                continue
            }
            if rest.first == UInt8(ascii: "\r") { rest.removeFirst() }
            if rest.first == lineEnd {
                rest.removeFirst()
            } else if let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                written.append(code)
                rest = rest.dropFirst(2)
            } else {
                written.append(byte)
            }
        }
        return written
    }
}
