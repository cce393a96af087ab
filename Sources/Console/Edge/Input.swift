import Groundwork

/// The members of one JSON object, or of an address's query: each is asked for by name.
///
/// What nobody asked for is refused by `finish`, so that a misspelt member is never silently without effect.
struct Input {
    private let members: WireObject
    /// What stands before a member's name in its path, such as `schedule.`.
    private let prefix: String
    /// Whether all values came as text.
    private let isQuery: Bool
    private var asked: Set<String> = []

    /// Reads a JSON object.
    init(json bytes: [UInt8]) throws(InputFault) {
        var scanner = JSONScanner(bytes)
        let value: WireValue
        do {
            value = try WireValue(next: &scanner)
            try scanner.finish()
        } catch {
            throw InputFault(error, in: bytes)
        }
        try self.init(value, at: "")
    }

    /// Takes what stands behind the question mark of an address, its escapes resolved.
    init(query pairs: [(name: String, value: String)]) throws(InputFault) {
        var members = WireObject()
        for pair in pairs { members.append(pair.name, .text(pair.value)) }
        self.members = members
        prefix = ""
        isQuery = true
        try refuseRepeated()
    }

    private init(_ value: WireValue, at path: String) throws(InputFault) {
        guard let members = value.object else {
            throw InputFault(.wrongType, field: path, "must be an object")
        }
        self.members = members
        prefix = path.isEmpty ? "" : path + "."
        isQuery = false
        try refuseRepeated()
    }

    private func refuseRepeated() throws(InputFault) {
        var seen: Set<String> = []
        for member in members.members where !seen.insert(member.key).inserted {
            throw InputFault(.repeated, field: path(member.key), "stands twice")
        }
    }

    /// How an answer names a member.
    func path(_ name: String) -> String { prefix + name }

    /// The value under `name`; nil when it is missing or null.
    mutating func optional<Value: InputValue>(_ name: String) throws(InputFault) -> Value? {
        guard let value = raw(name) else { return nil }
        return try Self.read(value, at: path(name), isText: isQuery)
    }

    /// The value under `name`, within a range; nil when it is missing or null.
    mutating func optional<Value: InputValue & Comparable>(
        _ name: String,
        in range: ClosedRange<Value>
    ) throws(InputFault) -> Value? {
        guard let value: Value = try optional(name) else { return nil }
        guard range.contains(value) else {
            let reason = "must be from \(range.lowerBound) to \(range.upperBound)"
            throw InputFault(.outOfRange, field: path(name), reason)
        }
        return value
    }

    /// The value under `name`.
    mutating func required<Value: InputValue>(_ name: String) throws(InputFault) -> Value {
        guard let value: Value = try optional(name) else {
            throw InputFault(.missing, field: path(name), "is missing; it must be \(Value.expectation)")
        }
        return value
    }

    /// How many entries a page may have.
    mutating func limit(_ usual: Int = 50, atMost most: Int = 500) throws(InputFault) -> Int {
        try optional("limit", in: 1...most) ?? usual
    }

    /// What `read` makes of the object under `name`; nil when it is missing or null.
    mutating func object<Result>(_ name: String, _ read: (inout Input) throws -> Result) throws -> Result? {
        guard let value = raw(name) else { return nil }
        return try Self.reading(value, at: path(name), read)
    }

    /// What `read` makes of each object of the list under `name`; nil when it is missing or null.
    mutating func objects<Result>(_ name: String, _ read: (inout Input) throws -> Result) throws -> [Result]?
    {
        guard let value = raw(name) else { return nil }
        guard let list = value.list else {
            throw InputFault(.wrongType, field: path(name), "must be a list of objects")
        }
        return try list.enumerated()
            .map { index, element in try Self.reading(element, at: "\(path(name))[\(index)]", read) }
    }

    /// Each value of the list under `name`; nil when it is missing or null.
    mutating func values<Value: InputValue>(_ name: String) throws(InputFault) -> [Value]? {
        guard let value = raw(name) else { return nil }
        guard let list = value.list else {
            throw InputFault(.wrongType, field: path(name), "must be a list")
        }
        var values: [Value] = []
        for (index, element) in list.enumerated() {
            values.append(try Self.read(element, at: "\(path(name))[\(index)]", isText: isQuery))
        }
        return values
    }

    private static func read<Value: InputValue>(
        _ value: WireValue,
        at path: String,
        isText: Bool
    ) throws(InputFault) -> Value {
        // Stores end a text there, or hold none at all.
        if case .text(let text) = value, text.utf8.contains(0) {
            throw InputFault(.outOfRange, field: path, "must not contain U+0000")
        }
        guard let read = Value(input: value, isText: isText) else {
            throw InputFault(.wrongType, field: path, "must be \(Value.expectation)")
        }
        return read
    }

    private static func reading<Result>(
        _ value: WireValue,
        at path: String,
        _ read: (inout Input) throws -> Result
    ) throws -> Result {
        var input = try Input(value, at: path)
        let result = try read(&input)
        try input.finish()
        return result
    }

    /// The value under `name` as it came; nil when it is missing or null.
    mutating func raw(_ name: String) -> WireValue? {
        asked.insert(name)
        let value = members[name]
        // A bare `nil` would be read as the value null.
        return value.isNull ? Optional.none : value
    }

    /// Refuses members that nobody asked for.
    func finish() throws(InputFault) {
        for member in members.members where !asked.contains(member.key) {
            let known = asked.sorted().joined(separator: ", ")
            let reason = known.isEmpty ? "is not known here" : "is not known; known are \(known)"
            throw InputFault(.unknown, field: path(member.key), reason)
        }
    }
}

/// Why what a caller sent cannot be read.
struct InputFault: Error, Hashable {
    /// The word for programs.
    enum Code: String {
        case badJSON = "bad_json"
        case wrongType = "wrong_type"
        case missing
        case outOfRange = "out_of_range"
        case unknown = "unknown_field"
        case repeated = "repeated_field"
    }

    let code: Code
    /// The member's path, such as `schedule.zone`; empty for the whole body.
    let field: String
    let message: String

    init(_ code: Code, field: String, _ message: String) {
        self.code = code
        self.field = field
        self.message = message
    }

    /// Says where in the body JSON ends to be JSON.
    init(_ error: JSONError, in bytes: [UInt8]) {
        let before = bytes.prefix(error.offset)
        let line = before.reduce(1) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let column = error.offset - start + 1
        let reason = error.reason.rawValue.replacing("_", with: " ")
        self.init(.badJSON, field: "", "not JSON: \(reason) at line \(line), column \(column)")
    }
}
