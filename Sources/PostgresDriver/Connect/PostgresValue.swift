/// A parameter of a statement, in PostgreSQL's binary form.
enum PostgresValue: Sendable {
    case null
    case int(Int64)
    case bool(Bool)
    case text(String)
    case bytes([UInt8])
    case ints([Int64])
    case optionalInts([Int64?])
    case texts([String])
    case optionalTexts([String?])
    case byteStrings([[UInt8]])

    static func int(_ number: Int) -> PostgresValue { .int(Int64(number)) }

    static func int(_ number: Int64?) -> PostgresValue { number.map { .int($0) } ?? .null }

    static func text(_ text: String?) -> PostgresValue { text.map { .text($0) } ?? .null }

    static func bytes(_ bytes: [UInt8]?) -> PostgresValue { bytes.map { .bytes($0) } ?? .null }

    static func bool(_ value: Bool?) -> PostgresValue { value.map { .bool($0) } ?? .null }

    /// The type's number in `pg_type`; 0 lets the server infer it.
    var type: UInt32 {
        switch self {
        case .null: 0
        case .int: 20
        case .bool: 16
        case .text: 25
        case .bytes: 17
        case .ints, .optionalInts: 1_016
        case .texts, .optionalTexts: 1_009
        case .byteStrings: 1_001
        }
    }

    /// Appends the value's bytes; false for null, which has none.
    func encode(into bytes: inout [UInt8]) -> Bool {
        switch self {
        case .null: return false
        case .int(let number): bytes.append(bigEndian: number)
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .text(let text): bytes.append(stored: text)
        case .bytes(let content): bytes.append(contentsOf: content)
        case .ints(let numbers):
            bytes.appendArrayHead(count: numbers.count, of: 20)
            bytes.reserveCapacity(bytes.count + numbers.count * 12)
            for number in numbers {
                bytes.append(bigEndian: Int32(8))
                bytes.append(bigEndian: number)
            }
        case .optionalInts(let numbers):
            bytes.appendArrayHead(count: numbers.count, of: 20)
            for number in numbers {
                bytes.append(bigEndian: Int32(number == nil ? -1 : 8))
                if let number { bytes.append(bigEndian: number) }
            }
        case .texts(let texts):
            bytes.appendArrayHead(count: texts.count, of: 25)
            for text in texts { bytes.append(element: text) }
        case .optionalTexts(let texts):
            bytes.appendArrayHead(count: texts.count, of: 25)
            for text in texts {
                if let text { bytes.append(element: text) } else { bytes.append(bigEndian: Int32(-1)) }
            }
        case .byteStrings(let strings):
            bytes.appendArrayHead(count: strings.count, of: 17)
            for string in strings {
                bytes.append(bigEndian: Int32(string.count))
                bytes.append(contentsOf: string)
            }
        }
        return true
    }
}

extension [UInt8] {
    /// Appends a number as the wire has it.
    mutating func append(bigEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }

    /// Appends a text as PostgreSQL can hold it: it has no character of number 0, and what somebody else wrote into a
    /// message must not keep the message out.
    fileprivate mutating func append(stored text: String) {
        guard text.utf8.contains(0) else { return append(contentsOf: text.utf8) }
        append(contentsOf: text.replacing("\0", with: "\u{FFFD}").utf8)
    }

    /// Appends a text as an element of an array.
    mutating func append(element text: String) {
        let place = count
        append(bigEndian: Int32(0))
        append(stored: text)
        let length = Int32(count - place - 4).bigEndian
        Swift.withUnsafeBytes(of: length) { replaceSubrange(place..<(place + 4), with: $0) }
    }

    /// Appends the head of an array of one dimension; the flag for nulls in it is one that the server does not need.
    fileprivate mutating func appendArrayHead(count: Int, of type: UInt32) {
        append(bigEndian: Int32(count == 0 ? 0 : 1))
        append(bigEndian: Int32(0))
        append(bigEndian: type)
        guard count > 0 else { return }
        append(bigEndian: Int32(count))
        append(bigEndian: Int32(1))
    }
}
