/// Reads the text of a cron expression: splits it into fields, the fields into items, and checks both.
struct CronParser {
    static let everyYear = YearSet(YearSet.range)

    private let text: String
    /// The text in upper case, byte by byte; bytes outside of ASCII are left alone and match nothing.
    private let bytes: [UInt8]

    init(_ text: String) {
        self.text = text
        self.bytes = text.utf8.map { byte in
            byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") ? byte - 32 : byte
        }
    }

    // MARK: Fields

    /// Where the six or seven fields lie.
    func fields() throws(CronSyntaxError) -> [Range<Int>] {
        let fields = blankSeparated()
        switch fields.count {
        case 6, 7: return fields
        case 0: throw error("the expression is empty", at: 0, hint: Self.layout)
        case 8...:
            let tooMany = "there are \(fields.count) fields, 7 at most"
            throw error(tooMany, at: fields[7].lowerBound, hint: Self.layout)
        case 1 where bytes[fields[0].lowerBound] == UInt8(ascii: "@"):
            let hint = "write the six fields out: @daily is 0 0 0 * * ?"
            throw error("@ shorthands are not part of the dialect", at: fields[0].lowerBound, hint: hint)
        default:
            let tooFew =
                "there \(fields.count == 1 ? "is 1 field" : "are \(fields.count) fields"), 6 at least"
            let unix =
                "this looks like Unix cron: put a second before it and write ? for one of the day fields"
            throw error(tooFew, at: bytes.count, hint: fields.count == 5 ? unix : Self.layout)
        }
    }

    private static let layout = "write second minute hour day-of-month month day-of-week [year]"

    private func blankSeparated() -> [Range<Int>] {
        var fields: [Range<Int>] = []
        var start: Int?
        for (index, byte) in bytes.enumerated() {
            let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
            if isBlank, let begun = start {
                fields.append(begun..<index)
                start = nil
            } else if !isBlank, start == nil {
                start = index
            }
        }
        if let start { fields.append(start..<bytes.count) }
        return fields
    }

    /// Whether one of the three clock fields has a `*`, `/` or `-`.
    func looksLikeInterval(_ fields: [Range<Int>]) -> Bool {
        bytes[fields[0].lowerBound..<fields[2].upperBound]
            .contains { byte in
                byte == UInt8(ascii: "*") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "-")
            }
    }

    // MARK: Sets

    /// The numbers of a field whose items are all plain values.
    func set(of field: CronField, in fields: [Range<Int>]) throws(CronSyntaxError) -> BitSet {
        Self.set(try items(of: field, in: fields), field)
    }

    /// The years of the seventh field, or all.
    func years(in fields: [Range<Int>]) throws(CronSyntaxError) -> YearSet {
        guard fields.count == 7 else { return Self.everyYear }
        return YearSet(try items(of: .year, in: fields).flatMap { Self.numbers($0, .year) })
    }

    /// What the two day fields say together.
    func dayRule(
        _ dayOfMonth: [CronItem],
        _ dayOfWeek: [CronItem],
        in fields: [Range<Int>]
    ) throws(CronSyntaxError) -> DayRule {
        try checkDayFields(dayOfMonth, dayOfWeek, in: fields)
        var rule = DayRule()
        rule.insertDays(Self.set(dayOfMonth, .dayOfMonth))
        rule.insertWeekdays(Self.set(dayOfWeek, .dayOfWeek))
        for item in dayOfMonth + dayOfWeek { rule.insert(item) }
        return rule
    }

    private func checkDayFields(
        _ dayOfMonth: [CronItem],
        _ dayOfWeek: [CronItem],
        in fields: [Range<Int>]
    ) throws(CronSyntaxError) {
        let position = fields[5].lowerBound
        switch (dayOfMonth == [.undecided], dayOfWeek == [.undecided]) {
        case (true, true):
            let reason = "day of month and day of week are both ?"
            throw error(reason, in: .dayOfWeek, at: position, hint: "write * for every day")
        case (false, false):
            let star = [UInt8(ascii: "*")]
            if bytes[fields[3]].elementsEqual(star), bytes[fields[5]].elementsEqual(star) { return }
            let reason = "day of month and day of week are both given, and dialects differ in what that means"
            throw error(reason, in: .dayOfWeek, at: position, hint: "write ? for one of them")
        default: return
        }
    }

    private static func set(_ items: [CronItem], _ field: CronField) -> BitSet {
        var set = BitSet()
        for item in items {
            for number in numbers(item, field) { set.insert(number) }
        }
        return set
    }

    /// The numbers that a plain item stands for; none for the other kinds.
    private static func numbers(_ item: CronItem, _ field: CronField) -> [Int] {
        guard case .values(let first, let last, let step) = item else { return [] }
        let size = field.range.count
        let end = last < first ? last + size : last
        return stride(from: first, through: end, by: step)
            .map { number in
                number > field.range.upperBound ? number - size : number
            }
    }

    // MARK: Items

    /// The items of one field's list.
    func items(of field: CronField, in fields: [Range<Int>]) throws(CronSyntaxError) -> [CronItem] {
        let range = fields[CronField.allCases.firstIndex(of: field) ?? 0]
        var reader = CronItemReader(bytes: bytes, range: range, field: field)
        do throws(CronItemReader.Fault) {
            return try reader.items()
        } catch {
            throw self.error(error.reason, in: field, at: error.offset, hint: error.hint)
        }
    }

    // MARK: Errors

    /// The error for an expression that is well formed and matches no date of the horizon.
    func neverFires(_ fields: [Range<Int>], matchesInOtherYears: Bool) -> CronSyntaxError {
        if matchesInOtherYears {
            let reason = "never fires: the date does not exist in these years"
            return error(reason, in: .year, at: fields[6].lowerBound, hint: "29 February needs a leap year")
        }
        let field: CronField = bytes[fields[3]].elementsEqual([UInt8(ascii: "?")]) ? .dayOfWeek : .dayOfMonth
        let reason = "never fires: no month of the expression ever has such a day"
        let position = fields[field == .dayOfMonth ? 3 : 5].lowerBound
        return error(reason, in: field, at: position, hint: "L is the last day of every month")
    }

    private func error(
        _ reason: String,
        in field: CronField? = nil,
        at offset: Int,
        hint: String = ""
    ) -> CronSyntaxError {
        CronSyntaxError(
            field: field?.rawValue ?? "expression",
            position: String(decoding: Array(text.utf8.prefix(offset)), as: UTF8.self).count,
            reason: reason,
            hint: hint
        )
    }
}
