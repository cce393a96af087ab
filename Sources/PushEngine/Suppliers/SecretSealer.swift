import Crypto
package import Groundwork

/// Turns secrets into bytes that are safe to store, and back.
package protocol SecretSealer: Sendable {
    /// The secret as bytes that tell nothing without the sealer's key; never the same bytes twice.
    func seal(_ secret: Secret) throws(SealError) -> [UInt8]

    /// The secret in bytes that `seal` made.
    ///
    /// - Throws: `SealError.broken` when they were made with another key or were changed.
    func open(_ sealed: [UInt8]) throws(SealError) -> Secret
}

/// Why a secret cannot be sealed or opened.
package enum SealError: Error, Hashable, Sendable {
    /// The bytes were made with another key, or were changed.
    case broken
    /// The key is not 32 bytes long.
    case badKey
}

/// Seals with AES-256 in Galois/counter mode under one key, and opens also what former keys sealed.
package struct AESSealer: SecretSealer {
    /// How many bytes a key has.
    package static let keyLength = 32

    private let key: SymmetricKey
    private let former: [SymmetricKey]

    /// Makes a sealer; the composition reads the key from where only the service's user may read it.
    ///
    /// - Parameters:
    ///   - key: 32 random bytes.
    ///   - former: the keys before it, while there are secrets that were sealed with them.
    /// - Throws: `SealError.badKey` for another length.
    package init(key: [UInt8], former: [[UInt8]] = []) throws(SealError) {
        guard ([key] + former).allSatisfy({ $0.count == Self.keyLength }) else { throw .badKey }
        self.key = SymmetricKey(data: key)
        self.former = former.map { SymmetricKey(data: $0) }
    }

    /// 32 random bytes to make a sealer with.
    package static func newKey() -> [UInt8] {
        SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
    }

    package func seal(_ secret: Secret) throws(SealError) -> [UInt8] {
        // A nonce of the default length is chosen at random and stands before the text in `combined`.
        do {
            let box = try AES.GCM.seal(Array(secret.reveal().utf8), using: key)
            guard let combined = box.combined else { throw SealError.badKey }
            return Array(combined)
        } catch { throw .badKey }
    }

    package func open(_ sealed: [UInt8]) throws(SealError) -> Secret {
        for key in [key] + former {
            // Whether it is the right one, the box proves by itself.
            guard let box = try? AES.GCM.SealedBox(combined: sealed),
                let text = try? AES.GCM.open(box, using: key)
            else { continue }
            return Secret(String(decoding: text, as: UTF8.self))
        }
        throw .broken
    }
}
