/// Why a text with placeholders cannot be compiled; `offset` counts bytes from the text's beginning.
package enum TemplateSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A `{$` without a `}`.
    case unterminated(offset: Int)
    /// A placeholder without a name: `{$}`.
    case emptyName(offset: Int)
    /// A name with a character that no name has: `{`, `$`, a quote, a blank or a line break.
    case badName(String, offset: Int)

    package var description: String {
        switch self {
        case .unterminated(let offset): "template: placeholder at byte \(offset) is never closed"
        case .emptyName(let offset): "template: placeholder at byte \(offset) has no name"
        case .badName(let name, let offset): "template: placeholder at byte \(offset): bad name: \(name)"
        }
    }
}

/// What some suppliers refuse in a template although it can be rendered.
package enum TemplateWarning: Hashable, Sendable {
    /// Two placeholders with nothing between them.
    case adjacentVariables(String, String)
    /// A placeholder that occurs more than once.
    case repeatedVariable(String)
    /// Nothing but placeholders.
    case onlyVariables
}

/// A text with placeholders such as `{$name}`, compiled once and rendered for each recipient.
package struct ContentTemplate: Hashable, Sendable {
    /// A piece of the text.
    package enum Piece: Hashable, Sendable {
        case literal([UInt8])
        /// A placeholder, by its place in `variables`, and what its value is escaped for.
        case variable(Int, EscapeTarget)
    }

    /// Pieces whose links are all tracked, or none.
    package struct Segment: Hashable, Sendable {
        package let pieces: [Piece]
        package let isTracked: Bool
        /// Whether it is of a page, in whose links `&` is written `&amp;`.
        package let isPage: Bool

        init(pieces: [Piece], isTracked: Bool, isPage: Bool = false) {
            self.pieces = pieces
            self.isTracked = isTracked
            self.isPage = isPage
        }
    }

    /// The text as it was written.
    package let text: String
    package let segments: [Segment]
    /// The names that occur, each once, in the order of their first occurrence.
    package let variables: [String]

    /// Compiles a text.
    ///
    /// - Parameters:
    ///   - text: what somebody wrote.
    ///   - form: how the contents of its channel are written.
    /// - Throws: `ContentFault` for the first thing that cannot be rendered.
    package init(_ text: String, form: ContentForm = .text(.plain)) throws(ContentFault) {
        switch form {
        case .text(let target): try self.init(text, target)
        case .object(let fields): try self.init(object: text, fields: fields)
        }
    }

    init(text: String, segments: [Segment], variables: [String]) {
        self.text = text
        self.segments = segments
        self.variables = variables
    }

    private init(_ text: String, _ target: EscapeTarget) throws(ContentFault) {
        let parts: [TextPart]
        do { parts = try TextPart.parts(of: text) } catch { throw .syntax(error) }
        var names: [String] = []
        let pieces = parts.map { part -> Piece in
            switch part {
            case .literal(let bytes): return .literal(bytes)
            case .variable(let name):
                let index = names.firstIndex(of: name) ?? names.count
                if index == names.count { names.append(name) }
                return .variable(index, target)
            }
        }
        self.init(text: text, segments: [Segment(pieces: pieces, isTracked: true)], variables: names)
    }

    /// All pieces, in order.
    package var pieces: [Piece] { segments.flatMap(\.pieces) }

    /// What some suppliers would refuse.
    package var warnings: [TemplateWarning] {
        var warnings: [TemplateWarning] = []
        var seen: Set<Int> = []
        var before: Int?
        for piece in pieces {
            guard case .variable(let index, _) = piece else {
                before = nil
                continue
            }
            if let before { warnings.append(.adjacentVariables(variables[before], variables[index])) }
            if !seen.insert(index).inserted, !warnings.contains(.repeatedVariable(variables[index])) {
                warnings.append(.repeatedVariable(variables[index]))
            }
            before = index
        }
        let pieces = pieces
        if !pieces.isEmpty, pieces.allSatisfy({ if case .variable = $0 { true } else { false } }) {
            warnings.append(.onlyVariables)
        }
        return warnings
    }
}

/// A part of a text: what stands between placeholders, or one of them.
enum TextPart: Hashable {
    case literal([UInt8])
    case variable(String)

    /// Cuts a text at its placeholders.
    ///
    /// - Throws: `TemplateSyntaxError` at the first placeholder that is not well-formed.
    static func parts(of text: String) throws(TemplateSyntaxError) -> [TextPart] {
        let bytes = Array(text.utf8)
        var parts: [TextPart] = []
        var literal: [UInt8] = []
        var at = 0
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: "{"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "$")
            else {
                literal.append(bytes[at])
                at += 1
                continue
            }
            let (name, end) = try name(in: bytes, at: at)
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = []
            parts.append(.variable(name))
            at = end
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts
    }

    /// The name of the placeholder that begins at `start`, and where the text goes on.
    private static func name(
        in bytes: [UInt8],
        at start: Int
    ) throws(TemplateSyntaxError) -> (name: String, end: Int) {
        guard let close = bytes[start...].firstIndex(of: UInt8(ascii: "}")) else {
            throw .unterminated(offset: start)
        }
        let name = String(decoding: bytes[(start + 2)..<close], as: UTF8.self)
        guard !name.isEmpty else { throw .emptyName(offset: start) }
        // A placeholder that was never closed reaches into the next one.
        if name.contains("{$") { throw .unterminated(offset: start) }
        let isBad = name.contains { $0.isWhitespace || $0 == "{" || $0 == "$" || $0 == "\"" || $0 == "'" }
        guard !isBad else { throw .badName(name, offset: start) }
        return (name, close + 1)
    }
}
