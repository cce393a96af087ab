/// What an administrator decides of a user; what makes sense is the service's business.
package struct UserDraft: Hashable, Sendable {
    package var displayName: String
    package var role: Role
    package var groups: GroupScope
    package var language: String?
    package var isDisabled: Bool

    package init(
        displayName: String,
        role: Role,
        groups: GroupScope,
        language: String? = nil,
        isDisabled: Bool = false
    ) {
        self.displayName = displayName
        self.role = role
        self.groups = groups
        self.language = language
        self.isDisabled = isDisabled
    }

    /// The most characters of a name that is shown.
    package static let displayNameLimit = 64
    /// The most groups that are named; who needs more is given all.
    package static let groupLimit = 200

    /// Refuses what cannot be kept.
    ///
    /// - Throws: `PeopleError.invalid` naming the field.
    func check() throws(PeopleError) {
        let name = displayName.trimmingBlanks
        guard !name.isEmpty, name.count <= Self.displayNameLimit, !name.hasControls else {
            throw .invalid("displayName", "has 1 to \(Self.displayNameLimit) characters on one line")
        }
        if let names = groups.names {
            guard names.count <= Self.groupLimit else {
                throw .invalid("groups", "names at most \(Self.groupLimit) groups; null means all")
            }
            guard names.allSatisfy({ !$0.isEmpty && $0.count <= 255 && !$0.hasControls }) else {
                throw .invalid("groups", "holds names of executor groups")
            }
        }
        if let language, !(2...16).contains(language.utf8.count) {
            throw .invalid("language", "is a language tag such as en")
        }
    }
}

extension String {
    /// The text without blanks around it.
    var trimmingBlanks: String {
        let isBlank: (Character) -> Bool = { $0.isWhitespace }
        let start = drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(start[...last])
    }

    /// Whether there is a line break or another character that is not shown.
    var hasControls: Bool { unicodeScalars.contains { $0.properties.generalCategory == .control } }
}
