import Groundwork

/// Writes the simulated Tencent's answers and posts.
enum TencentWriter {
    /// What becomes of one number.
    enum Verdict {
        case accepted(entry: UInt32)
        case refused(String)
    }

    /// A receipt, taken out of the ledger.
    struct ReceiptRow {
        let number: UInt32
        let entry: SupplierLedger.Entry
        let context: ArraySlice<UInt8>

        init(_ number: UInt32, in ledger: SupplierLedger) {
            self.number = number
            entry = ledger[number]
            context = ledger.key(of: ledger.call(of: entry))
        }
    }

    static func error(_ refusal: SimulatedRefusal, requestID: String) -> [UInt8] {
        response(requestID, capacity: 256) { writer in
            writer.key("Error")
            writer.beginObject()
            writer.key("Code")
            writer.string(refusal.code)
            writer.key("Message")
            writer.string(refusal.message)
            writer.endObject()
        }
    }

    static func sent(
        _ request: TencentSendRequest,
        _ verdicts: [Verdict],
        at now: Moment,
        requestID: String
    ) -> [UInt8] {
        response(requestID, capacity: 128 + verdicts.count * (170 + request.context.count)) { writer in
            writer.key("SendStatusSet")
            writer.beginArray()
            for (recipient, verdict) in zip(request.recipients, verdicts) {
                let number = recipient.number.map { Array("+\($0)".utf8)[...] } ?? recipient.text
                write(verdict, number, request, at: now.millisecondsSinceEpoch, to: &writer)
            }
            writer.endArray()
        }
    }

    static func pulled(_ rows: [ReceiptRow], requestID: String) -> [UInt8] {
        response(requestID, capacity: 128 + rows.count * 300) { writer in
            writer.key("PullSmsSendStatusSet")
            writer.beginArray()
            for row in rows { write(row, to: &writer) }
            writer.endArray()
        }
    }

    /// The body of a post of receipts.
    static func post(_ rows: [ReceiptRow]) -> [UInt8] {
        var writer = JSONWriter(capacity: rows.count * 300)
        writer.beginArray()
        for row in rows {
            let text = String(row.entry.recipient)
            let isMainland = PhoneDigits.isMainland(row.entry.recipient)
            writer.beginObject()
            writer.key("user_receive_time")
            writer.string(CivilTime(row.receivedAt, offset: CivilTime.china).text)
            writer.key("nationcode")
            writer.string(isMainland ? "86" : "")
            writer.key("mobile")
            writer.string(isMainland ? String(text.dropFirst(2)) : text)
            writer.key("report_status")
            writer.string(row.status)
            writer.key("errmsg")
            writer.string(row.code)
            writer.key("description")
            writer.string(row.code)
            writer.key("sid")
            writer.string(serial(row.number, at: row.entry.acceptedAt))
            writer.key("ext")
            writer.string(utf8: row.context)
            writer.endObject()
        }
        writer.endArray()
        return writer.bytes
    }

    /// A message's serial number.
    static func serial(_ entry: UInt32, at milliseconds: Int64) -> String {
        let digits = String(entry)
        return "5000:\(milliseconds)" + String(repeating: "0", count: 10 - digits.count) + digits
    }

    static func response(
        _ requestID: String,
        capacity: Int,
        _ write: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: capacity)
        writer.beginObject()
        writer.key("Response")
        writer.beginObject()
        write(&writer)
        writer.key("RequestId")
        writer.string(requestID)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private static func write(
        _ verdict: Verdict,
        _ number: ArraySlice<UInt8>,
        _ request: TencentSendRequest,
        at milliseconds: Int64,
        to writer: inout JSONWriter
    ) {
        var serial = ""
        var code = "Ok"
        switch verdict {
        case .accepted(let entry): serial = Self.serial(entry, at: milliseconds)
        case .refused(let fault): code = fault
        }
        let isAccepted = !serial.isEmpty
        writer.beginObject()
        writer.key("SerialNo")
        writer.string(serial)
        writer.key("PhoneNumber")
        writer.string(utf8: number)
        writer.key("Fee")
        writer.integer(isAccepted ? request.fee : 0)
        writer.key("SessionContext")
        writer.string(utf8: request.context)
        writer.key("Code")
        writer.string(code)
        writer.key("Message")
        writer.string(isAccepted ? "send success" : "refused")
        writer.key("IsoCode")
        writer.string(number.starts(with: "+86".utf8) ? "CN" : "")
        writer.endObject()
    }

    private static func write(_ row: ReceiptRow, to writer: inout JSONWriter) {
        let text = String(row.entry.recipient)
        let isMainland = PhoneDigits.isMainland(row.entry.recipient)
        writer.beginObject()
        writer.key("UserReceiveTime")
        writer.integer(row.receivedAt.secondsSinceEpoch)
        writer.key("CountryCode")
        writer.string(isMainland ? "86" : "")
        writer.key("SubscriberNumber")
        writer.string(isMainland ? String(text.dropFirst(2)) : text)
        writer.key("PhoneNumber")
        writer.string("+" + text)
        writer.key("SerialNo")
        writer.string(serial(row.number, at: row.entry.acceptedAt))
        writer.key("ReportStatus")
        writer.string(row.status)
        writer.key("Description")
        writer.string(row.code)
        writer.key("SessionContext")
        writer.string(utf8: row.context)
        writer.endObject()
    }
}

extension TencentWriter.ReceiptRow {
    /// When the network gave its word.
    var receivedAt: Moment {
        Moment(millisecondsSinceEpoch: entry.acceptedAt + Int64(entry.receiptAfter))
    }

    fileprivate var status: String { entry.isDelivered ? "SUCCESS" : "FAIL" }

    fileprivate var code: String { entry.isDelivered ? "DELIVRD" : "UNDELIV" }
}
