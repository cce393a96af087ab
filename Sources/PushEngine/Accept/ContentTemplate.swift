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
        /// A placeholder, by its place in `variables`.
        case variable(Int)
    }

    /// The text as it was written.
    package let text: String
    package let pieces: [Piece]
    /// The names that occur, each once, in the order of their first occurrence.
    package let variables: [String]

    /// Compiles a text.
    ///
    /// - Throws: `TemplateSyntaxError` at the first placeholder that is not well-formed.
    package init(_ text: String) throws(TemplateSyntaxError) {
        self.text = text
        let bytes = Array(text.utf8)
        var pieces: [Piece] = []
        var names: [String] = []
        var literal: [UInt8] = []
        var at = 0
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: "{"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "$")
            else {
                literal.append(bytes[at])
                at += 1
                continue
            }
            let (name, end) = try ContentTemplate.name(in: bytes, at: at)
            if !literal.isEmpty { pieces.append(.literal(literal)) }
            literal = []
            let index = names.firstIndex(of: name) ?? names.count
            if index == names.count { names.append(name) }
            pieces.append(.variable(index))
            at = end
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        self.pieces = pieces
        variables = names
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

    /// What some suppliers would refuse.
    package var warnings: [TemplateWarning] {
        var warnings: [TemplateWarning] = []
        var seen: Set<Int> = []
        var before: Int?
        for piece in pieces {
            guard case .variable(let index) = piece else {
                before = nil
                continue
            }
            if let before { warnings.append(.adjacentVariables(variables[before], variables[index])) }
            if !seen.insert(index).inserted, !warnings.contains(.repeatedVariable(variables[index])) {
                warnings.append(.repeatedVariable(variables[index]))
            }
            before = index
        }
        if !pieces.isEmpty, pieces.allSatisfy({ if case .variable = $0 { true } else { false } }) {
            warnings.append(.onlyVariables)
        }
        return warnings
    }
}
