/// Writes a crowd file by a recipe, row by row; the same recipe and seed give the same bytes.
///
/// Good rows, bad ones and duplicates are spread at random and counted exactly. Nothing of a row is kept: a
/// duplicate computes the row again that it repeats.
package struct CrowdGenerator: Sendable {
    private enum Kind {
        case good
        case bad
        case duplicate
    }

    private let recipe: CrowdRecipe
    private let counts: CrowdRecipe.Counts
    private let roles: CrowdNumbers.Shuffle
    private let plain: CrowdNumbers
    private let night: CrowdNumbers
    private let scripted: CrowdNumbers
    private var random: SeededRandom
    private var made: (good: Int, bad: Int, duplicates: Int) = (0, 0, 0)
    /// What the rows written so far come to.
    package private(set) var summary = CrowdSummary()

    /// Makes a generator.
    ///
    /// - Throws: `CrowdRecipeError` when the recipe cannot be followed.
    package init(_ recipe: CrowdRecipe) throws(CrowdRecipeError) {
        self.recipe = recipe
        counts = try recipe.counts()
        random = SeededRandom(seed: recipe.seed)
        let all = PhonePrefixes.mainland.all
        let byDay = all.filter { $0 / 10 != 199 }
        roles = CrowdNumbers.Shuffle(bound: counts.good, random: &random)
        plain = CrowdNumbers(prefixes: byDay, endings: 10..<10_000, random: &random)
        night = CrowdNumbers(prefixes: all.filter { $0 / 10 == 199 }, endings: 10..<10_000, random: &random)
        scripted = CrowdNumbers(prefixes: byDay, endings: 0..<10, random: &random)
        guard counts.good <= plain.count else { throw .tooFewNumbers("good", plain.count) }
        guard counts.night <= night.count else { throw .tooFewNumbers("night", night.count) }
        guard counts.scripted <= scripted.count else { throw .tooFewNumbers("scripted", scripted.count) }
        summary.seed = recipe.seed
    }

    /// The numbers of the good rows, eleven digits each and none twice, in the order of the rows.
    package var goodNumbers: [Int] { (0..<counts.good).map { goodRow($0).phone } }

    /// Appends the header line.
    package func appendHeader(to out: inout [UInt8]) {
        out.append(contentsOf: "userId,name,city,coupon\(recipe.hasOrderIDs ? ",orderId" : "")\n".utf8)
    }

    /// Appends the next row; false when there are no more.
    package mutating func appendRow(to out: inout [UInt8]) -> Bool {
        guard summary.rows < recipe.rows else { return false }
        switch drawKind() {
        case .good:
            appendGood(made.good, spelling: 0, to: &out)
            countGood(made.good)
            made.good += 1
        case .bad:
            let kind = BadRow.allCases[Int(random.next() % UInt64(BadRow.allCases.count))]
            let row = goodRow(Int(random.next() % UInt64(max(1, counts.good))))
            kind.append(row, to: &out)
            made.bad += 1
            summary.bad += 1
            summary.badByCode[kind.code, default: 0] += 1
        case .duplicate:
            let earlier = Int(random.next() % UInt64(made.good))
            appendGood(earlier, spelling: Int(random.next() % 8), to: &out)
            made.duplicates += 1
            summary.duplicates += 1
        }
        summary.rows += 1
        out.append(UInt8(ascii: "\n"))
        return true
    }

    /// Chooses among the rows that are left, so that the counts come out exactly.
    private mutating func drawKind() -> Kind {
        let bad = counts.bad - made.bad
        let duplicates = counts.duplicates - made.duplicates
        let left = recipe.rows - summary.rows
        let draw = Int(random.next() % UInt64(left))
        if draw < bad { return .bad }
        // The first good row comes before anything can repeat it.
        return draw < bad + duplicates && made.good > 0 ? .duplicate : .good
    }

    private mutating func countGood(_ index: Int) {
        summary.good += 1
        let role = roles(index)
        if role < counts.scripted {
            summary.scripted += 1
        } else if role < counts.scripted + counts.night {
            summary.night += 1
        }
    }

    /// The good row with an index, always the same.
    private func goodRow(_ index: Int) -> GoodRow {
        let role = roles(index)
        let phone =
            role < counts.scripted
            ? scripted(role)
            : role < counts.scripted + counts.night ? night(role - counts.scripted) : plain(role)
        let chance = SeededRandom.mixed(recipe.seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
        return GoodRow(phone: phone, chance: chance, order: recipe.hasOrderIDs ? index + 1 : nil)
    }

    private func appendGood(_ index: Int, spelling: Int, to out: inout [UInt8]) {
        let row = goodRow(index)
        row.appendPhone(spelling: spelling, to: &out)
        out.append(UInt8(ascii: ","))
        row.appendName(to: &out)
        row.appendRest(to: &out)
    }
}

/// The contents of a row that can be sent to.
private struct GoodRow {
    let phone: Int
    let chance: UInt64
    let order: Int?

    private static let cities = ["北京", "上海", "广州", "深圳", "杭州", "成都", "武汉", "西安"]
    private static let coupons = ["满100减10", "满200减30", "满300减50", "包邮券"]
    private static let surnames = [
        "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林",
    ]
    private static let given = [
        "伟", "芳", "娜", "敏", "静", "强", "磊", "洋", "艳", "勇", "军", "杰", "娟", "涛", "明", "超",
    ]

    /// Writes the number as one of the ways in which people write it; 0 to 3 are eleven digits.
    func appendPhone(spelling: Int, to out: inout [UInt8]) {
        let digits = Array(String(phone).utf8)
        switch spelling {
        case 4:
            out.append(
                contentsOf: "+86 ".utf8 + digits[..<3] + "-".utf8 + digits[3..<7] + "-".utf8 + digits[7...]
            )
        case 5: out.append(contentsOf: "86".utf8 + digits)
        case 6: out.append(contentsOf: digits[..<3] + " ".utf8 + digits[3..<7] + " ".utf8 + digits[7...])
        case 7:
            // Full-width digits.
            for digit in digits { out.append(contentsOf: [0xEF, 0xBC, 0x90 + digit - 48]) }
        default: out.append(contentsOf: digits)
        }
    }

    /// Writes a name; one in 32 is quoted.
    func appendName(to out: inout [UInt8]) {
        if chance & 31 == 0 {
            out.append(contentsOf: "\"Li, Lei \"\"\(chance >> 8 & 1_023)\"\"\"".utf8)
            return
        }
        out.append(contentsOf: Self.surnames[Int(chance >> 8 & 15)].utf8)
        out.append(contentsOf: Self.given[Int(chance >> 12 & 15)].utf8)
        if chance >> 20 & 1 == 0 { out.append(contentsOf: Self.given[Int(chance >> 16 & 15)].utf8) }
    }

    /// Writes what follows the name.
    func appendRest(to out: inout [UInt8]) {
        out.append(UInt8(ascii: ","))
        out.append(contentsOf: Self.cities[Int(chance >> 24 & 7)].utf8)
        out.append(UInt8(ascii: ","))
        out.append(contentsOf: Self.coupons[Int(chance >> 28 & 3)].utf8)
        guard let order else { return }
        out.append(contentsOf: ",O\(100_000_000_000 + order)".utf8)
    }
}

/// The ways in which a row is made bad.
private enum BadRow: CaseIterable {
    case phonePrefix
    case phoneLength
    case phoneFormat
    case scientific
    case excelFloat
    case recipientEmpty
    case missingColumn
    case encoding
    case strayQuote
    case openQuote
    case nul
    case control

    /// The code that a reader must give it.
    var code: String {
        switch self {
        case .phonePrefix: PhoneFault.prefix.rawValue
        case .phoneLength: PhoneFault.length.rawValue
        case .phoneFormat: PhoneFault.format.rawValue
        case .scientific: PhoneFault.scientific.rawValue
        case .excelFloat: PhoneFault.excelFloat.rawValue
        case .recipientEmpty: CrowdRowFault.recipientEmpty.code
        case .missingColumn: CrowdRowFault.columnCount.code
        case .encoding: CrowdRowFault.encodingInvalid.code
        case .strayQuote: CrowdRowFault.quote.code
        case .openQuote: CrowdRowFault.unterminatedQuote.code
        case .nul: CrowdRowFault.nulByte.code
        case .control: CrowdRowFault.controlCharacter.code
        }
    }

    /// Writes a good row with one thing wrong.
    func append(_ row: GoodRow, to out: inout [UInt8]) {
        switch self {
        case .phonePrefix: out.append(contentsOf: "12\(String(row.phone).suffix(9))".utf8)
        case .phoneLength: out.append(contentsOf: "\(row.phone / 10)".utf8)
        case .phoneFormat: out.append(contentsOf: "\(row.phone)x".utf8)
        case .scientific: out.append(contentsOf: "1.\(row.phone / 100_000_000 % 100)E+10".utf8)
        case .excelFloat: out.append(contentsOf: "\(row.phone).0".utf8)
        case .recipientEmpty: break
        default: row.appendPhone(spelling: 0, to: &out)
        }
        if self == .missingColumn {
            out.append(contentsOf: ",X".utf8)
            return
        }
        out.append(UInt8(ascii: ","))
        switch self {
        case .encoding: out.append(contentsOf: [0xC4, 0xE3, 0xBA, 0xC3])
        case .strayQuote: out.append(contentsOf: "ab\"c".utf8)
        case .openQuote: out.append(contentsOf: "\"open".utf8)
        case .nul: out.append(contentsOf: "a\0b".utf8)
        case .control: out.append(contentsOf: "a\u{7}b".utf8)
        default: row.appendName(to: &out)
        }
        row.appendRest(to: &out)
    }
}
