import Crypto
import Groundwork
import PushEngine

/// Takes what WeChat's servers send to an account's address.
struct WeChatEvents: Sendable {
    /// What its calls are signed with, as it was entered beside the address; empty when nobody told us, and then the
    /// address alone keeps others out.
    let token: Secret

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
        let given = callback.parameter("signature")
        guard token.isEmpty || Secret(signature(of: callback)).matches(given) else { throw .notGenuine }
        guard callback.method != "GET" else {
            let echo = callback.parameter("echostr")
            guard !echo.isEmpty else { throw .malformed("a question without echostr") }
            return .question(answer: CallbackAnswer(text: echo))
        }
        guard callback.parameter("encrypt_type") != "aes" else {
            throw .malformed("an encrypted event: the account's server must be set to plain text")
        }
        let answer = CallbackAnswer(text: "success")
        let isKept = isReceipt(try Self.event(callback.body))
        return isKept ? .receipts(callback.body, answer: answer) : .question(answer: answer)
    }

    /// What a callback must be signed with.
    private func signature(of callback: SupplierCallback) -> String {
        Self.signature([token.reveal(), callback.parameter("timestamp"), callback.parameter("nonce")])
    }

    /// SHA-1 of the parts, sorted and joined.
    static func signature(_ parts: [String]) -> String {
        let sorted = parts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return Insecure.SHA1.hash(data: Array(sorted.joined().utf8)).hexDigits
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
