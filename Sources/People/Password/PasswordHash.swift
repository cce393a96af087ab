import Crypto
import CryptoExtras
import Foundation
import Groundwork

/// A password as it is kept: what scrypt makes of it, with the salt and the cost that it took.
///
/// Written as `scrypt$15$8$3$SALT$KEY`, salt and key in base 64.
package struct PasswordHash: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    package let cost: PasswordCost
    private let salt: [UInt8]
    private let key: [UInt8]

    private static let scheme = "scrypt"
    private static let keyLength = 32
    private static let saltLength = 16

    /// The text that a store keeps.
    package var text: String {
        let numbers = [cost.logRounds, cost.blockSize, cost.parallelism].map(String.init)
        let parts = [Self.scheme] + numbers + [Self.base64(salt), Self.base64(key)]
        return parts.joined(separator: "$")
    }

    /// Three stars.
    package var description: String { "***" }

    /// Three stars.
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Reads what `text` wrote; nil when it is no such text.
    package init?(text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == Self.scheme,
            let logRounds = Int(parts[1]), let blockSize = Int(parts[2]), let parallelism = Int(parts[3]),
            let salt = Data(base64Encoded: parts[4]), let key = Data(base64Encoded: parts[5]),
            salt.count >= Self.saltLength, key.count == Self.keyLength
        else { return nil }
        cost = PasswordCost(logRounds: logRounds, blockSize: blockSize, parallelism: parallelism)
        guard cost.isBearable else { return nil }
        self.salt = Array(salt)
        self.key = Array(key)
    }

    /// Hashes a password under a salt of its own; blocks its thread for as long as `cost` says.
    ///
    /// - Throws: what scrypt throws when there is no memory for it.
    init(of password: Secret, cost: PasswordCost) throws {
        self.cost = cost
        salt = SymmetricKey(size: SymmetricKeySize(bitCount: Self.saltLength * 8))
            .withUnsafeBytes { Array($0) }
        key = try Self.key(of: password, salt: salt, cost: cost)
    }

    /// Whether it was made of `password`; blocks its thread as long as making it did.
    ///
    /// - Throws: what scrypt throws when there is no memory for it.
    func matches(_ password: Secret) throws -> Bool {
        let other = try Self.key(of: password, salt: salt, cost: cost)
        var difference: UInt8 = 0
        for (mine, theirs) in zip(key, other) { difference |= mine ^ theirs }
        return difference == 0
    }

    private static func key(of password: Secret, salt: [UInt8], cost: PasswordCost) throws -> [UInt8] {
        try KDF.Scrypt
            .deriveKey(
                from: Array(password.reveal().utf8),
                salt: salt,
                outputByteCount: keyLength,
                rounds: 1 << cost.logRounds,
                blockSize: cost.blockSize,
                parallelism: cost.parallelism
            )
            .withUnsafeBytes { Array($0) }
    }

    private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
