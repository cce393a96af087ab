package import Groundwork

/// Names one entry of the audit trail; a later entry has a greater number.
package struct AuditID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package var description: String { "\(rawValue)" }

    package static func < (left: AuditID, right: AuditID) -> Bool { left.rawValue < right.rawValue }
}

/// One act as it is written down: who did what to what, when and from where.
///
/// It never holds a secret.
package struct AuditRecord: Hashable, Sendable {
    package let at: Moment
    package let actor: AuditActor
    /// The address that it was done from, without a port.
    package let address: String
    /// What was done, in a word such as `trigger`.
    package let act: String
    package let subject: AuditSubject
    /// What it changed, as it was, in a JSON object; nil where there was nothing, or nothing is told.
    package let before: String?
    /// What it changed, as it is now, in a JSON object; nil where nothing is left, or nothing is told.
    package let after: String?

    package init(
        at: Moment,
        actor: AuditActor,
        address: String,
        act: String,
        subject: AuditSubject,
        before: String? = nil,
        after: String? = nil
    ) {
        self.at = at
        self.actor = actor
        self.address = address
        self.act = act
        self.subject = subject
        self.before = before
        self.after = after
    }
}

/// Who did something.
package struct AuditActor: Hashable, Sendable {
    /// How somebody proved who it was.
    package enum Way: String, Hashable, Sendable, CaseIterable {
        /// Signed in, on a page.
        case page
        /// By the API token.
        case token
        /// By an API key of the user's own.
        case key
    }

    /// The user's name, or what stands for the API token or for nobody.
    package let name: String
    /// Nil for the API token, and for somebody who is not known.
    package let user: UserID?
    package let way: Way

    package init(name: String, user: UserID?, way: Way) {
        self.name = name
        self.user = user
        self.way = way
    }
}

/// What something was done to.
package struct AuditSubject: Hashable, Sendable {
    /// What kind of thing it is, such as `jobs`.
    package let kind: String
    /// Which one, as addresses name it; nil where it is not a single one.
    package let id: String?
    /// What it was called then.
    package let name: String?

    package init(kind: String, id: String? = nil, name: String? = nil) {
        self.kind = kind
        self.id = id
        self.name = name
    }
}

/// An act that was written down.
package struct AuditEntry: Hashable, Sendable, Identifiable {
    package let id: AuditID
    package let record: AuditRecord

    package init(id: AuditID, record: AuditRecord) {
        self.id = id
        self.record = record
    }
}
