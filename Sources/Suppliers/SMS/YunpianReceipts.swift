import Groundwork
import PushEngine

/// Reads Yunpian's receipts: pulled, posted, and found in its records.
enum YunpianReceipts {
    /// What Yunpian knows of one message.
    struct Record {
        var mobile = ""
        var requestKey = ""
        var serial = ""
        var status = ""
        var code = ""
        var receivedAt: CivilTime?

        init(_ scanner: inout JSONScanner) throws(JSONError) {
            try scanner.beginObject()
            while let name = try scanner.nextKey() {
                switch name {
                case "mobile": mobile = try YunpianReply.text(&scanner)
                case "uid": requestKey = try YunpianReply.text(&scanner)
                case "sid": serial = try YunpianReply.text(&scanner)
                case "report_status": status = try YunpianReply.text(&scanner)
                case "error_msg": code = try YunpianReply.text(&scanner)
                case "user_receive_time": receivedAt = CivilTime(try YunpianReply.text(&scanner))
                default: try scanner.skip()
                }
            }
        }

        /// The record as a receipt; nil while there is no final word, or when something is missing.
        var receipt: SupplierReceipt? {
            guard status == "SUCCESS" || status == "FAIL", !mobile.isEmpty, !serial.isEmpty, let receivedAt
            else { return nil }
            return SupplierReceipt(
                recipient: MainlandNumber.read(mobile),
                requestKey: requestKey.isEmpty ? nil : requestKey,
                reference: serial,
                delivered: status == "SUCCESS",
                code: code.isEmpty ? status : code,
                at: receivedAt.moment(offset: CivilTime.china)
            )
        }

        /// The record as an answer to a question.
        func answer(for recipient: String, sentAt: Moment) -> QueryAnswer {
            guard status == "SUCCESS" || status == "FAIL" else { return .pending(reference: serial) }
            return .receipt(
                SupplierReceipt(
                    recipient: recipient,
                    requestKey: requestKey,
                    reference: serial,
                    delivered: status == "SUCCESS",
                    code: code.isEmpty ? status : code,
                    at: receivedAt?.moment(offset: CivilTime.china) ?? sentAt
                )
            )
        }
    }

    /// Reads a list of receipts, pulled or posted.
    ///
    /// An entry that cannot be read is counted and left out; a body whose form is broken is refused.
    static func read(_ raw: [UInt8]) throws(JSONError) -> ReceiptPage {
        var scanner = JSONScanner(mending: raw)
        var entries = ReceiptEntries()
        try entries.read(&scanner) { scanner throws(JSONError) in try Record(&scanner).receipt }
        try scanner.finish()
        return ReceiptPage(receipts: entries.receipts, raw: raw, malformed: entries.malformed)
    }

    /// Reads the records of a number.
    static func records(_ body: [UInt8]) throws(JSONError) -> [Record] {
        var scanner = JSONScanner(body)
        var records: [Record] = []
        try scanner.beginArray()
        while try scanner.nextElement() { records.append(try Record(&scanner)) }
        try scanner.finish()
        return records
    }

    /// The list in a posted form, which some of those between us encode a second time.
    static func posted(_ value: String) -> [UInt8] {
        let bytes = Array(value.utf8)
        guard bytes.first == UInt8(ascii: "%"), let again = PercentEncoding.decoded(bytes[...]) else {
            return bytes
        }
        return Array(again.utf8)
    }
}
