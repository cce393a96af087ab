import Crypto
import Foundation
import Groundwork
import PushEngine

/// What Huawei posts: up to 100 receipts at a time, signed in a header field.
enum HuaweiReceipts {
    /// Whether Huawei posted it, with the key that the account was given.
    static func isGenuine(_ callback: SupplierCallback, for account: SupplierAccount) -> Bool {
        let key = account.secret("callbackKey")
        var parts: [String: String] = [:]
        for part in callback.header("x-huawei-callback-id").split(separator: ";") {
            // A value may end in the characters that stand between it and its name.
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            parts[String(pair[0].drop { $0 == " " })] = String(pair[1])
        }
        guard !key.isEmpty, let timestamp = parts["timestamp"], let nonce = parts["nonce"],
            let value = parts["value"]
        else { return false }
        let right = signature(key, timestamp: timestamp, nonce: nonce, user: account["callbackUser"])
        return Secret(right).matches(value)
    }

    static func signature(_ key: Secret, timestamp: String, nonce: String, user: String) -> String {
        let code = RequestSigning.hmac(timestamp + nonce + user, key: SymmetricKey(text: key.reveal()))
        return Data(code).base64EncodedString()
    }

    /// Reads a posted page.
    ///
    /// An entry that cannot be read is counted and left out; a body whose form is broken is refused.
    static func read(_ raw: [UInt8]) throws(SupplierError) -> ReceiptPage {
        guard let statuses = (try? WireValue(json: raw.mended))?.object?["statuses"].list else {
            throw .malformed("no list of statuses")
        }
        let receipts = statuses.compactMap { $0.object.flatMap(receipt) }
        return ReceiptPage(receipts: receipts, raw: raw, malformed: statuses.count - receipts.count)
    }

    private static func receipt(_ entry: WireObject) -> SupplierReceipt? {
        guard let token = entry["token"].text, !token.isEmpty, let status = entry["status"].wholeNumber,
            let at = entry["timestamp"].wholeNumber.flatMap(moment)
        else { return nil }
        let key = entry["biTag"].text ?? ""
        return SupplierReceipt(
            recipient: token,
            requestKey: key.isEmpty ? nil : key,
            reference: entry["requestId"].text ?? "",
            delivered: status == 0,
            code: String(status),
            at: at
        )
    }

    /// Milliseconds, or seconds in some descriptions: these would be in the year 1970 otherwise.
    private static func moment(_ time: Int64) -> Moment? {
        time < 100_000_000_000 ? Moment(toldInSeconds: time) : Moment(toldInMilliseconds: time)
    }
}
