import Groundwork
import PushEngine

/// Tencent's figures of a stretch of hours (`SendStatusStatistics`, cloud.tencent.com/document/api/382/55965).
///
/// They are those of the whole application. `CallbackStatusStatistics` is left alone: it is not documented whether it
/// counts receipts by when they came or by when their messages were sent.
enum TencentStatistics {
    /// The question's body: hours in China, the last one included.
    static func question(_ day: DaySpan, app: String) -> [UInt8] {
        var body = JSONWriter()
        body.beginObject()
        body.key("BeginTime")
        body.string(hour(of: day.start))
        body.key("EndTime")
        body.string(hour(of: day.end - .seconds(1)))
        body.key("SmsSdkAppId")
        body.string(app)
        // Fixed at present, says the documentation.
        body.key("Limit")
        body.integer(0)
        body.key("Offset")
        body.integer(0)
        body.endObject()
        return body.bytes
    }

    /// Reads `{"Response":{"SendStatusStatistics":{"FeeCount":3,"RequestCount":3,"RequestSuccessCount":2}}}`.
    static func read(_ body: [UInt8]) throws(JSONError) -> SupplierDay {
        var scanner = JSONScanner(body)
        var day: SupplierDay?
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            guard key.equals("Response") else {
                try scanner.skip()
                continue
            }
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                if key.equals("SendStatusStatistics") {
                    day = try readFigures(&scanner)
                } else {
                    try scanner.skip()
                }
            }
        }
        try scanner.finish()
        guard let day else { throw JSONError(.otherKind, at: 0) }
        return day
    }

    private static func readFigures(_ scanner: inout JSONScanner) throws(JSONError) -> SupplierDay {
        var day = SupplierDay()
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "RequestSuccessCount": day.accepted = Int(clamping: try scanner.lenientInteger())
            case "FeeCount": day.segments = Int(clamping: try scanner.lenientInteger())
            default: try scanner.skip()
            }
        }
        return day
    }

    /// Such as `2024050113`.
    private static func hour(of moment: Moment) -> String {
        let time = CivilTime(moment, offset: CivilTime.china)
        return time.compactDate + (time.hour < 10 ? "0" : "") + "\(time.hour)"
    }
}
