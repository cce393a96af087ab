/// One word of a command.
package enum RedisArgument: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case text(String)
    case bytes([UInt8])
    case integer(Int64)

    package init(stringLiteral value: String) { self = .text(value) }

    package init(integerLiteral value: Int64) { self = .integer(value) }
}

/// A command and its arguments.
package struct RedisCommand: Hashable, Sendable, ExpressibleByArrayLiteral {
    package var words: [RedisArgument]

    package init(_ words: [RedisArgument]) {
        self.words = words
    }

    package init(arrayLiteral words: RedisArgument...) {
        self.words = words
    }
}

/// A Lua script that runs as one step on the server; made once and kept, as it is known by its identity.
package final class RedisScript: Sendable {
    package let source: String

    package init(_ source: String) {
        self.source = source
    }
}

/// What Redis answered.
package enum RedisValue: Hashable, Sendable {
    case none
    case integer(Int64)
    /// A string, or a status such as `OK`.
    case bytes([UInt8])
    case array([RedisValue])
    /// Redis refused, in its own words, which begin with a code such as `WRONGTYPE`.
    case error(String)

    /// The number, also when it was written as text.
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .bytes: text.flatMap(Int64.init)
        case .none, .array, .error: nil
        }
    }

    /// The string, when it is one and is UTF-8.
    package var text: String? { bytes.flatMap { String(validating: $0, as: UTF8.self) } }

    package var bytes: [UInt8]? {
        guard case .bytes(let value) = self else { return nil }
        return value
    }

    package var array: [RedisValue]? {
        guard case .array(let values) = self else { return nil }
        return values
    }
}

/// Commands as they are written to the server.
struct RedisWire {
    private(set) var bytes: [UInt8] = []

    /// Begins a command of `count` words.
    mutating func begin(_ count: Int) {
        head("*", count)
    }

    mutating func append(_ word: RedisArgument) {
        switch word {
        case .text(let value):
            var value = value
            value.withUTF8 { append($0) }
        case .bytes(let value): value.withUnsafeBufferPointer { append($0) }
        case .integer(let value):
            var digits = String(value)
            digits.withUTF8 { append($0) }
        }
    }

    mutating func append(_ command: RedisCommand) {
        begin(command.words.count)
        for word in command.words { append(word) }
    }

    private mutating func append(_ word: UnsafeBufferPointer<UInt8>) {
        head("$", word.count)
        bytes.append(contentsOf: word)
        bytes.append(13)
        bytes.append(10)
    }

    private mutating func head(_ mark: Unicode.Scalar, _ count: Int) {
        bytes.append(UInt8(ascii: mark))
        var digits = String(count)
        digits.withUTF8 { bytes.append(contentsOf: $0) }
        bytes.append(13)
        bytes.append(10)
    }
}
