/// Spells the key that a call carries to the supplier and that its receipts bring back.
package struct RequestKeys: Sendable {
    /// Random, chosen when the store was made: another installation's receipts are told apart by it.
    package let installation: UInt32

    package init(installation: UInt32) {
        self.installation = installation
    }

    /// The key of a call, such as `kp1x4z-9c`.
    package func key(_ intent: IntentID) -> String {
        "kp\(String(installation, radix: 36))-\(String(intent.rawValue, radix: 36))"
    }

    /// The call that a key belongs to; nil for a key that is not ours.
    package func intent(_ key: String) -> IntentID? {
        let prefix = "kp\(String(installation, radix: 36))-"
        guard key.hasPrefix(prefix), let number = Int64(key.dropFirst(prefix.count), radix: 36), number > 0
        else { return nil }
        return IntentID(rawValue: number)
    }
}
