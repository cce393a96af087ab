import Crypto
import CryptoExtras
import Foundation
import Groundwork
import PushEngine

/// Opens events that WeChat's servers encrypt, as an account's server may be set to ("safe mode").
///
/// AES-256 in CBC mode, whose key is the Base64 text of the console's `EncodingAESKey` and whose first block is the key's
/// first half; the clear text is 16 bytes of chance, the length of the event, the event, and the account's AppID, filled
/// up to whole blocks of 32 bytes.
struct WeChatCipher: Sendable {
    private let key: [UInt8]
    private let appID: String

    /// Makes a cipher; nil when the key is none of a console's, which has 43 characters.
    init?(_ encodingAESKey: Secret, appID: String) {
        guard let key = Data(base64Encoded: encodingAESKey.reveal() + "="), key.count == 32 else {
            return nil
        }
        self.key = Array(key)
        self.appID = appID
    }

    /// Opens what an event carries as `Encrypt`.
    ///
    /// - Throws: `SupplierError.notGenuine` when it was not made with the key, or is another account's.
    func open(_ text: String) throws(SupplierError) -> [UInt8] {
        let clear: [UInt8]
        do {
            guard let sealed = Data(base64Encoded: text), !sealed.isEmpty else {
                throw SupplierError.notGenuine
            }
            let iv = try AES._CBC.IV(ivBytes: key.prefix(16))
            clear = Array(
                try AES._CBC.decrypt(sealed, using: SymmetricKey(data: key), iv: iv, noPadding: true)
            )
        } catch { throw .notGenuine }
        guard let filling = clear.last.map(Int.init), (1...32).contains(filling), clear.count >= filling + 20
        else {
            throw .notGenuine
        }
        let length = clear[16..<20].reduce(0) { $0 << 8 | Int($1) }
        let end = clear.count - filling
        guard length <= end - 20, clear[(20 + length)..<end].elementsEqual(appID.utf8) else {
            throw .notGenuine
        }
        return Array(clear[20..<(20 + length)])
    }
}
