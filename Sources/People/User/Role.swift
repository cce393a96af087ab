/// What a user may do; each role may do what the one before it may.
package enum Role: String, CaseIterable, Comparable, Sendable {
    /// Looks.
    case viewer
    /// Changes jobs, runs, templates, campaigns and whatever else the daily work is.
    case `operator`
    /// Changes users, executor groups, supplier accounts and whatever else others depend on.
    case admin

    package static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .admin: 2
        }
    }
}
