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

    /// The members of both, in order.
    package static func + (one: WireObject, other: WireObject) -> WireObject {
        var sum = one
        sum.members += other.members
        return sum
    }

    /// Adds a member at the end.
    package mutating func append(_ key: String, _ value: WireValue) {
        members.append(Member(key: key, value: value))
    }
}

extension WireValue {
    /// How deep the wire's values may be nested; its own messages need three levels.
    private static let depthLimit = 64

    /// Reads a JSON text.
    ///
    /// - Throws: `WireError.notJSON` when `json` is not one.
    package init(json: some Sequence<UInt8>) throws(WireError) {
        var scanner = JSONScanner(Array(json), depthLimit: WireValue.depthLimit)
        do {
            self = try WireValue(next: &scanner)
            try scanner.finish()
        } catch {
            throw WireError(.notJSON)
        }
    }

    /// Takes the next value, whatever it is.
    ///
    /// - Throws: `JSONError` that says where the bytes stop being JSON.
    package init(next scanner: inout JSONScanner) throws(JSONError) {
        switch try scanner.peek() {
        case .null:
            _ = try scanner.takeNull()
            self = .null
        case .bool: self = .bool(try scanner.bool())
        case .string: self = .text(try scanner.string())
        case .number: self = try WireValue(nextNumber: &scanner)
        case .array:
            var list: [WireValue] = []
            try scanner.beginArray()
            while try scanner.nextElement() { list.append(try WireValue(next: &scanner)) }
            self = .list(list)
        case .object:
            var object = WireObject()
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                object.append(scanner.string(of: key), try WireValue(next: &scanner))
            }
            self = .object(object)
        }
    }

    private init(nextNumber scanner: inout JSONScanner) throws(JSONError) {
        let start = scanner
        do {
            self = .integer(try scanner.integer())
        } catch {
            // Not whole, or beyond 64 bits.
            scanner = start
            self = .number(try scanner.number())
        }
    }

    /// The compact JSON text.
    package var json: [UInt8] {
        var writer = JSONWriter()
        write(with: &writer)
        return writer.bytes
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
        case .text(let text): Int64(text.trimming())
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

    private func write(with writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.bool(value)
        case .integer(let value): writer.integer(value)
        case .number(let value): writer.number(value)
        case .text(let text): writer.string(text)
        case .list(let list):
            writer.beginArray()
            for value in list { value.write(with: &writer) }
            writer.endArray()
        case .object(let object):
            writer.beginObject()
            for member in object.members {
                writer.key(member.key)
                member.value.write(with: &writer)
            }
            writer.endObject()
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
