package import Groundwork

/// Names the record of an executor group; xxl-job calls it `jobGroup`.
package struct GroupID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    package var description: String { String(rawValue) }

    package static func < (left: GroupID, right: GroupID) -> Bool { left.rawValue < right.rawValue }
}

/// What operators decided about the executors of one app name.
package struct ExecutorGroup: Hashable, Sendable, Identifiable {
    package let id: GroupID
    /// The app name under which executors register, and which jobs name.
    package let name: String
    /// What people call it; may be empty.
    package var title: String
    package var registration: GroupRegistration
    package let token: GroupToken
    package let createdAt: Moment
    /// Grows by one with every change; what changes are compared against.
    package let version: Int64

    package init(
        id: GroupID,
        name: String,
        title: String,
        registration: GroupRegistration,
        token: GroupToken,
        createdAt: Moment,
        version: Int64
    ) {
        self.id = id
        self.name = name
        self.title = title
        self.registration = registration
        self.token = token
        self.createdAt = createdAt
        self.version = version
    }
}

/// How it is known which executors a group has.
package enum GroupRegistration: Hashable, Sendable {
    /// They register by themselves.
    case automatic
    /// Somebody wrote their addresses down: these count as living whether they are heard or not, and no others get runs.
    case manual([ExecutorAddress])

    /// The addresses that were written down.
    package var addresses: [ExecutorAddress] {
        if case .manual(let addresses) = self { addresses } else { [] }
    }

    package var isManual: Bool { self != .automatic }
}

/// What a group's executors show to the scheduler, and the scheduler to them.
package enum GroupToken: Hashable, Sendable {
    /// The token of all groups that have none of their own.
    case shared
    case own(Secret)
    /// Its own, sealed with a key that is not there any more: nobody gets in until it has a new one.
    case unreadable

    /// Whether the group's executors show another token than all others.
    var isOwn: Bool { if case .own = self { true } else { false } }

    /// The token itself.
    ///
    /// - Parameter shared: the token of groups without one of their own.
    /// - Returns: the token; nil when it cannot be read.
    func secret(shared: Secret) -> Secret? {
        switch self {
        case .shared: shared
        case .own(let token): token
        case .unreadable: nil
        }
    }
}

extension GroupRegistration {
    /// What the store holds: the addresses, a line each; nil where executors register by themselves.
    package var stored: String? {
        isManual ? addresses.map(\.url).joined(separator: "\n") : nil
    }

    package init(stored: String?) {
        self =
            stored.map { .manual($0.split(separator: "\n").map { ExecutorAddress(stored: String($0)) }) }
            ?? .automatic
    }
}

extension GroupToken {
    /// Reads a token as the store holds it.
    ///
    /// - Parameters:
    ///   - sealed: the sealed token; nil when the shared one counts.
    ///   - open: opens a sealed one; nil when there is no key.
    package init(sealed: [UInt8]?, open: ([UInt8]) throws -> Secret?) {
        guard let sealed else {
            self = .shared
            return
        }
        self = (try? open(sealed)).map(GroupToken.own) ?? .unreadable
    }
}

extension [ExecutorInstance] {
    /// The executors as the records of their groups want them, ordered by group and address.
    ///
    /// - Parameter groups: all records.
    /// - Returns: those that registered, and one at each address that somebody wrote down.
    package func placed(by groups: [ExecutorGroup]) -> [ExecutorInstance] {
        guard !groups.isEmpty else { return self }
        let records = Dictionary(groups.map { ($0.name, $0) }) { first, _ in first }
        var placed = map { executor in records[executor.group].map { executor.placed(by: $0) } ?? executor }
        var known: Set<[String]> = []
        for executor in self { known.insert([executor.group, executor.address.url]) }
        for group in groups {
            for address in group.registration.addresses
            where known.insert([group.name, address.url]).inserted {
                var silent = ExecutorInstance(
                    group: group.name,
                    address: address,
                    instance: nil,
                    dialect: .run,
                    since: group.createdAt,
                    lastSeenAt: group.createdAt
                )
                silent.isHeard = false
                placed.append(silent.placed(by: group))
            }
        }
        // By bytes, as the stores do.
        return placed.sorted { left, right in
            left.group == right.group
                ? left.address.url.utf8.lexicographicallyPrecedes(right.address.url.utf8)
                : left.group.utf8.lexicographicallyPrecedes(right.group.utf8)
        }
    }
}

extension ExecutorInstance {
    /// The executor as the record of its group wants it.
    fileprivate func placed(by group: ExecutorGroup) -> ExecutorInstance {
        var executor = self
        executor.token = group.token
        if group.registration.isManual {
            executor.place = group.registration.addresses.contains(address) ? .manual : .passedOver
        }
        return executor
    }
}
