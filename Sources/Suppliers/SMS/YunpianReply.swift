import Groundwork
import PushEngine

/// Yunpian's answer to `tpl_batch_send`: a verdict for each number, or one refusal for all.
enum YunpianReply {
    /// What is said about one number.
    struct Element {
        var mobile = ""
        var serial = ""
        var charge = 0
        var code: Int64?
        var message = ""

        var verdict: SupplierVerdict {
            guard let code else { return .ambiguous(detail: "the answer has no code for this number") }
            guard code != 0 else { return .accepted(reference: serial, charge: charge) }
            return .refused(
                Refusal(
                    YunpianCodes.fault(of: code),
                    code: String(code),
                    message: message,
                    wait: YunpianCodes.wait(of: code)
                )
            )
        }
    }

    case elements([Element])
    case refusal(Refusal)

    /// Reads the whole body; the verdicts of one that is cut short prove nothing.
    init(_ body: [UInt8]) throws(JSONError) {
        var scanner = JSONScanner(body)
        var elements: [Element]?
        var code: Int64 = 0
        var message = ""
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "data": elements = try Self.readElements(&scanner)
            case "code": code = try scanner.lenientInteger()
            case "msg": message = try Self.text(&scanner)
            default: try scanner.skip()
            }
        }
        try scanner.finish()
        if let elements {
            self = .elements(elements)
        } else if code != 0 {
            self = .refusal(
                Refusal(
                    YunpianCodes.fault(of: code),
                    code: String(code),
                    message: message,
                    wait: YunpianCodes.wait(of: code)
                )
            )
        } else {
            throw JSONError(.otherKind, at: 0)
        }
    }

    /// The verdict on each recipient of `call`, in its order.
    ///
    /// Elements belong to numbers, not to places; a number that none belongs to may or may not have been sent to.
    ///
    /// - Parameters:
    ///   - call: what was sent.
    ///   - status: the answer's status; success is only what comes with the status of one.
    /// - Returns: the verdicts.
    func verdicts(on call: SupplierCall, status: Int) -> SupplierReply {
        let recipients = call.recipients
        switch self {
        case .refusal(let refusal):
            let isAboutOne = refusal.isAboutOne
            return SupplierReply(
                all: .refused(refusal),
                count: recipients.count,
                mayBeSplit: isAboutOne && recipients.count > 1
            )
        case .elements(let elements):
            guard (200...299).contains(status) else {
                let verdict = SupplierVerdict.ambiguous(detail: "verdicts with the status of none")
                return SupplierReply(all: verdict, count: recipients.count)
            }
            let said = Dictionary(elements.map { (MainlandNumber.read($0.mobile), $0.verdict) }) { first, _ in
                first
            }
            return SupplierReply(
                verdicts: recipients.map {
                    said[$0] ?? .ambiguous(detail: "the answer does not speak of this number")
                }
            )
        }
    }

    private static func readElements(_ scanner: inout JSONScanner) throws(JSONError) -> [Element] {
        var elements: [Element] = []
        try scanner.beginArray()
        while try scanner.nextElement() {
            var element = Element()
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                switch key {
                case "mobile": element.mobile = try text(&scanner)
                case "sid": element.serial = try text(&scanner)
                case "count":
                    element.charge =
                        try scanner.takeNull() ? 0 : ChargedUnits.told(try scanner.lenientInteger())
                case "code": element.code = try scanner.lenientInteger()
                case "msg": element.message = try text(&scanner)
                default: try scanner.skip()
                }
            }
            elements.append(element)
        }
        return elements
    }

    /// A text that Yunpian may write as a whole number, as it does with numbers of 64 bits; null is none.
    static func text(_ scanner: inout JSONScanner) throws(JSONError) -> String {
        if try scanner.takeNull() { return "" }
        return try scanner.peek() == .number ? String(try scanner.integer()) : try scanner.string()
    }
}
