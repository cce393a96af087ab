import Crypto
import Groundwork
package import PushEngine

/// The path that a supplier posts an account's receipts to; nobody can guess it who does not hold our key.
///
/// Suppliers cannot be made to show a token, so the address is the secret.
package struct ReceiptAddress: Sendable {
    private let key: SymmetricKey

    package init(settings: ConsoleSettings) {
        key = SymmetricKey(data: Array(settings.signingKey.reveal().utf8))
    }

    /// Where receipts of the account arrive, from the root on.
    package func path(_ account: AccountID) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: message(account), using: key)
        return "/callbacks/\(account.rawValue)/\(code.prefix(16).hexDigits)"
    }

    /// Whether `path` is the account's; takes as long whatever is wrong with it.
    package func matches(_ path: String, _ account: AccountID) -> Bool {
        Secret(self.path(account)).matches(path)
    }

    private func message(_ account: AccountID) -> [UInt8] {
        Array("receipts of account \(account.rawValue)".utf8)
    }
}
