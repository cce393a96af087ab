import Groundwork
import PushEngine

/// Aliyun's answer to a send: one verdict for the whole call.
struct AliyunReply {
    private(set) var code = ""
    private(set) var message = ""
    private(set) var reference = ""

    /// The verdict on each of `count` recipients.
    static func verdicts(in response: HTTPResponse, count: Int) -> SupplierReply {
        // Why it cannot be read does not matter: what follows from that depends on the status.
        guard let reply = try? AliyunReply(response.body), !reply.code.isEmpty else {
            return SupplierReply(all: SupplierExchange.verdict(onUnreadable: response), count: count)
        }
        if reply.code == "OK" {
            // Success is only what comes with the status of one.
            guard (200...299).contains(response.status), !reply.reference.isEmpty else {
                return SupplierReply(all: .ambiguous(detail: "accepted without a reference"), count: count)
            }
            return SupplierReply(all: .accepted(reference: reply.reference, charge: 0), count: count)
        }
        if reply.code == AliyunCodes.nonceUsed {
            return SupplierReply(all: .ambiguous(detail: "the request arrived twice"), count: count)
        }
        let refusal = AliyunCodes.refusal(reply.code, reply.message)
        let isAboutOne = refusal.isAboutOne
        return SupplierReply(all: .refused(refusal), count: count, mayBeSplit: isAboutOne && count > 1)
    }

    private init(_ body: [UInt8]) throws(JSONError) {
        var scanner = JSONScanner(body)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "Code": code = try scanner.string()
            case "Message": message = try scanner.string()
            case "BizId": reference = try scanner.string()
            default: try scanner.skip()
            }
        }
        try scanner.finish()
    }
}

/// How Aliyun writes numbers: mainland ones bare, others with their country's code and no `+`.
enum AliyunNumber {
    /// An E.164 number as Aliyun wants it.
    static func written(_ e164: String) -> String {
        if e164.hasPrefix("+86"), e164.utf8.count == 14 { return String(e164.dropFirst(3)) }
        return e164.hasPrefix("+") ? String(e164.dropFirst()) : e164
    }

    /// The E.164 form of a number as Aliyun writes it.
    ///
    /// Eleven digits of a mainland mobile's form are taken for one; a few North American numbers look alike.
    static func read(_ number: String) -> String {
        let digits = Array(number.utf8)
        if digits.first == UInt8(ascii: "+") { return number }
        let isMainland =
            digits.count == 11 && digits[0] == UInt8(ascii: "1") && digits[1] >= UInt8(ascii: "3")
        return isMainland ? "+86" + number : "+" + number
    }
}
