import Groundwork
import PushEngine

/// Reads the receipts that Aliyun posts (`SmsReport`).
enum AliyunReceipts {
    /// Reads a posted page.
    ///
    /// An entry that cannot be read is counted and left out; a body whose form is broken is refused.
    static func read(_ raw: [UInt8]) throws(JSONError) -> ReceiptPage {
        var scanner = JSONScanner(mending: raw)
        var entries = ReceiptEntries()
        try entries.read(&scanner, readEntry)
        try scanner.finish()
        return ReceiptPage(receipts: entries.receipts, raw: raw, malformed: entries.malformed)
    }

    private static func readEntry(_ scanner: inout JSONScanner) throws(JSONError) -> SupplierReceipt? {
        var number = ""
        var key: String?
        var reference = ""
        var isDelivered: Bool?
        var code = ""
        var at: CivilTime?
        try scanner.beginObject()
        while let name = try scanner.nextKey() {
            switch name {
            case "phone_number": number = try scanner.string()
            case "report_time": at = CivilTime(try scanner.string())
            case "success": isDelivered = try scanner.bool()
            case "err_code": code = try scanner.takeNull() ? "" : try scanner.string()
            case "biz_id": reference = try scanner.string()
            case "out_id": key = try scanner.takeNull() ? nil : try scanner.string()
            default: try scanner.skip()
            }
        }
        guard !number.isEmpty, !reference.isEmpty, let isDelivered, let at else { return nil }
        return SupplierReceipt(
            recipient: AliyunNumber.read(number),
            requestKey: key.flatMap { $0.isEmpty ? nil : $0 },
            reference: reference,
            delivered: isDelivered,
            code: code,
            at: at.moment(offset: CivilTime.china)
        )
    }
}

/// What Aliyun says to a question, with a code that is `OK` for a success.
protocol AliyunAnswer {
    var code: String { get }
    var message: String { get }

    init(_ body: [UInt8]) throws(JSONError)
}

/// Aliyun's answer to `QuerySendDetails`.
struct AliyunDetails: AliyunAnswer {
    /// What became of one message.
    struct Row {
        var requestKey = ""
        var status: Int64 = 0
        var code = ""
        var receivedAt: CivilTime?

        /// The row as an answer: 1 waits for the network, 2 failed, 3 was delivered.
        ///
        /// A row does not name the BizId.
        func answer(for recipient: String, sentAt: Moment) -> QueryAnswer {
            guard status == 2 || status == 3 else { return .pending(reference: "") }
            return .receipt(
                SupplierReceipt(
                    recipient: recipient,
                    requestKey: requestKey,
                    reference: "",
                    delivered: status == 3,
                    code: code,
                    at: receivedAt?.moment(offset: CivilTime.china) ?? sentAt
                )
            )
        }
    }

    private(set) var code = ""
    private(set) var message = ""
    private(set) var rows: [Row] = []

    init(_ body: [UInt8]) throws(JSONError) {
        var scanner = JSONScanner(body)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "Code": code = try scanner.string()
            case "Message": message = try scanner.string()
            case "SmsSendDetailDTOs": try readRows(&scanner)
            default: try scanner.skip()
            }
        }
        try scanner.finish()
    }

    private mutating func readRows(_ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            guard key.equals("SmsSendDetailDTO") else {
                try scanner.skip()
                continue
            }
            try scanner.beginArray()
            while try scanner.nextElement() { rows.append(try Self.readRow(&scanner)) }
        }
    }

    private static func readRow(_ scanner: inout JSONScanner) throws(JSONError) -> Row {
        var row = Row()
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "OutId": row.requestKey = try scanner.takeNull() ? "" : try scanner.string()
            case "SendStatus": row.status = try scanner.takeNull() ? 0 : try scanner.lenientInteger()
            case "ErrCode": row.code = try scanner.takeNull() ? "" : try scanner.string()
            case "ReceiveDate":
                row.receivedAt = try scanner.takeNull() ? nil : CivilTime(try scanner.string())
            default: try scanner.skip()
            }
        }
        return row
    }
}
