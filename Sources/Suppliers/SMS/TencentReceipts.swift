import Groundwork
import PushEngine

/// Reads Tencent's receipts, in the two spellings in which they come: pulled and posted.
enum TencentReceipts {
    /// Reads a pulled page (`{"Response":{"PullSmsSendStatusSet":[…]}}`) or a posted one (`[…]`).
    ///
    /// An entry that cannot be read is counted and left out; a body whose form is broken is refused.
    static func read(_ raw: [UInt8]) throws(JSONError) -> ReceiptPage {
        var scanner = JSONScanner(mending: raw)
        var entries = ReceiptEntries()
        if try scanner.peek() == .array {
            try entries.read(&scanner, readPosted)
        } else {
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                if key.equals("Response") {
                    try readResponse(&scanner, into: &entries)
                } else {
                    try scanner.skip()
                }
            }
        }
        try scanner.finish()
        return ReceiptPage(receipts: entries.receipts, raw: raw, malformed: entries.malformed)
    }

    private static func readResponse(
        _ scanner: inout JSONScanner,
        into entries: inout ReceiptEntries
    ) throws(JSONError) {
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("PullSmsSendStatusSet"), try scanner.peek() == .array {
                try entries.read(&scanner, readPulled)
            } else {
                try scanner.skip()
            }
        }
    }

    private static func readPulled(_ scanner: inout JSONScanner) throws(JSONError) -> SupplierReceipt? {
        var number = ""
        var key: String?
        var serial = ""
        var status = ""
        var code = ""
        var at: Moment?
        try scanner.beginObject()
        while let name = try scanner.nextKey() {
            switch name {
            case "UserReceiveTime": at = Moment(toldInSeconds: try scanner.lenientInteger())
            case "PhoneNumber": number = try scanner.string()
            case "SerialNo": serial = try scanner.string()
            case "ReportStatus": status = try scanner.string()
            case "Description": code = try scanner.string()
            case "SessionContext": key = try scanner.takeNull() ? nil : try scanner.string()
            default: try scanner.skip()
            }
        }
        guard !number.isEmpty, !serial.isEmpty, let isDelivered = isDelivered(status), let at else {
            return nil
        }
        return SupplierReceipt(
            recipient: number.hasPrefix("+") ? number : "+" + number,
            requestKey: key.flatMap { $0.isEmpty ? nil : $0 },
            reference: serial,
            delivered: isDelivered,
            code: code,
            at: at
        )
    }

    private static func readPosted(_ scanner: inout JSONScanner) throws(JSONError) -> SupplierReceipt? {
        var country = "86"
        var mobile = ""
        var key: String?
        var serial = ""
        var status = ""
        var code = ""
        var at: CivilTime?
        try scanner.beginObject()
        while let name = try scanner.nextKey() {
            switch name {
            case "user_receive_time": at = CivilTime(try scanner.string())
            case "nationcode": country = try scanner.string()
            case "mobile": mobile = try scanner.string()
            case "sid": serial = try scanner.string()
            case "report_status": status = try scanner.string()
            case "errmsg": code = try scanner.string()
            case "ext": key = try scanner.takeNull() ? nil : try scanner.string()
            default: try scanner.skip()
            }
        }
        guard !mobile.isEmpty, !serial.isEmpty, let isDelivered = isDelivered(status), let at else {
            return nil
        }
        return SupplierReceipt(
            recipient: "+\(country)\(mobile)",
            requestKey: key.flatMap { $0.isEmpty ? nil : $0 },
            reference: serial,
            delivered: isDelivered,
            code: code,
            at: at.moment(offset: CivilTime.china)
        )
    }

    private static func isDelivered(_ status: String) -> Bool? {
        switch status {
        case "SUCCESS": true
        case "FAIL": false
        default: nil
        }
    }
}

/// The entries of a page of receipts: the good ones, and how many could not be read.
struct ReceiptEntries {
    private(set) var receipts: [SupplierReceipt] = []
    private(set) var malformed = 0

    /// Reads an array of entries; one that `entry` fails on is passed over as a whole.
    mutating func read(
        _ scanner: inout JSONScanner,
        _ entry: (inout JSONScanner) throws(JSONError) -> SupplierReceipt?
    ) throws(JSONError) {
        try scanner.beginArray()
        while try scanner.nextElement() {
            let start = scanner
            do throws(JSONError) {
                if let receipt = try entry(&scanner) {
                    receipts.append(receipt)
                } else {
                    malformed += 1
                }
            } catch {
                scanner = start
                try scanner.skip()
                malformed += 1
            }
        }
    }
}
