import Groundwork
import PushEngine

/// Why a rendered content cannot be put into a supplier's form; nobody was called.
struct ContentMisfit: Error, Hashable {
    enum Reason: String {
        /// It is not of its channel's form.
        case unreadable = "content_unreadable"
        case missing = "content_missing"
        case tooLong = "content_too_long"
        case wrongKind = "content_wrong_kind"
    }

    let reason: Reason
    /// The field that is at fault; empty for all of it.
    let field: String

    init(_ reason: Reason, _ field: String = "") {
        self.reason = reason
        self.field = field
    }

    /// The same as what a supplier would have said.
    var refusal: Refusal { Refusal(.badContent, code: "kpush.\(reason.rawValue)", message: field) }
}

extension RenderedContent {
    /// Reads the only content of a call.
    ///
    /// - Throws: `ContentMisfit` when it is none of a channel with fields.
    init(only text: String) throws(ContentMisfit) {
        do { try self.init(text) } catch { throw ContentMisfit(.unreadable) }
    }

    /// A field that a supplier cannot do without.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - limit: how many bytes of it the supplier takes.
    /// - Returns: its text, which is not empty.
    /// - Throws: `ContentMisfit` when it is missing or too long.
    func needed(_ name: String, limit: Int = .max) throws(ContentMisfit) -> String {
        let text = self[name]
        guard !text.isEmpty else { throw ContentMisfit(.missing, name) }
        guard text.utf8.count <= limit else { throw ContentMisfit(.tooLong, name) }
        return text
    }
}

extension WireObject {
    /// Adds a text at the end, unless it is empty: some suppliers take an empty member for a wrong one.
    mutating func append(unlessEmpty text: String, _ key: String) {
        if !text.isEmpty { append(key, .text(text)) }
    }
}
