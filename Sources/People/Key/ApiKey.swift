import Crypto
import Foundation
package import Groundwork

/// Names one API key.
package struct KeyID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package var description: String { "\(rawValue)" }
}

/// With which a program calls the API as the user who made it.
package struct ApiKey: Hashable, Sendable, Identifiable {
    package let id: KeyID
    package let user: UserID
    /// What its user calls it.
    package let name: String
    /// Whether nothing can be changed with it.
    package let isReadOnly: Bool
    package let createdAt: Moment
    /// The first instant at which it counts no more.
    package let expiresAt: Moment

    package init(
        id: KeyID,
        user: UserID,
        name: String,
        isReadOnly: Bool,
        createdAt: Moment,
        expiresAt: Moment
    ) {
        self.id = id
        self.user = user
        self.name = name
        self.isReadOnly = isReadOnly
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// The text of a key, which is told once, and what is kept of it.
///
/// It is 256 bits drawn at random, so that a plain hash keeps it: nobody can try them all.
enum KeyText {
    private static let prefix = "kpk_"

    static func draw() -> Secret {
        Secret(prefix + SymmetricKey(size: .bits256).withUnsafeBytes { $0.hexDigits })
    }

    /// What a store keeps of a text; nil for one that is no key of ours.
    static func hash(_ text: Secret) -> String? {
        let shown = text.reveal()
        guard shown.hasPrefix(prefix), shown.utf8.count == prefix.utf8.count + 64 else { return nil }
        return SHA256.hash(data: Array(shown.utf8)).hexDigits
    }
}
