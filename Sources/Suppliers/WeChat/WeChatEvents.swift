import Crypto
import Groundwork
import PushEngine

/// Takes what WeChat's servers send to an account's address.
struct WeChatEvents: Sendable {
    /// What its calls are signed with, as it was entered beside the address; empty when nobody told us, and then the
    /// address alone keeps others out.
    private let token: Secret
    /// Whether its events must be encrypted.
    private let isSealed: Bool
    private let cipher: WeChatCipher?

    /// What two kinds of account are asked for alike.
    static let fields: [AccountField] = [
        .secret(
            "token",
            "what events are signed with, as entered in the console; without one nobody's signature is checked",
            isRequired: false
        ),
        .secret(
            "aesKey",
            "the EncodingAESKey of the console, where events are set to be encrypted; with one only such are taken",
            isRequired: false
        ),
    ]

    init(_ account: SupplierAccount) {
        token = account.secret("token")
        isSealed = !account.secret("aesKey").isEmpty
        cipher = WeChatCipher(account.secret("aesKey"), appID: account["appId"])
    }

    /// Finds out what came.
    ///
    /// - Parameters:
    ///   - callback: what came.
    ///   - isReceipt: whether an event tells what became of messages.
    /// - Returns: receipts, or nothing that is kept; WeChat wants to hear `success` in either case.
    /// - Throws: `SupplierError.notGenuine` when its signature is wrong, `.malformed` when it cannot be read.
    func open(
        _ callback: SupplierCallback,
        isReceipt: (WireObject) -> Bool
    ) throws(SupplierError) -> CallbackContents {
        try checkSignature("signature", of: callback)
        guard callback.method != "GET" else {
            let echo = callback.parameter("echostr")
            guard !echo.isEmpty else { throw .malformed("a question without echostr") }
            return .question(answer: CallbackAnswer(text: echo))
        }
        let raw = try clear(callback)
        let answer = CallbackAnswer(text: "success")
        let isKept = isReceipt(try Self.event(raw))
        return isKept ? .receipts(raw, answer: answer) : .question(answer: answer)
    }

    /// The event that was posted, decrypted if it came so.
    private func clear(_ callback: SupplierCallback) throws(SupplierError) -> [UInt8] {
        guard callback.parameter("encrypt_type") == "aes" else {
            // A signature says nothing of a body: where all are to be encrypted, one that is not may be anybody's.
            guard !isSealed else { throw .notGenuine }
            return callback.body
        }
        guard let cipher else {
            throw .malformed("an encrypted event: the account needs its aesKey, which has 43 characters")
        }
        guard let sealed = try Self.event(callback.body)["Encrypt"].text else {
            throw .malformed("an encrypted event without Encrypt")
        }
        try checkSignature("msg_signature", of: callback, adding: [sealed])
        return try cipher.open(sealed)
    }

    private func checkSignature(
        _ name: String,
        of callback: SupplierCallback,
        adding parts: [String] = []
    ) throws(SupplierError) {
        guard !token.isEmpty else { return }
        let own = Self.signature(
            [token.reveal(), callback.parameter("timestamp"), callback.parameter("nonce")] + parts
        )
        guard Secret(own).matches(callback.parameter(name)) else { throw .notGenuine }
    }

    /// SHA-1 of the parts, sorted and joined.
    static func signature(_ parts: [String]) -> String {
        let sorted = parts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return Insecure.SHA1.hash(data: Array(sorted.joined().utf8)).hexDigits
    }

    /// What a user of an official account does by following it, or not any more; nil for any other event.
    static func word(in event: WireObject) -> RecipientWord? {
        let meanings: [String: RecipientWord.Meaning] = ["unsubscribe": .left, "subscribe": .joined]
        guard let meaning = event["Event"].text.flatMap({ meanings[$0] }),
            let openID = event["FromUserName"].text, !openID.isEmpty, let at = event["CreateTime"].wholeNumber
        else { return nil }
        return RecipientWord(sender: openID, meaning, at: Moment(secondsSinceEpoch: at))
    }

    /// Reads an event, in either of the forms that an account's server may be set to.
    static func event(_ raw: [UInt8]) throws(SupplierError) -> WireObject {
        let value: WireValue
        if raw.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") {
            do { value = try WireValue(json: raw) } catch { throw .malformed("an event that is no JSON") }
        } else {
            do { value = try PlainXML.read(raw) } catch { throw .malformed(error.description) }
        }
        guard let event = value.object else { throw .malformed("an event without members") }
        return event
    }
}
