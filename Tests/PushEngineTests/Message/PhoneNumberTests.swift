import Testing

@testable import PushEngine

@Suite struct PhoneNumberTests {
    static let spellings = [
        "13800138000", "+8613800138000", "8613800138000", "008613800138000", "138 0013 8000", "138-0013-8000",
        "(86)13800138000", "１３８００１３８０００", "+86 (0)138 0013 8000", "013800138000", "'13800138000",
        "13800138000\t", "\u{FEFF}13800138000", "\u{200B}13800138000", "١٣٨٠٠١٣٨٠٠٠", "+86 138-0013-8000",
        "=\"13800138000\"", "\u{A0}13800138000\u{202C}", "＋８６ １３８-００１３-８０００",
    ]

    @Test(arguments: spellings)
    func `every spelling of a number is one number`(text: String) throws {
        #expect(try PhoneNumber(text) == PhoneNumber(rawValue: 8_613_800_138_000))
    }

    @Test(arguments: [
        ("086-138-0013-8000", PhoneFault.format), ("13800138000.0", .excelFloat), ("1.38E+10", .scientific),
        ("1.38001E+10", .scientific), ("1380013800", .length), ("138001380000", .length),
        ("12800138000", .prefix), ("14112345678", .prefix), ("10086", .service), ("95588", .service),
        ("4008001234", .notMobile), ("02112345678", .notMobile), ("01012345678", .notMobile),
        ("86 86 13800138000", .format), ("+86+8613800138000", .format), ("", .empty), (" \t\u{200B}", .empty),
        ("138\u{200B}00138000", .invisible), ("14,13800138", .format), ("13800138000;13900139000", .format),
        ("abc", .format), ("+99912345678", .country), ("+85221234567", .notMobile), ("+86138", .service),
        ("10690001234567", .service), ("(13800138000", .format), ("1380013800O", .format),
        ("+1202555", .length), ("+112025550123456", .length), ("16212345", .length),
    ])
    func `what cannot receive a message is refused with its code`(text: String, fault: PhoneFault) {
        #expect(throws: fault) { try PhoneNumber(text) }
    }

    @Test(arguments: [
        ("+85291234567", Int64(85_291_234_567), PhoneRegion.hongKong),
        ("+886912345678", 886_912_345_678, .taiwan),
        ("+886 0912-345-678", 886_912_345_678, .taiwan),
        ("+85366123456", 85_366_123_456, .macau),
        ("+12025550123", 12_025_550_123, .elsewhere),
        ("0012025550123", 12_025_550_123, .elsewhere),
        ("17000000000", 8_617_000_000_000, .mainland),
    ])
    func `numbers of other regions are told apart`(text: String, value: Int64, region: PhoneRegion) throws {
        let number = try PhoneNumber(text)
        #expect(number.rawValue == value)
        #expect(number.region == region)
        #expect(number.e164 == "+\(value)")
    }

    @Test func `exactly the mobile ranges in use are accepted`() throws {
        let valid = Set(
            [
                130...139, 145...145, 147...147, 150...153, 155...159, 162...162, 165...167, 170...173,
                175...178,
                180...193, 195...199,
            ]
            .joined()
        )
        for prefix in 130...199 {
            for digit in 0...9 {
                let isValid = valid.contains(prefix) || (digit == 0 && (prefix == 161 || prefix == 174))
                let text = "\(prefix)\(digit)0138000"
                #expect(((try? PhoneNumber(text)) != nil) == isValid, "\(text)")
            }
        }
    }

    @Test func `the short path and the long path agree`() throws {
        var random = SeededRandom(seed: 7)
        for _ in 0..<20_000 {
            let text = String(10_000_000_000 + random.next() % 10_000_000_000)
            let bytes = Array(text.utf8)
            let short = PhoneNumber.readPlain(bytes.span, prefixes: .mainland)
            let long = try? PhoneSpelling.read(bytes.span, rules: PhoneRules()).number
            #expect(short == long, "\(text)")
        }
    }

    @Test func `a spreadsheet's fraction is repaired on request and counted`() throws {
        var rules = PhoneRules()
        rules.repairsExcelFloats = true
        let bytes = Array("13800138000.0".utf8)
        let reading = try PhoneNumber.read(bytes.span, rules: rules)
        #expect(reading == PhoneReading(number: PhoneNumber(rawValue: 8_613_800_138_000), wasRepaired: true))
        #expect(throws: PhoneFault.scientific) { try PhoneNumber("1.38E+10", rules: rules) }
        #expect(throws: PhoneFault.format) { try PhoneNumber("13800138000.5", rules: rules) }
    }

    @Test func `ranges are data`() throws {
        var rules = PhoneRules()
        rules.prefixes = PhonePrefixes("128 1741")
        #expect(try PhoneNumber("12800138000", rules: rules).national == 12_800_138_000)
        #expect(throws: PhoneFault.prefix) { try PhoneNumber("13800138000", rules: rules) }
        #expect(rules.prefixes.all == Array(1_280...1_289) + [1_741])
    }

    @Test(arguments: [
        (Int64(8_613_800_138_000), "138****8000"), (85_291_234_567, "+852****4567"),
        (12_025_550_123, "+120****0123"),
    ])
    func `a number prints with its middle hidden`(value: Int64, text: String) {
        #expect("\(PhoneNumber(rawValue: value))" == text)
    }

    @Test func `the form for suppliers is written digit by digit`() {
        var bytes: [UInt8] = []
        PhoneNumber(rawValue: 8_613_800_138_000).appendE164(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "+8613800138000")
    }
}
