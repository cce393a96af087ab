import Groundwork

/// Writes the simulated Yunpian's answers and posts.
enum YunpianWriter {
    /// What becomes of one number.
    enum Verdict {
        case accepted(UInt32)
        case refused(Int64)
    }

    /// A message, taken out of the ledger.
    struct Row {
        let number: UInt32
        let entry: SupplierLedger.Entry
        let supplier: SimulatedSupplier
        let key: ArraySlice<UInt8>

        init(_ number: UInt32, in ledger: SupplierLedger) {
            self.number = number
            entry = ledger[number]
            let call = ledger.call(of: entry)
            supplier = call.supplier
            key = ledger.key(of: call)
        }

        var sentAt: Moment { Moment(millisecondsSinceEpoch: entry.acceptedAt) }

        /// When the network gave its word.
        var receivedAt: Moment {
            Moment(millisecondsSinceEpoch: entry.acceptedAt + Int64(entry.receiptAfter))
        }

        /// The number as Yunpian writes it.
        var mobile: String {
            let text = String(entry.recipient)
            return PhoneDigits.isMainland(entry.recipient) ? String(text.dropFirst(2)) : "+" + text
        }
    }

    /// A message's number, which takes 64 bits.
    static func serial(_ entry: UInt32) -> Int64 { 8_800_000_000_000_000_000 + Int64(entry) }

    static func refusal(_ refusal: SimulatedRefusal) -> [UInt8] {
        WireValue.object([
            "http_status_code": 400, "code": .integer(Int64(refusal.code) ?? 1),
            "msg": .text(refusal.message),
            "detail": .text(refusal.message),
        ])
        .json
    }

    static func sent(_ mobiles: [String], _ verdicts: [Verdict], charge: Int) -> [UInt8] {
        var writer = JSONWriter(capacity: 128 + verdicts.count * 120)
        writer.beginObject()
        writer.key("total_count")
        writer.integer(Int64(verdicts.count { if case .accepted = $0 { true } else { false } } * charge))
        writer.key("total_fee")
        writer.string("0.0500")
        writer.key("unit")
        writer.string("RMB")
        writer.key("data")
        writer.beginArray()
        for (mobile, verdict) in zip(mobiles, verdicts) { write(mobile, verdict, charge, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private static func write(
        _ mobile: String,
        _ verdict: Verdict,
        _ charge: Int,
        to writer: inout JSONWriter
    ) {
        var code: Int64 = 0
        if case .refused(let fault) = verdict { code = fault }
        writer.beginObject()
        writer.key("code")
        writer.integer(code)
        writer.key("msg")
        writer.string(code == 0 ? "发送成功" : "发送失败")
        writer.key("count")
        writer.integer(code == 0 ? Int64(charge) : 0)
        writer.key("fee")
        writer.number(code == 0 ? 0.05 : 0)
        writer.key("unit")
        writer.string("RMB")
        writer.key("mobile")
        writer.string(mobile)
        if case .accepted(let entry) = verdict {
            writer.key("sid")
            writer.integer(serial(entry))
        }
        writer.endObject()
    }

    /// A list of receipts, pulled or posted.
    static func receipts(_ rows: [Row]) -> [UInt8] {
        list(rows) { row, writer in write(row, isKnown: true, to: &writer) }
    }

    /// What is known of messages.
    static func records(_ rows: [Row], at now: Moment) -> [UInt8] {
        list(rows) { row, writer in
            writer.key("send_time")
            writer.string(CivilTime(row.sentAt, offset: CivilTime.china).text)
            writer.key("send_status")
            writer.string("SUCCESS")
            write(row, isKnown: row.receivedAt <= now, to: &writer)
        }
    }

    private static func list(_ rows: [Row], _ write: (Row, inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(capacity: 16 + rows.count * 220)
        writer.beginArray()
        for row in rows {
            writer.beginObject()
            write(row, &writer)
            writer.endObject()
        }
        writer.endArray()
        return writer.bytes
    }

    private static func write(_ row: Row, isKnown: Bool, to writer: inout JSONWriter) {
        writer.key("sid")
        writer.integer(serial(row.number))
        writer.key("uid")
        writer.string(utf8: row.key)
        writer.key("mobile")
        writer.string(row.mobile)
        writer.key("report_status")
        writer.string(isKnown ? (row.entry.isDelivered ? "SUCCESS" : "FAIL") : "UNKNOWN")
        writer.key("error_msg")
        writer.string(isKnown ? (row.entry.isDelivered ? "DELIVRD" : "UNDELIV") : "")
        writer.key("user_receive_time")
        if isKnown {
            writer.string(CivilTime(row.receivedAt, offset: CivilTime.china).text)
        } else {
            writer.null()
        }
    }
}
