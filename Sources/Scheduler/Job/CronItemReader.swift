/// Reads one field of a cron expression, element by element of its list.
struct CronItemReader {
    /// What is wrong with a field, and at which byte of the text.
    struct Fault: Error {
        let reason: String
        let offset: Int
        var hint = ""
    }

    private let bytes: [UInt8]
    private let start: Int
    private let end: Int
    private let field: CronField
    private var offset: Int

    init(bytes: [UInt8], range: Range<Int>, field: CronField) {
        self.bytes = bytes
        self.start = range.lowerBound
        self.end = range.upperBound
        self.field = field
        self.offset = range.lowerBound
    }

    /// Reads the whole field.
    mutating func items() throws(Fault) -> [CronItem] {
        if next == UInt8(ascii: "?") { return [try undecided()] }
        var items: [CronItem] = []
        while true {
            items.append(try item())
            guard let byte = next else { return items }
            guard byte == UInt8(ascii: ",") else { throw unexpected() }
            offset += 1
        }
    }

    private mutating func undecided() throws(Fault) -> CronItem {
        guard field.isDay else {
            throw Fault(
                reason: "? is for day of month and day of week only",
                offset: offset,
                hint: "write * for every \(field.words)"
            )
        }
        offset += 1
        guard next == nil else {
            throw Fault(reason: "? stands alone", offset: offset, hint: "write only ? in this field")
        }
        return .undecided
    }

    private mutating func item() throws(Fault) -> CronItem {
        switch next {
        case nil, UInt8(ascii: ","):
            let hint = "remove the comma that has nothing on one side"
            throw Fault(reason: "an element of the list is empty", offset: offset, hint: hint)
        case UInt8(ascii: "*"):
            offset += 1
            return .values(first: field.range.lowerBound, last: field.range.upperBound, step: try step() ?? 1)
        case UInt8(ascii: "/"):
            guard let step = try step() else { throw unexpected() }
            return .values(first: field.range.lowerBound, last: field.range.upperBound, step: step)
        case UInt8(ascii: "L") where field == .dayOfMonth:
            return try beforeLast()
        case UInt8(ascii: "L") where field == .dayOfWeek:
            offset += 1
            return .values(first: 7, last: 7, step: 1)
        default:
            return try startingWithValue()
        }
    }

    /// Reads what begins with a number or a name.
    private mutating func startingWithValue() throws(Fault) -> CronItem {
        let first = try value()
        switch next {
        case UInt8(ascii: "-"):
            return try range(from: first)
        case UInt8(ascii: "W") where field == .dayOfMonth:
            offset += 1
            return .nearestWeekday(first)
        case UInt8(ascii: "L") where field == .dayOfWeek:
            offset += 1
            return .lastWeekday(first)
        case UInt8(ascii: "#") where field == .dayOfWeek:
            offset += 1
            let occurrence = try number(1...5, called: "the occurrence in the month")
            return .nthWeekday(first, occurrence: occurrence)
        default:
            guard let step = try step() else { return .values(first: first, last: first, step: 1) }
            return .values(first: first, last: field.range.upperBound, step: step)
        }
    }

    private mutating func range(from first: Int) throws(Fault) -> CronItem {
        offset += 1
        let endOffset = offset
        let last = try value()
        guard first <= last || field.wraps else {
            let reason = "a range of years cannot run backwards"
            throw Fault(reason: reason, offset: endOffset, hint: "write \(last)-\(first)")
        }
        return .values(first: first, last: last, step: try step() ?? 1)
    }

    /// Reads `/n` if it comes next.
    private mutating func step() throws(Fault) -> Int? {
        guard next == UInt8(ascii: "/") else { return nil }
        offset += 1
        let before = offset
        let step = try number(0...field.largestStep, called: "the step")
        guard step > 0 else {
            let hint = "a step is 1 to \(field.largestStep); leave it out for a single value"
            throw Fault(reason: "a step of 0 goes nowhere", offset: before, hint: hint)
        }
        return step
    }

    /// Reads `L`, `L-n`, `LW` or `L-nW`.
    private mutating func beforeLast() throws(Fault) -> CronItem {
        offset += 1
        var days = 0
        if next == UInt8(ascii: "-") {
            offset += 1
            days = try number(0...30, called: "the number of days before the last")
        }
        let nearestWeekday = next == UInt8(ascii: "W")
        if nearestWeekday { offset += 1 }
        return .beforeLast(days: days, nearestWeekday: nearestWeekday)
    }

    /// Reads a number or a name of the field.
    private mutating func value() throws(Fault) -> Int {
        guard let byte = next, Self.isLetter(byte) else {
            return try number(field.range, called: field.words)
        }
        let before = offset
        let rest = bytes[offset..<end]
        let word = String(decoding: rest.prefix(while: Self.isLetter), as: UTF8.self)
        // A name may be followed by the L of "the last such weekday".
        let name = word.count == 4 && word.last == "L" && field == .dayOfWeek ? String(word.dropLast()) : word
        guard let index = field.names.firstIndex(of: name) else { throw unknown(word, at: before) }
        offset += name.utf8.count
        return field.range.lowerBound + index
    }

    private mutating func number(_ range: ClosedRange<Int>, called name: String) throws(Fault) -> Int {
        let before = offset
        var number = 0
        while let byte = next, let digit = Self.digit(byte) {
            // Stops growing once it is out of every field's range.
            number = min(number * 10 + digit, 1_000_000)
            offset += 1
        }
        guard offset > before else { throw missing(name) }
        guard range.contains(number) else {
            let digits = String(decoding: bytes[before..<offset].prefix(12), as: UTF8.self)
            let limits = "\(range.lowerBound) to \(range.upperBound)"
            throw Fault(reason: "\(digits) is out of range", offset: before, hint: "\(name) is \(limits)")
        }
        return number
    }

    // MARK: Faults

    private func unknown(_ word: String, at offset: Int) -> Fault {
        let shown = word.count > 12 ? word.prefix(12) + "..." : word
        guard !field.names.isEmpty else {
            let limits = "\(field.range.lowerBound) to \(field.range.upperBound)"
            let reason = "\(shown) has no meaning in the \(field.words) field"
            return Fault(reason: reason, offset: offset, hint: "numbers are \(limits)")
        }
        let meant = field.names.first { word.hasPrefix($0) }
        let names = "\(field.names.first ?? "") to \(field.names.last ?? "")"
        return Fault(
            reason: "\(shown) is not a name of the \(field.words) field",
            offset: offset,
            hint: meant.map { "write \($0)" } ?? "names are \(names)"
        )
    }

    private func missing(_ name: String) -> Fault {
        guard next != nil, next != UInt8(ascii: ",") else {
            return Fault(reason: "\(name) is missing", offset: offset)
        }
        return unexpected()
    }

    private func unexpected() -> Fault {
        guard let byte = next else { return Fault(reason: "the field ends too early", offset: offset) }
        let reason = "\(Self.printable(bytes[offset..<end])) is unexpected here"
        return Fault(reason: reason, offset: offset, hint: hint(for: byte))
    }

    private func hint(for byte: UInt8) -> String {
        let before = offset > start ? bytes[offset - 1] : 0
        switch byte {
        case UInt8(ascii: "W") where field == .dayOfMonth:
            return "W follows a single day or L, and nothing follows W"
        case UInt8(ascii: "L") where field == .dayOfMonth:
            return "L comes first: L, L-3, LW, L-3W"
        case UInt8(ascii: "W"): return "W belongs to day of month"
        case UInt8(ascii: "L"): return "L belongs to day of month and day of week"
        case UInt8(ascii: "#"): return "# belongs to day of week, after a single weekday: FRI#2"
        case UInt8(ascii: "C"): return "calendars are not supported"
        case UInt8(ascii: "?"): return "? stands alone"
        case UInt8(ascii: "."): return "only whole numbers: separate list elements by a comma"
        case _ where before == UInt8(ascii: "*"): return "only /step may follow *"
        default: return "separate list elements by a comma"
        }
    }

    /// The first character of `bytes` so that it can stand in a line of text.
    private static func printable(_ bytes: ArraySlice<UInt8>) -> String {
        let character = String(decoding: bytes.prefix(8), as: UTF8.self).unicodeScalars.first
        guard let character else { return "the end" }
        let isShown = character.value > 0x20 && character.value != 0x7F && !character.properties.isWhitespace
        let isControl = character.properties.generalCategory == .control
        if isShown, !isControl { return "'\(character)'" }
        let code = String(character.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - code.count)) + code
    }

    // MARK: Bytes

    private var next: UInt8? { offset < end ? bytes[offset] : nil }

    private static func digit(_ byte: UInt8) -> Int? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int(byte - UInt8(ascii: "0")) : nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
    }
}
