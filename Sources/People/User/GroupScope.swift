/// The executor groups that somebody may see.
package enum GroupScope: Hashable, Sendable {
    case all
    case only(Set<String>)

    /// Whether `group` is one of them.
    package func contains(_ group: String) -> Bool {
        switch self {
        case .all: true
        case .only(let groups): groups.contains(group)
        }
    }

    /// The groups by name; nil for all there are and will be.
    package var names: Set<String>? {
        switch self {
        case .all: nil
        case .only(let groups): groups
        }
    }

    /// The groups of these names; all of them for nil.
    package init(names: Set<String>?) {
        self = names.map(GroupScope.only) ?? .all
    }
}
