import Groundwork

extension ContentTemplate {
    /// Compiles a content that is a JSON object: what is in its texts is rendered, all else is written as it is.
    init(object text: String, fields: [ContentField]) throws(ContentFault) {
        guard let object = (try? WireValue(json: text.utf8))?.object else { throw .notAnObject }
        let known = Dictionary(fields.map { ($0.name, $0) }) { first, _ in first }
        var builder = ContentBuilder()
        builder.write("{")
        for (place, member) in object.members.enumerated() {
            guard let field = known[member.key] else {
                throw .unknown(field: member.key, known: fields.map(\.name))
            }
            if place > 0 { builder.write(",") }
            builder.write(key: member.key)
            let value = try Self.value(member.value, of: field)
            try builder.write(value, as: field.kind)
        }
        builder.write("}")
        for field in fields where field.isRequired {
            let value = object[field.name]
            guard value != .null, value != .text("") else { throw .missing(field: field.name) }
        }
        self.init(text: text, segments: builder.segments, variables: builder.variables)
    }

    /// The value of a field; where it is a list or an object, templates of the field may have it as text.
    private static func value(
        _ given: WireValue,
        of field: ContentField
    ) throws(ContentFault) -> WireValue {
        var value = given
        if field.kind.isNested, case .text(let text) = given, let inner = try? WireValue(json: text.utf8) {
            value = inner
        }
        try check(value, of: field)
        return value
    }

    private static func check(_ value: WireValue, of field: ContentField) throws(ContentFault) {
        switch (field.kind, value) {
        case (_, .null): break
        case (.nested, .list), (.nested, .object), (.articles, .list), (.articles, .object): break
        case (.nested, _), (.articles, _): throw .wrongKind(field: field.name, "a list or an object")
        case (_, .list), (_, .object): throw .wrongKind(field: field.name, "a text")
        case (.choice(let words), _):
            guard let word = value.text, words.contains(word) else {
                throw .wrongKind(field: field.name, "one of \(words.joined(separator: ", "))")
            }
        default: break
        }
    }
}

extension WireValue {
    /// Whether it has no members of its own.
    fileprivate var isLeaf: Bool { object == nil && list == nil }
}

/// Writes a JSON object as pieces: those of a text with links to be tracked are a segment of their own.
private struct ContentBuilder {
    private(set) var variables: [String] = []
    private var done: [ContentTemplate.Segment] = []
    private var pieces: [ContentTemplate.Piece] = []
    private var literal: [UInt8] = []

    /// All that was written.
    var segments: [ContentTemplate.Segment] {
        var all = self
        all.close(isTracked: false)
        return all.done
    }

    mutating func write(_ json: String) { literal += json.utf8 }

    mutating func write(key: String) {
        literal += WireValue.text(key).json
        write(":")
    }

    mutating func write(_ value: WireValue, as kind: ContentField.Kind) throws(ContentFault) {
        switch value {
        case .null, .bool, .integer, .number: literal += value.json
        case .text(let text): try write(text: text, as: kind)
        case .list(let list):
            write("[")
            for (place, element) in list.enumerated() {
                if place > 0 { write(",") }
                try write(element, as: kind.isNested && element.isLeaf ? .text : kind)
            }
            write("]")
        case .object(let object):
            write("{")
            for (place, member) in object.members.enumerated() {
                if place > 0 { write(",") }
                write(key: member.key)
                try write(member.value, as: member.value.isLeaf ? kind.member(member.key) : kind)
            }
            write("}")
        }
    }

    private mutating func write(text: String, as kind: ContentField.Kind) throws(ContentFault) {
        write("\"")
        if kind.isTracked { close(isTracked: false) }
        let parts: [TextPart]
        do { parts = try TextPart.parts(of: text) } catch { throw .syntax(error) }
        for (place, part) in parts.enumerated() {
            switch part {
            case .literal(let bytes):
                var writer = JSONWriter()
                writer.string(String(decoding: bytes, as: UTF8.self))
                literal += writer.bytes.dropFirst().dropLast()
            case .variable(let name):
                flush()
                let index = variables.firstIndex(of: name) ?? variables.count
                if index == variables.count { variables.append(name) }
                pieces.append(.variable(index, kind.target(atStart: place == 0)))
            }
        }
        if kind.isTracked { close(isTracked: true, isPage: kind == .html) }
        write("\"")
    }

    private mutating func flush() {
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        literal = []
    }

    private mutating func close(isTracked: Bool, isPage: Bool = false) {
        flush()
        if !pieces.isEmpty {
            done.append(ContentTemplate.Segment(pieces: pieces, isTracked: isTracked, isPage: isPage))
        }
        pieces = []
    }
}
