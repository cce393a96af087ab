package import Groundwork

/// Names one supplier account.
package struct AccountID: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}

/// Which wire an account speaks, such as `tencent`; a `SupplierForm` says what there is to know of it.
package struct SupplierKind: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }
}

/// Credentials and settings of one account at one supplier.
package struct SupplierAccount: Sendable, Identifiable {
    package let id: AccountID
    /// What people call it, such as `tencent-main`.
    package var name: String
    package var kind: SupplierKind
    package var channel: Channel
    /// Where the supplier's API is; a simulator's address works alike.
    package var url: String
    /// What else its supplier's form asks for.
    package var config: AccountConfig
    /// The share of messages this account takes among those of its channel, of every type that `weights` does not
    /// name; 0 takes none.
    package var weight: Int
    /// Its shares of message types for which `weight` does not hold.
    package var weights: [MessageType: Int]
    /// How many calls that send it makes in a second at most; nil for as many as its supplier allows.
    package var callsPerSecond: Int?
    package var isEnabled: Bool

    package init(
        id: AccountID,
        name: String,
        kind: SupplierKind,
        channel: Channel,
        url: String,
        config: AccountConfig,
        weight: Int = 100,
        weights: [MessageType: Int] = [:],
        callsPerSecond: Int? = nil,
        isEnabled: Bool = true
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.channel = channel
        self.url = url
        self.config = config
        self.weight = weight
        self.weights = weights
        self.callsPerSecond = callsPerSecond
        self.isEnabled = isEnabled
    }

    /// A value of its configuration; empty when it has none of the name.
    package subscript(field: String) -> String { config.values[field] ?? "" }

    /// A secret of its configuration; empty when it has none of the name.
    package func secret(_ field: String) -> Secret { config.secrets[field] ?? Secret("") }

    /// Whether its calls can be signed; when not, its secrets must be given again.
    package var canSign: Bool { !config.isLocked }
}
