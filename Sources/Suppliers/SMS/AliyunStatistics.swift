import Groundwork
import PushEngine

/// Aliyun's figures of a day (`QuerySendStatistics`, Dysms 2017-05-25), of one signature.
///
/// Not confirmed: whether a long message counts once or once a unit; it is taken to count once.
struct AliyunStatistics: AliyunAnswer {
    private(set) var code = ""
    private(set) var message = ""
    private(set) var day = SupplierDay(accepted: 0, delivered: 0, undelivered: 0)

    init(_ body: [UInt8]) throws(JSONError) {
        var scanner = JSONScanner(body)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "Code": code = try scanner.string()
            case "Message": message = try scanner.string()
            case "Data":
                guard try !scanner.takeNull() else { continue }
                try readData(&scanner)
            default: try scanner.skip()
            }
        }
        try scanner.finish()
    }

    private mutating func readData(_ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            guard key.equals("TargetList"), try scanner.peek() == .array else {
                try scanner.skip()
                continue
            }
            try scanner.beginArray()
            while try scanner.nextElement() { try readEntry(&scanner) }
        }
    }

    private mutating func readEntry(_ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "TotalCount": try add(&scanner, to: \.accepted)
            case "RespondedSuccessCount": try add(&scanner, to: \.delivered)
            case "RespondedFailCount": try add(&scanner, to: \.undelivered)
            default: try scanner.skip()
            }
        }
    }

    private mutating func add(
        _ scanner: inout JSONScanner,
        to figure: WritableKeyPath<SupplierDay, Int?>
    ) throws(JSONError) {
        day[keyPath: figure] = (day[keyPath: figure] ?? 0) + Int(clamping: try scanner.lenientInteger())
    }
}
