import Groundwork
import Synchronization

/// A value from the store that may be a second old: what operators change takes effect within that time.
final class Cached<Value: Sendable>: Sendable {
    private let lifetime: Duration
    private let entry = Mutex<(value: Value, readAt: Moment)?>(nil)

    init(lifetime: Duration = .seconds(1)) {
        self.lifetime = lifetime
    }

    /// The value, read again when the last reading is older than the lifetime.
    func value(
        at now: Moment,
        _ read: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let known = entry.withLock { $0 }
        if let known, now >= known.readAt, now < known.readAt + lifetime { return known.value }
        let value = try await read()
        entry.withLock { $0 = (value, now) }
        return value
    }
}
