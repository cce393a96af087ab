import Groundwork

/// Decides how long somebody has to wait who signed in wrong again and again; it never waits and never calls out.
///
/// It counts by name and by address, and for names that nobody has as for others: what it answers tells nothing.
package struct SignInThrottle: Sendable {
    /// What failures are counted under.
    enum Key: Hashable, Sendable {
        case name(String)
        case address(String)
    }

    private struct Record {
        var failures = 0
        var lastAt: Moment
        var opensAt: Moment
    }

    /// Failures that cost nothing.
    package static let freeFailures = 5
    /// The first wait; each further failure doubles it.
    package static let firstWait = Duration.seconds(2)
    /// The longest wait.
    package static let longestWait = Duration.seconds(900)
    /// How long a failure is remembered.
    package static let memory = Duration.seconds(3_600)

    private let capacity: Int
    private var records: [Key: Record] = [:]

    /// How many names and addresses are remembered.
    var count: Int { records.count }

    /// Makes one that remembers nothing.
    ///
    /// - Parameter capacity: the most names and addresses that are remembered; beyond it the oldest half is forgotten.
    package init(capacity: Int = 20_000) {
        self.capacity = capacity
    }

    /// How long this name or address has still to wait; nil when it may try.
    func wait(name: String?, address: String, at now: Moment) -> Duration? {
        let opens = Self.keys(name, address).compactMap { records[$0]?.opensAt }.max()
        guard let opens, opens > now else { return nil }
        return opens - now
    }

    /// Counts an attempt before it is looked at, so that many at once do not all pass before the first one failed.
    mutating func begin(name: String?, address: String, at now: Moment) {
        for key in Self.keys(name, address) { add(key, at: now) }
        if records.count > capacity { forget(at: now) }
    }

    /// Forgets the failures under a name after it signed in; those of the address stay, less this attempt.
    ///
    /// Otherwise somebody with a name of their own could try others' for ever in between.
    mutating func succeed(name: String?, address: String) {
        if let name { records[.name(name)] = nil }
        guard var record = records[.address(address)] else { return }
        record.failures -= 1
        record.opensAt = record.lastAt
        records[.address(address)] = record.failures > 0 ? record : nil
    }

    private mutating func add(_ key: Key, at now: Moment) {
        var record = records[key] ?? Record(lastAt: now, opensAt: now)
        if now - record.lastAt > Self.memory { record.failures = 0 }
        record.failures += 1
        record.lastAt = now
        let beyond = record.failures - Self.freeFailures
        record.opensAt = beyond < 0 ? now : now + Self.pause(after: beyond)
        records[key] = record
    }

    private static func pause(after beyond: Int) -> Duration {
        min(longestWait, firstWait * (1 << min(beyond, 12)))
    }

    private mutating func forget(at now: Moment) {
        records = records.filter { now - $0.value.lastAt <= Self.memory }
        guard records.count > capacity else { return }
        let kept = records.sorted { $0.value.lastAt > $1.value.lastAt }.prefix(capacity / 2)
        records = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }

    private static func keys(_ name: String?, _ address: String) -> [Key] {
        (name.map { [.name($0)] } ?? []) + [.address(address)]
    }
}
