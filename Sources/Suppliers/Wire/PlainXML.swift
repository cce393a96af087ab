import Groundwork

/// Where bytes stop being XML that is understood here.
struct XMLFault: Error, Hashable, CustomStringConvertible {
    let offset: Int

    var description: String { "not the XML that is expected, at byte \(offset)" }
}

/// Reads XML as WeChat posts it: elements that hold text, `CDATA` or other elements.
///
/// It knows nothing else, and refuses what it does not know: attributes, comments, document types, and entities
/// beyond XML's own five and the numbers of characters. So nothing in it leads anywhere.
struct PlainXML {
    private static let depthLimit = 8

    private let bytes: [UInt8]
    private var offset = 0

    /// Reads a document.
    ///
    /// - Parameter bytes: the document, in UTF-8.
    /// - Returns: what its root holds: a text, or an object of the elements in it, in their order and with their
    ///   repetitions.
    /// - Throws: `XMLFault` when it is none, or holds what is not known here.
    static func read(_ bytes: [UInt8]) throws(XMLFault) -> WireValue {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw XMLFault(offset: 0) }
        var reader = PlainXML(bytes: bytes)
        try reader.skipProlog()
        let root = try reader.element(depth: 1)
        reader.skipBlanks()
        guard reader.offset == bytes.count else { throw XMLFault(offset: reader.offset) }
        return root.value
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func skipProlog() throws(XMLFault) {
        _ = take([0xEF, 0xBB, 0xBF])
        skipBlanks()
        guard take(Array("<?xml ".utf8)) else { return }
        _ = try text(before: Array("?>".utf8))
        skipBlanks()
    }

    private mutating func element(depth: Int) throws(XMLFault) -> (name: String, value: WireValue) {
        guard depth <= Self.depthLimit, take([UInt8(ascii: "<")]) else { throw XMLFault(offset: offset) }
        let name = try self.name()
        guard take([UInt8(ascii: ">")]) else { throw XMLFault(offset: offset) }
        var text: [UInt8] = []
        var children = WireObject()
        while !take(Array("</".utf8)) {
            if take(Array("<![CDATA[".utf8)) {
                text += try self.text(before: Array("]]>".utf8))
            } else if offset < bytes.count, bytes[offset] == UInt8(ascii: "<") {
                let child = try element(depth: depth + 1)
                children.append(child.name, child.value)
            } else {
                try appendCharacter(to: &text)
            }
        }
        guard try self.name() == name, take([UInt8(ascii: ">")]) else { throw XMLFault(offset: offset) }
        guard !children.members.isEmpty else { return (name, .text(String(decoding: text, as: UTF8.self))) }
        // Between elements there is nothing but what keeps lines apart.
        guard text.allSatisfy(Self.isBlank) else { throw XMLFault(offset: offset) }
        return (name, .object(children))
    }

    private mutating func name() throws(XMLFault) -> String {
        let start = offset
        while offset < bytes.count, Self.isOfName(bytes[offset]) { offset += 1 }
        guard offset > start else { throw XMLFault(offset: offset) }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    /// Takes what stands before a mark, and the mark.
    private mutating func text(before mark: [UInt8]) throws(XMLFault) -> ArraySlice<UInt8> {
        let start = offset
        while offset < bytes.count {
            let end = offset
            if take(mark) { return bytes[start..<end] }
            offset += 1
        }
        throw XMLFault(offset: offset)
    }

    private mutating func appendCharacter(to text: inout [UInt8]) throws(XMLFault) {
        guard offset < bytes.count else { throw XMLFault(offset: offset) }
        guard bytes[offset] == UInt8(ascii: "&") else {
            text.append(bytes[offset])
            offset += 1
            return
        }
        let start = offset
        offset += 1
        let entity = String(decoding: try self.text(before: [UInt8(ascii: ";")]), as: UTF8.self)
        guard let character = Self.character(entity) else { throw XMLFault(offset: start) }
        text += String(Character(character)).utf8
    }

    private static func character(_ entity: String) -> Unicode.Scalar? {
        switch entity {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard entity.hasPrefix("#"), entity.utf8.count <= 8 else { return nil }
            let digits = entity.dropFirst()
            let code = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return code.flatMap { $0 == 0 ? nil : Unicode.Scalar($0) }
        }
    }

    private mutating func take(_ mark: [UInt8]) -> Bool {
        guard bytes[offset...].starts(with: mark) else { return false }
        offset += mark.count
        return true
    }

    private mutating func skipBlanks() {
        while offset < bytes.count, Self.isBlank(bytes[offset]) { offset += 1 }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        [0x20, 0x09, 0x0A, 0x0D].contains(byte)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
