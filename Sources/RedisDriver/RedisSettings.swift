/// Which Redis to use.
package struct RedisSettings: Hashable, Sendable {
    /// Where it is, such as `redis://127.0.0.1:6379/0`.
    package var address: String

    package init(address: String) {
        self.address = address
    }
}
