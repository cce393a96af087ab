package import Groundwork

/// The executors that are known, by group, as they stood when they were read.
package struct ExecutorGroups: Sendable {
    /// All of them.
    package let all: [ExecutorInstance]
    private let groups: [String: [ExecutorInstance]]
    private let byAddress: [ExecutorAddress: [ExecutorInstance]]

    package init(_ instances: [ExecutorInstance]) {
        all = instances
        groups = Dictionary(grouping: instances, by: \.group)
            .mapValues { $0.sorted { $0.address < $1.address } }
        byAddress = Dictionary(grouping: instances, by: \.address)
    }

    /// The executors of `group` that may get runs at `now`, ordered by address.
    package func living(in group: String, at now: Moment) -> [ExecutorInstance] {
        (groups[group] ?? []).filter { $0.isAlive(at: now) }
    }

    /// The same of every group.
    func living(at now: Moment) -> [String: [ExecutorInstance]] {
        groups.mapValues { $0.filter { $0.isAlive(at: now) } }
    }

    /// The executor at `address`: of `group` when it registered there, else of any other.
    package func instance(at address: ExecutorAddress, in group: String) -> ExecutorInstance? {
        let here = byAddress[address] ?? []
        return here.first { $0.group == group } ?? here.max { $0.lastSeenAt < $1.lastSeenAt }
    }
}
