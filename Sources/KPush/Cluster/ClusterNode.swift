/// One process of a cluster on this host.
struct ClusterNode: Hashable, Sendable {
    /// What it is called, such as `worker-2`; names its data folder and its log.
    let name: String
    let roles: Set<Role>
    /// Settings of its own, as environment variables, such as the address of the only Redis it reaches.
    var environment: [String: String] = [:]

    /// Where its console listens, when not where the cluster's does.
    var webPort: Int? { environment["KPUSH_WEB_PORT"].flatMap { Int($0) } }
    /// Whether its executor fetches its runs, and listens on no port.
    var fetches: Bool { environment["KPUSH_EXECUTOR_MODE"] == "pull" }

    /// So many processes of each role, a role each.
    static func nodes(_ counts: [(role: Role, count: Int)]) -> [ClusterNode] {
        counts.flatMap { role, count in
            (1...max(1, count)).prefix(count)
                .map { ClusterNode(name: "\(role.rawValue)-\($0)", roles: [role]) }
        }
    }
}
