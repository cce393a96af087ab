import Groundwork
import Synchronization

extension AliyunDesk {
    /// Tells what was sent on some of China's days, all of it to the mainland.
    func count(_ parameters: FormParameters, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        guard let isGlobe = parameters["IsGlobe"], ["1", "2"].contains(isGlobe),
            let start = Self.midnight(parameters["StartDate"]),
            let end = Self.midnight(parameters["EndDate"]),
            start <= end, parameters["PageIndex"] == "1",
            let size = parameters["PageSize"].flatMap({ Int($0) }), (1...50).contains(size)
        else {
            throw SimulatedRefusal(
                "isv.INVALID_PARAMETERS",
                "IsGlobe, StartDate, EndDate, PageIndex, PageSize."
            )
        }
        let next = Duration.seconds(86_400)
        var days: [(Moment, SupplierLedger.Day)] = []
        var day = start
        while isGlobe == "1", day <= end, days.count < size {
            let figures = simulation.world.withLock {
                $0.ledger.day(of: .aliyun, from: day, to: day + next, now: now)
            }
            if figures.accepted > 0 { days.append((day, figures)) }
            day = day + next
        }
        return SimulatedReply(body: AliyunWriter.counted(days, requestID: simulation.requestID()))
    }

    /// When a day such as `20300115` begins in China.
    private static func midnight(_ date: String?) -> Moment? {
        guard let digits = date.map(Array.init), digits.count == 8 else { return nil }
        let parts = [String(digits[0..<4]), String(digits[4..<6]), String(digits[6..<8])]
        return CivilTime(parts.joined(separator: "-") + " 00:00:00")?.moment(offset: CivilTime.china)
    }
}

extension AliyunWriter {
    /// What `QuerySendStatistics` answers.
    fileprivate static func counted(_ days: [(Moment, SupplierLedger.Day)], requestID: String) -> [UInt8] {
        object { writer in
            writer.key("Code")
            writer.string("OK")
            writer.key("Message")
            writer.string("OK")
            writer.key("RequestId")
            writer.string(requestID)
            writer.key("Data")
            writer.beginObject()
            writer.key("TotalSize")
            writer.integer(Int64(days.count))
            writer.key("TargetList")
            writer.beginArray()
            for (day, figures) in days {
                writer.beginObject()
                for (name, figure) in figures.named {
                    writer.key(name)
                    writer.integer(figure)
                }
                writer.key("SendDate")
                writer.string(CivilTime(day, offset: CivilTime.china).compactDate)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }
}

extension SupplierLedger.Day {
    fileprivate var named: [(StaticString, Int64)] {
        [
            ("TotalCount", accepted), ("RespondedSuccessCount", delivered),
            ("RespondedFailCount", undelivered), ("NoRespondedCount", accepted - delivered - undelivered),
        ]
    }
}
