import Foundation
package import Groundwork

/// How stores bring specs.
///
/// Whoever comes to lead reads those of all jobs that are due soon before it can plan them, and `JSONDecoder` would take longer for
/// that than the rest of planning. What few jobs have is left to it.
extension JobSpec {
    /// Reads what `encode(to:)` wrote.
    ///
    /// - Parameters:
    ///   - bytes: the JSON.
    ///   - operation: what errors call it.
    /// - Throws: `StoreError` of code `.corrupted` when it is none.
    package init(stored bytes: some Sequence<UInt8>, during operation: String) throws(StoreError) {
        do {
            var scanner = JSONScanner(Array(bytes))
            try self.init(&scanner)
            try scanner.finish()
        } catch {
            throw StoreError(.corrupted, during: operation, detail: "\(error)")
        }
        guard !name.isEmpty, !group.isEmpty else {
            throw StoreError(.corrupted, during: operation, detail: "the spec has no name or no group")
        }
    }

    private init(_ scanner: inout JSONScanner) throws {
        self.init(name: "", group: "", handler: "")
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "name": name = try scanner.string()
            case "group": group = try scanner.string()
            case "summary": summary = try scanner.string()
            case "schedule": schedule = try ScheduleText(&scanner)
            case "misfire": misfire = try scanner.word()
            case "overlap": overlap = try scanner.word()
            case "route": route = try scanner.word()
            case "handler": handler = try scanner.string()
            case "script": script = try scanner.part()
            case "params": params = try scanner.string()
            case "timeout_ms": timeout = .milliseconds(try scanner.integer())
            case "retry": retry = try RetryPolicy(&scanner)
            case "children": children = try scanner.part()
            case "alarm": alarm = try scanner.part()
            case "keep_ms": keep = .milliseconds(try scanner.integer())
            case "lateness": lateness = try scanner.part()
            case "hash_key": hashKey = try scanner.string()
            default: try scanner.skip()
            }
        }
    }
}

extension ScheduleText {
    fileprivate init(_ scanner: inout JSONScanner) throws {
        self.init(type: "", conf: "")
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "type": type = try scanner.string()
            case "conf": conf = try scanner.string()
            case "zone": zone = try scanner.string()
            case "daylight": daylight = try scanner.string()
            case "anchor": anchor = Moment(millisecondsSinceEpoch: try scanner.integer())
            case "limits": limits = try scanner.part(unless: ScheduleLimits.none)
            default: try scanner.skip()
            }
        }
    }
}

extension RetryPolicy {
    fileprivate init(_ scanner: inout JSONScanner) throws {
        self = .never
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "limit": limit = Int(try scanner.integer())
            case "first_ms": backoff.first = .milliseconds(try scanner.integer())
            case "ceiling_ms": backoff.ceiling = .milliseconds(try scanner.integer())
            case "factor": backoff.factor = try scanner.number()
            case "jitter": backoff.jitter = try scanner.number()
            case "reasons": reasons = try scanner.part()
            default: try scanner.skip()
            }
        }
    }
}

extension JSONScanner {
    /// Takes a word of a closed list.
    fileprivate mutating func word<Word: RawRepresentable<String>>() throws -> Word {
        let text = try string()
        guard let word = Word(rawValue: text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [], debugDescription: "there is no \(Word.self) \(text)")
            )
        }
        return word
    }

    /// Takes a value that is read as it is everywhere else; an empty object stands for `usual`, where there is such a value.
    fileprivate mutating func part<Value: Decodable>(unless usual: Value? = nil) throws -> Value {
        let bytes = try written()
        if let usual, bytes.elementsEqual("{}".utf8) { return usual }
        return try JSONDecoder().decode(Value.self, from: Data(bytes))
    }
}
