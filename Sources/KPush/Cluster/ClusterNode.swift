/// One process of a cluster on this host.
struct ClusterNode: Hashable, Sendable {
    /// What it is called, such as `worker-2`; names its data folder and its log.
    let name: String
    let roles: Set<Role>
    /// Settings of its own, as environment variables, such as the address of the only Redis it reaches.
    var environment: [String: String] = [:]

    /// So many processes of each role, a role each.
    static func nodes(_ counts: [(role: Role, count: Int)]) -> [ClusterNode] {
        counts.flatMap { role, count in
            (1...max(1, count)).prefix(count)
                .map { ClusterNode(name: "\(role.rawValue)-\($0)", roles: [role]) }
        }
    }
}
