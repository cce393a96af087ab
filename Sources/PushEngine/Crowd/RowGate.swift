/// Decides whether the fields of a well-formed record can be sent to.
struct RowGate: Sendable {
    private let recipients: CrowdReading.RecipientForm
    private let phoneRules: PhoneRules?
    private let recipient: Int
    private let required: [Int]
    private let keepsNewlines: Bool

    init(reading: CrowdReading, recipient: Int) {
        self.recipient = recipient
        required = reading.required
        keepsNewlines = reading.keepsNewlines
        recipients = reading.recipients
        phoneRules = if case .phone(let rules) = recipients { rules } else { nil }
    }

    /// Whether recipients are mobile numbers.
    var wantsPhones: Bool { phoneRules != nil }

    /// Takes off doubled quotes and looks again at what stands inside the fields.
    ///
    /// - Throws: what is wrong; `column` then names the field.
    func settle(
        _ traits: CSVRecord.Traits,
        _ bytes: UnsafeMutablePointer<UInt8>,
        _ fields: UnsafeMutablePointer<FieldSlice>,
        count: Int,
        column: inout Int
    ) throws(CrowdRowFault) {
        for index in 0..<count {
            column = index
            if traits.contains(.escaped) { fields[index] = RowGate.unescaped(bytes, fields[index]) }
            let start = Int(fields[index].start)
            let end = Int(fields[index].end)
            for at in start..<end where bytes[at] < 0x20 || bytes[at] >= 0xC2 {
                switch bytes[at] {
                case 0x09: throw .controlCharacter
                case 0x0A, 0x0D:
                    if !keepsNewlines { throw .fieldNewline }
                case 0xC2:
                    if bytes[at + 1] == 0xA0 || bytes[at + 1] == 0xAD { throw .invisibleCharacter }
                case 0xE2, 0xEF:
                    if FieldBlanks.isMark(bytes[at], bytes[at + 1], bytes[at + 2]) {
                        throw .invisibleCharacter
                    }
                default: break
                }
            }
        }
    }

    /// Reads the recipient.
    ///
    /// - Returns: its number; number 0 when recipients are no numbers.
    /// - Throws: what is wrong; `column` then names the field.
    @inline(__always)
    func recipient(
        _ bytes: UnsafeMutablePointer<UInt8>,
        _ fields: UnsafeMutablePointer<FieldSlice>,
        column: inout Int
    ) throws(CrowdRowFault) -> PhoneReading {
        column = recipient
        let field = fields[recipient]
        guard field.count > 0 else { throw .recipientEmpty }
        guard let phoneRules else {
            return PhoneReading(number: PhoneNumber(rawValue: 0), wasRepaired: false)
        }
        let text = UnsafeBufferPointer(start: bytes + Int(field.start), count: field.count)
        do throws(PhoneFault) {
            return try PhoneNumber.read(text.span, rules: phoneRules)
        } catch {
            throw .phone(error)
        }
    }

    /// Reads a recipient that is no number.
    ///
    /// - Returns: its one spelling, and whether it was written otherwise; nil when recipients are numbers.
    /// - Throws: what is wrong; `column` then names the field.
    func address(
        _ bytes: UnsafeMutablePointer<UInt8>,
        _ fields: UnsafeMutablePointer<FieldSlice>,
        column: inout Int
    ) throws(CrowdRowFault) -> (bytes: [UInt8], wasRepaired: Bool)? {
        guard case .address(let form) = recipients else { return nil }
        column = recipient
        let field = fields[recipient]
        let text = String(
            decoding: UnsafeBufferPointer(start: bytes + Int(field.start), count: field.count),
            as: UTF8.self
        )
        do throws(AddressFault) {
            let spelling = try form.spelling(of: text)
            return (Array(spelling.utf8), spelling != text)
        } catch {
            throw .address(error)
        }
    }

    /// Checks that no variable is empty that may not be.
    ///
    /// - Throws: what is wrong; `column` then names the field.
    @inline(__always)
    func requireVariables(
        _ fields: UnsafeMutablePointer<FieldSlice>,
        column: inout Int
    ) throws(CrowdRowFault) {
        for index in required where fields[index].count == 0 {
            column = index
            throw .variableEmpty
        }
    }

    /// Turns each doubled quote into one, in place, and takes off a spreadsheet's `="…"`.
    private static func unescaped(_ bytes: UnsafeMutablePointer<UInt8>, _ field: FieldSlice) -> FieldSlice {
        let quote = UInt8(ascii: "\"")
        var from = Int(field.start)
        var to = from
        let end = Int(field.end)
        while from < end {
            let byte = bytes[from]
            bytes[to] = byte
            to += 1
            from += byte == quote && from + 1 < end && bytes[from + 1] == quote ? 2 : 1
        }
        let start = Int(field.start)
        if to - start >= 3, bytes[start] == UInt8(ascii: "="), bytes[start + 1] == quote,
            bytes[to - 1] == quote
        {
            return FieldSlice(start: field.start + 2, end: UInt32(to - 1))
        }
        return FieldSlice(start: field.start, end: UInt32(to))
    }
}
