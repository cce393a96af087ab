import Groundwork

/// Writes the simulated Aliyun's answers and posts.
enum AliyunWriter {
    /// A message, taken out of the ledger.
    struct Row {
        let entry: SupplierLedger.Entry
        let supplier: SimulatedSupplier
        let key: ArraySlice<UInt8>
        /// The call's BizId, shared by all messages of the call.
        let reference: String

        init(_ number: UInt32, in ledger: SupplierLedger) {
            entry = ledger[number]
            let call = ledger.call(of: entry)
            supplier = call.supplier
            key = ledger.key(of: call)
            reference = AliyunWriter.reference(ledger.first(of: entry), at: entry.acceptedAt)
        }

        var sentAt: Moment { Moment(millisecondsSinceEpoch: entry.acceptedAt) }

        /// When the network gave its word.
        var receivedAt: Moment {
            Moment(millisecondsSinceEpoch: entry.acceptedAt + Int64(entry.receiptAfter))
        }

        /// The number as Aliyun writes it.
        var number: String {
            let text = String(entry.recipient)
            return PhoneDigits.isMainland(entry.recipient) ? String(text.dropFirst(2)) : text
        }

        var code: String { entry.isDelivered ? "DELIVERED" : "UNDELIVERED" }
    }

    /// A call's BizId.
    static func reference(_ firstEntry: UInt32, at milliseconds: Int64) -> String {
        let digits = String(firstEntry)
        return "9\(milliseconds)" + String(repeating: "0", count: 10 - digits.count) + digits + "^0"
    }

    static func accepted(_ reference: String, requestID: String) -> [UInt8] {
        object { writer in
            writer.key("Message")
            writer.string("OK")
            writer.key("RequestId")
            writer.string(requestID)
            writer.key("Code")
            writer.string("OK")
            writer.key("BizId")
            writer.string(reference)
        }
    }

    static func refusal(_ refusal: SimulatedRefusal, requestID: String, host: String) -> [UInt8] {
        object { writer in
            writer.key("RequestId")
            writer.string(requestID)
            if refusal.status != 200 {
                writer.key("HostId")
                writer.string(host)
            }
            writer.key("Code")
            writer.string(refusal.code)
            writer.key("Message")
            writer.string(refusal.message)
        }
    }

    static func details(
        _ rows: [Row],
        total: Int,
        template: String,
        at now: Moment,
        requestID: String
    ) -> [UInt8] {
        object { writer in
            writer.key("Code")
            writer.string("OK")
            writer.key("Message")
            writer.string("OK")
            writer.key("RequestId")
            writer.string(requestID)
            writer.key("TotalCount")
            writer.integer(Int64(total))
            writer.key("SmsSendDetailDTOs")
            writer.beginObject()
            writer.key("SmsSendDetailDTO")
            writer.beginArray()
            for row in rows { write(row, template: template, at: now, to: &writer) }
            writer.endArray()
            writer.endObject()
        }
    }

    /// The body of a post of receipts.
    static func post(_ rows: [Row]) -> [UInt8] {
        var writer = JSONWriter(capacity: rows.count * 300)
        writer.beginArray()
        for row in rows {
            writer.beginObject()
            writer.key("phone_number")
            writer.string(row.number)
            writer.key("send_time")
            writer.string(CivilTime(row.sentAt, offset: CivilTime.china).text)
            writer.key("report_time")
            writer.string(CivilTime(row.receivedAt, offset: CivilTime.china).text)
            writer.key("success")
            writer.bool(row.entry.isDelivered)
            writer.key("err_code")
            writer.string(row.code)
            writer.key("err_msg")
            writer.string("")
            writer.key("sms_size")
            writer.string("1")
            writer.key("biz_id")
            writer.string(row.reference)
            writer.key("out_id")
            writer.string(utf8: row.key)
            writer.endObject()
        }
        writer.endArray()
        return writer.bytes
    }

    private static func write(_ row: Row, template: String, at now: Moment, to writer: inout JSONWriter) {
        let isKnown = row.receivedAt <= now
        writer.beginObject()
        writer.key("PhoneNum")
        writer.string(row.number)
        writer.key("SendStatus")
        writer.integer(isKnown ? (row.entry.isDelivered ? 3 : 2) : 1)
        writer.key("ErrCode")
        writer.string(isKnown ? row.code : "")
        writer.key("TemplateCode")
        writer.string(template)
        writer.key("Content")
        writer.string("")
        writer.key("SendDate")
        writer.string(CivilTime(row.sentAt, offset: CivilTime.china).text)
        if isKnown {
            writer.key("ReceiveDate")
            writer.string(CivilTime(row.receivedAt, offset: CivilTime.china).text)
        }
        writer.key("OutId")
        writer.string(utf8: row.key)
        writer.endObject()
    }

    static func object(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        write(&writer)
        writer.endObject()
        return writer.bytes
    }
}
