/// How much work it is to try one password: the parameters of scrypt.
package struct PasswordCost: Hashable, Sendable {
    /// The binary logarithm of scrypt's N.
    package let logRounds: Int
    /// scrypt's r; memory is 128 * r * N bytes.
    package let blockSize: Int
    /// scrypt's p.
    package let parallelism: Int

    package init(logRounds: Int, blockSize: Int, parallelism: Int) {
        self.logRounds = logRounds
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    /// What passwords are kept with: N = 2^15, r = 8, p = 3, which takes 32 MiB.
    ///
    /// Source: OWASP Password Storage Cheat Sheet, "scrypt", one of its equivalent settings.
    package static let usual = PasswordCost(logRounds: 15, blockSize: 8, parallelism: 3)

    /// Whether a stored text may ask for it: somebody who can write the store must not be able to stall sign-in.
    var isBearable: Bool {
        (1...20).contains(logRounds) && (1...32).contains(blockSize) && (1...16).contains(parallelism)
            && 128 * blockSize << logRounds <= 256 << 20
    }
}
