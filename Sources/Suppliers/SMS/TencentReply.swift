import Groundwork
import PushEngine

/// Tencent's answer to `SendSms`: a verdict for each number, or one refusal for all.
enum TencentReply {
    /// What is said about one number.
    struct Element {
        var phoneNumber = ""
        var serial = ""
        var charge = 0
        var code = ""
        var message = ""

        var verdict: SupplierVerdict {
            switch code {
            case "": .ambiguous(detail: "an answer without a code")
            case "Ok" where serial.isEmpty: .ambiguous(detail: "accepted without a serial number")
            case "Ok": .accepted(reference: serial, charge: charge)
            default: .refused(Refusal(tencent: code, message))
            }
        }
    }

    case elements([Element])
    case refusal(Refusal)

    /// Reads the whole body; the verdicts of one that is cut short prove nothing.
    init(_ body: [UInt8]) throws(JSONError) {
        var scanner = JSONScanner(body)
        var found: TencentReply?
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("Response") {
                found = try Self.readResponse(&scanner)
            } else {
                try scanner.skip()
            }
        }
        try scanner.finish()
        guard let found else { throw JSONError(.otherKind, at: 0) }
        self = found
    }

    /// The verdict on each recipient of `call`, in its order.
    ///
    /// Elements belong to numbers, not to places; a number that none belongs to may or may not have been sent to.
    func verdicts(on call: SupplierCall) -> SupplierReply {
        let recipients = call.recipients
        switch self {
        case .refusal(let refusal):
            let isAboutOne = refusal.isAboutOne
            let mayBeSplit = isAboutOne || refusal.code == TencentCodes.mixedRegions
            return SupplierReply(
                all: .refused(refusal),
                count: recipients.count,
                mayBeSplit: mayBeSplit && recipients.count > 1
            )
        case .elements(let elements):
            var verdicts = [SupplierVerdict?](repeating: nil, count: recipients.count)
            var places: [String: [Int]]?
            for (position, element) in elements.enumerated() {
                if position < recipients.count, recipients[position] == element.phoneNumber {
                    verdicts[position] = verdicts[position] ?? element.verdict
                } else {
                    let known = places ?? Dictionary(grouping: recipients.indices) { recipients[$0] }
                    places = known
                    if let free = known[Self.e164(element.phoneNumber)]?.first(where: { verdicts[$0] == nil })
                    {
                        verdicts[free] = element.verdict
                    }
                }
            }
            return SupplierReply(
                verdicts: verdicts.map {
                    $0 ?? .ambiguous(detail: "the answer does not speak of this number")
                }
            )
        }
    }

    /// The number with its `+`, which some answers leave out.
    private static func e164(_ number: String) -> String {
        number.hasPrefix("+") ? number : "+" + number
    }

    private static func readResponse(_ scanner: inout JSONScanner) throws(JSONError) -> TencentReply? {
        var found: TencentReply?
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "SendStatusSet": found = .elements(try readElements(&scanner))
            case "Error": found = .refusal(try readError(&scanner))
            default: try scanner.skip()
            }
        }
        return found
    }

    private static func readElements(_ scanner: inout JSONScanner) throws(JSONError) -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(200)
        try scanner.beginArray()
        while try scanner.nextElement() {
            var element = Element()
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                switch key {
                case "SerialNo": element.serial = try scanner.string()
                case "PhoneNumber": element.phoneNumber = try scanner.string()
                case "Fee": element.charge = ChargedUnits.told(try scanner.lenientInteger())
                case "Code": element.code = try scanner.string()
                case "Message": element.message = try scanner.string()
                default: try scanner.skip()
                }
            }
            elements.append(element)
        }
        return elements
    }

    private static func readError(_ scanner: inout JSONScanner) throws(JSONError) -> Refusal {
        var code = ""
        var message = ""
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "Code": code = try scanner.string()
            case "Message": message = try scanner.string()
            default: try scanner.skip()
            }
        }
        guard !code.isEmpty else { throw JSONError(.otherKind, at: 0) }
        return Refusal(tencent: code, message)
    }
}

extension Refusal {
    /// What Tencent's code and words come to.
    fileprivate init(tencent code: String, _ message: String) {
        self.init(
            TencentCodes.fault(of: code),
            code: code,
            message: message,
            wait: TencentCodes.wait(of: code)
        )
    }
}

/// Message units that a supplier says it charges.
enum ChargedUnits {
    /// What is believed: the longest text there is has some ten units.
    static func told(_ units: Int64) -> Int { Int(min(max(0, units), 999)) }
}
