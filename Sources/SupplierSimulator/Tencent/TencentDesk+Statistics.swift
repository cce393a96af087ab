import Groundwork
import Synchronization

extension TencentDesk {
    /// Tells what was sent in some hours, the last one included.
    func count(_ body: [UInt8], at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        let question = try Self.read { () throws(JSONError) in try HoursQuestion(body) }
        guard question.appID == account.appID else {
            throw SimulatedRefusal(
                "UnauthorizedOperation.SmsSdkAppIdVerifyFail",
                "The SmsSdkAppId is not yours."
            )
        }
        guard let begin = question.begin, let end = question.end, begin <= end else {
            throw SimulatedRefusal(
                "InvalidParameterValue.BeginTimeVerifyFail",
                "BeginTime and EndTime are hours."
            )
        }
        let day = simulation.world.withLock {
            $0.ledger.day(of: .tencent, from: begin, to: end + .seconds(3_600), now: now)
        }
        return SimulatedReply(body: TencentWriter.counted(day, requestID: simulation.requestID()))
    }
}

/// The body of `SendStatusStatistics`.
private struct HoursQuestion {
    private(set) var appID = ""
    private(set) var begin: Moment?
    private(set) var end: Moment?

    init(_ body: [UInt8]) throws(JSONError) {
        var scanner = JSONScanner(body)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "SmsSdkAppId": appID = try scanner.string()
            case "BeginTime": begin = Self.hour(try scanner.string())
            case "EndTime": end = Self.hour(try scanner.string())
            default: try scanner.skip()
            }
        }
        try scanner.finish()
    }

    /// The hour that begins at `yyyyMMddHH` in China.
    private static func hour(_ text: String) -> Moment? {
        let digits = Array(text)
        guard digits.count == 10 else { return nil }
        let parts = [
            String(digits[0..<4]), String(digits[4..<6]), String(digits[6..<8]), String(digits[8..<10]),
        ]
        return CivilTime("\(parts[0])-\(parts[1])-\(parts[2]) \(parts[3]):00:00")?
            .moment(offset: CivilTime.china)
    }
}

extension TencentWriter {
    /// What `SendStatusStatistics` answers.
    fileprivate static func counted(_ day: SupplierLedger.Day, requestID: String) -> [UInt8] {
        response(requestID, capacity: 256) { writer in
            writer.key("SendStatusStatistics")
            writer.beginObject()
            writer.key("FeeCount")
            writer.integer(day.segments)
            writer.key("RequestCount")
            writer.integer(day.accepted)
            writer.key("RequestSuccessCount")
            writer.integer(day.accepted)
            writer.endObject()
        }
    }
}
