import Foundation

/// A JSON value as it came or as it will be written; the order of an object's members is kept when written.
package enum WireValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([WireValue])
    case object(WireObject)
}

/// The members of a JSON object; a member that is missing reads as null, as the wire's Java encoders leave
/// nulls out.
package struct WireObject: Hashable, Sendable {
    /// One member.
    package struct Member: Hashable, Sendable {
        package let key: String
        package let value: WireValue
    }

    /// The members in the order in which they are written.
    package private(set) var members: [Member]

    /// Makes an object of `members`, which keep their order.
    package init(_ members: KeyValuePairs<String, WireValue> = [:]) {
        self.members = members.map { Member(key: $0.key, value: $0.value) }
    }

    /// What stands under `key`, or null.
    package subscript(key: String) -> WireValue {
        members.first { $0.key == key }?.value ?? .null
    }

    /// Adds a member at the end.
    package mutating func append(_ key: String, _ value: WireValue) {
        members.append(Member(key: key, value: value))
    }
}

extension WireValue {
    /// Reads a JSON text.
    ///
    /// - Throws: `WireError.notJSON` when `json` is not one.
    package init(json: some Sequence<UInt8>) throws(WireError) {
        do {
            self = try JSONDecoder().decode(WireValue.self, from: Data(json))
        } catch {
            throw WireError(.notJSON)
        }
    }

    /// The compact JSON text.
    package var json: [UInt8] {
        var bytes: [UInt8] = []
        write(into: &bytes)
        return bytes
    }

    /// The members, when this is an object.
    package var object: WireObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The elements, when this is a list.
    package var list: [WireValue]? {
        if case .list(let list) = self { list } else { nil }
    }

    /// Whether this is null, or was missing.
    package var isNull: Bool { self == .null }

    /// The whole number this is or spells: clients write ids as numbers, as text and as `5.0`.
    package var wholeNumber: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        case .text(let text): Int64(text.trimmingCharacters(in: .whitespaces))
        case .null, .bool, .list, .object: nil
        }
    }

    /// The truth value this is or spells.
    package var truth: Bool? {
        switch self {
        case .bool(let value): value
        case .text("true"): true
        case .text("false"): false
        default: nil
        }
    }

    /// The value as text: text as it is, null as nothing, everything else as its JSON.
    package var text: String? {
        switch self {
        case .null: nil
        case .text(let text): text
        default: String(decoding: json, as: UTF8.self)
        }
    }

    private func write(into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .integer(let value): bytes += String(value).utf8
        case .number(let value): bytes += (value.isFinite ? String(value) : "null").utf8
        case .text(let text): Self.write(text, into: &bytes)
        case .list(let list):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in list.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                value.write(into: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(member.key, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, into bytes: inout [UInt8]) {
        let hexadecimal = Array("0123456789abcdef".utf8)
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += #"\""#.utf8
            case UInt8(ascii: "\\"): bytes += #"\\"#.utf8
            case UInt8(ascii: "\n"): bytes += #"\n"#.utf8
            case UInt8(ascii: "\r"): bytes += #"\r"#.utf8
            case UInt8(ascii: "\t"): bytes += #"\t"#.utf8
            case 0..<0x20:
                bytes += #"\u00"#.utf8
                bytes += [hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension WireValue: Decodable {
    /// Reads any JSON value.
    ///
    /// - Throws: `DecodingError` when the value is of no kind JSON has, such as a number beyond a `Double`.
    package init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: AnyKey.self) {
            // Being no object is an answer, not an error: the next kind is tried.
            var read = WireObject()
            for key in object.allKeys {
                read.append(key.stringValue, try object.decode(WireValue.self, forKey: key))
            }
            self = .object(read)
            return
        }
        if var list = try? decoder.unkeyedContainer() {
            // As above.
            var read: [WireValue] = []
            while !list.isAtEnd { read.append(try list.decode(WireValue.self)) }
            self = .list(read)
            return
        }
        let scalar = try decoder.singleValueContainer()
        if scalar.decodeNil() {
            self = .null
        } else if let text = try? scalar.decode(String.self) {
            self = .text(text)
        } else if let truth = try? scalar.decode(Bool.self) {
            self = .bool(truth)
        } else if let whole = try? scalar.decode(Int64.self) {
            self = .integer(whole)
        } else {
            self = .number(try scalar.decode(Double.self))
        }
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) {
            nil
        }
    }
}

extension WireValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }

    package init(integerLiteral value: Int64) { self = .integer(value) }

    package init(booleanLiteral value: Bool) { self = .bool(value) }

    package init(nilLiteral: ()) { self = .null }
}
