package import Groundwork

/// What somebody must not get.
package enum SuppressionScope: Hashable, Sendable {
    /// Nothing at all.
    case everything
    /// What goes out under a signature, without its brackets.
    case signature(String)
    /// Messages of a type, such as marketing.
    case type(MessageType)
}

/// Who said so; raw values are codes that outsiders hold.
package enum SuppressionSource: Int, Hashable, Sendable, CaseIterable, Codable {
    case `operator` = 10
    /// The recipient, in an answer to a message.
    case reply = 20
    /// A supplier that will not, or cannot, reach the recipient any more.
    case supplier = 30
}

/// Names one entry of the list.
package struct SuppressionID: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}

/// What is to be put on the list.
package struct SuppressionDraft: Hashable, Sendable {
    package var addressee: Addressee
    package var scope: SuppressionScope
    package var source: SuppressionSource
    package var note: String
    package var by: String
    /// When it was said.
    package var at: Moment

    package init(
        _ addressee: Addressee,
        _ scope: SuppressionScope,
        source: SuppressionSource,
        note: String = "",
        by: String,
        at: Moment
    ) {
        self.addressee = addressee
        self.scope = scope
        self.source = source
        self.note = note
        self.by = by
        self.at = at
    }
}

/// An entry of the list of those who must not get messages, or not some.
package struct Suppression: Hashable, Sendable, Identifiable {
    package let id: SuppressionID
    package let draft: SuppressionDraft

    package init(id: SuppressionID, _ draft: SuppressionDraft) {
        self.id = id
        self.draft = draft
    }

    /// What the timeline says: a code, and of a signature or a type which one.
    package var reason: String {
        let code = draft.source == .reply ? "opted_out" : nil
        return switch draft.scope {
        case .everything: code ?? "blacklist_global"
        case .signature(let text): "\(code ?? "blacklist_signature") \(text)"
        case .type(let type): "\(code ?? "blacklist_class") \(type.name)"
        }
    }
}

extension SuppressionScope {
    /// The scope as two columns: 0 for everything, 1 for a signature, 2 for a type.
    package var stored: (kind: Int, value: String) {
        switch self {
        case .everything: (0, "")
        case .signature(let text): (1, text)
        case .type(let type): (2, String(type.rawValue))
        }
    }

    /// Reads what `stored` wrote; nil when it is of another version.
    package init?(kind: Int, value: String) {
        switch kind {
        case 0: self = .everything
        case 1: self = .signature(value)
        case 2:
            guard let type = Int(value).flatMap(MessageType.init(rawValue:)) else { return nil }
            self = .type(type)
        default: return nil
        }
    }

    /// The order in which scopes are looked at: the widest first.
    var rank: Int { stored.kind }
}
