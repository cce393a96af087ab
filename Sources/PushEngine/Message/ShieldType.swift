/// What happens to a message at night (`shield_type`).
package enum ShieldType: Int, Hashable, Sendable, CaseIterable, Codable {
    /// It is sent at any hour.
    case none = 10
    /// It is dropped.
    case drop = 20
    /// It is kept and sent in the morning.
    case hold = 30
}
