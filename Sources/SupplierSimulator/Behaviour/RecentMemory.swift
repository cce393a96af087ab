import Groundwork

/// Remembers things for some time.
///
/// Two generations, each as old as a thing may get; the older is forgotten as a whole.
struct RecentMemory<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let lifetime: Duration
    private var young: [Key: (value: Value, at: Moment)] = [:]
    private var old: [Key: (value: Value, at: Moment)] = [:]
    private var youngSince: Moment?

    init(for lifetime: Duration) {
        self.lifetime = lifetime
    }

    /// Remembers a value from now on, in place of the one before.
    mutating func note(_ value: Value, for key: Key, at now: Moment) {
        if let since = youngSince, now - since >= lifetime {
            old = young
            young = [:]
            youngSince = now
        }
        youngSince = youngSince ?? now
        young[key] = (value, now)
    }

    /// What was noted less than a lifetime ago, and when.
    func value(of key: Key, at now: Moment) -> (value: Value, at: Moment)? {
        guard let found = young[key] ?? old[key], now - found.at < lifetime else { return nil }
        return found
    }
}
