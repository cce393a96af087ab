/// How the contents of a channel are written.
package enum ContentForm: Hashable, Sendable {
    /// One text; its values are escaped for where it goes.
    case text(EscapeTarget)
    /// A JSON object of these fields, in the spelling that templates of the field already have.
    case object([ContentField])

    /// Whether it is an object.
    var hasFields: Bool { if case .object = self { true } else { false } }
}

/// A member of a channel's content.
package struct ContentField: Hashable, Sendable {
    /// What stands in it, and so what a value is escaped for and whether its links carry the tracking parameter.
    package enum Kind: Hashable, Sendable {
        /// What people read.
        case text
        /// What people read in a chat that has tags, such as mentions, in its texts.
        case chat
        /// What people read, as a page.
        case html
        /// A link that people follow.
        case link
        /// An address inside an application, such as a page of a mini-program.
        case place
        /// Anything else: an id, the address of a picture or of an attachment.
        case plain
        /// One of a few words.
        case choice([String])
        /// A list or an object, whose own members are of a kind by their names.
        case nested
        /// The same, of articles whose `content` is a page.
        case articles
    }

    package let name: String
    package let kind: Kind
    package let isRequired: Bool

    package init(_ name: String, _ kind: Kind = .plain, isRequired: Bool = false) {
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
    }
}

extension ContentField.Kind {
    /// Whether it is a list or an object.
    var isNested: Bool { self == .nested || self == .articles }

    /// The kind of a member somewhere inside this one.
    func member(_ name: String) -> ContentField.Kind {
        let name = name.lowercased()
        if self == .articles, name == "content" { return .html }
        if Self.isPicture(name) { return .plain }
        // Addresses inside an application are links that nobody tracks.
        if name.contains("page") || name.hasSuffix("path") { return .place }
        return name.hasSuffix("url") || name.hasSuffix("href") ? .link : .text
    }

    /// Whether a member of that name names a picture or another file, and is nothing that people read.
    static func isPicture(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["pic", "image", "img", "media", "icon"].contains { name.contains($0) }
    }

    /// Whether links in it carry the tracking parameter.
    var isTracked: Bool {
        switch self {
        case .text, .chat, .html, .link: true
        case .place, .plain, .choice, .nested, .articles: false
        }
    }

    /// What a value is escaped for that stands at the beginning of the field, or further on.
    func target(atStart: Bool) -> EscapeTarget {
        switch self {
        case .html: .jsonHTML
        case .chat: .jsonChat
        // A value that begins a link is the link, or its first part.
        case .link, .place: atStart ? .json : .urlQuery
        case .text, .plain, .choice, .nested, .articles: .json
        }
    }
}

/// Why a text is no content of its channel.
package enum ContentFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// A placeholder that is not well-formed.
    case syntax(TemplateSyntaxError)
    /// Not a JSON object.
    case notAnObject
    case unknown(field: String, known: [String])
    case missing(field: String)
    /// Of another kind than the field is; what would be right.
    case wrongKind(field: String, String)

    package var description: String {
        switch self {
        case .syntax(let error): "\(error)"
        case .notAnObject: "it must be a JSON object"
        case .unknown(let field, let known):
            "\(field) is not known; known are \(known.joined(separator: ", "))"
        case .missing(let field): "\(field) must not be empty"
        case .wrongKind(let field, let right): "\(field) must be \(right)"
        }
    }
}
