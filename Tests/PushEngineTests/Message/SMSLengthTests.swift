import Testing

@testable import PushEngine

/// The vectors S1 to S23.
@Suite struct SMSLengthTests {
    struct Vector: Sendable, CustomStringConvertible {
        let name: String
        let text: String
        let encoding: SMSLength.Encoding
        let units: Int
        let international: Int
        let mainland: Int

        init(
            _ name: String,
            _ text: String,
            _ encoding: SMSLength.Encoding,
            _ units: Int,
            _ international: Int,
            _ mainland: Int
        ) {
            self.name = name
            self.text = text
            self.encoding = encoding
            self.units = units
            self.international = international
            self.mainland = mainland
        }

        var description: String { name }
    }

    private static func run(_ character: String, _ count: Int) -> String {
        String(repeating: character, count: count)
    }

    static let vectors: [Vector] = [
        Vector("S1", run("a", 160), .gsm7, 160, 1, 3),
        Vector("S2", run("a", 161), .gsm7, 161, 2, 3),
        Vector("S3a", run("a", 306), .gsm7, 306, 2, 5),
        Vector("S3b", run("a", 307), .gsm7, 307, 3, 5),
        Vector("S4a", run("€", 80), .gsm7, 160, 1, 2),
        Vector("S4b", run("€", 81), .gsm7, 162, 2, 2),
        Vector("S5", run("a", 152) + "€" + run("a", 152), .gsm7, 306, 3, 5),
        Vector("S6a", run("中", 70), .ucs2, 70, 1, 1),
        Vector("S6b", run("中", 71), .ucs2, 71, 2, 2),
        Vector("S7a", run("中", 134), .ucs2, 134, 2, 2),
        Vector("S7b", run("中", 135), .ucs2, 135, 3, 3),
        Vector("S8a", run("中", 201), .ucs2, 201, 3, 3),
        Vector("S8b", run("中", 202), .ucs2, 202, 4, 4),
        Vector("S9a", run("😀", 35), .ucs2, 70, 1, 1),
        Vector("S9b", run("😀", 36), .ucs2, 72, 2, 2),
        Vector("S10", run("a", 66) + "😀" + run("a", 66), .ucs2, 134, 3, 2),
        Vector("S11", run("a", 159) + "中", .ucs2, 160, 3, 3),
        Vector("S12a", "`", .ucs2, 1, 1, 1),
        Vector("S12b", "\t", .ucs2, 1, 1, 1),
        Vector("S13", run("a", 160) + "`", .ucs2, 161, 3, 3),
        Vector("S14", run("a", 69) + "’" + "a", .ucs2, 71, 2, 2),
        Vector("S15a", run("Ç", 10), .gsm7, 10, 1, 1),
        Vector("S15b", run("ç", 10), .ucs2, 10, 1, 1),
        Vector("S16a", "\u{E9}", .gsm7, 1, 1, 1),
        Vector("S16b", "e\u{301}", .ucs2, 2, 1, 1),
        Vector("S17a", "👨‍👩‍👧", .ucs2, 8, 1, 1),
        Vector("S17b", "🇨🇳", .ucs2, 4, 1, 1),
        Vector("S19a", run("a", 350), .gsm7, 350, 3, 6),
        Vector("S19b", run("ж", 150), .ucs2, 150, 3, 3),
    ]

    @Test(arguments: vectors)
    func `international texts are cut by alphabet and never inside a character`(vector: Vector) throws {
        let length = try #require(SMSLength(vector.text, tariff: .international))
        #expect(length.encoding == vector.encoding)
        #expect(length.units == vector.units)
        #expect(length.segments == vector.international)
    }

    @Test(arguments: vectors)
    func `mainland texts count every unit as one`(vector: Vector) throws {
        let length = try #require(SMSLength(vector.text, tariff: .mainland))
        #expect(length.units == vector.text.utf16.count)
        #expect(length.segments == vector.mainland)
        let bytes = Array(vector.text.utf8)
        #expect(SMSLength.mainlandSegments(bytes.span) == vector.mainland)
    }

    @Test(arguments: [(160, 3), (68, 1), (134, 2), (135, 3)])
    func `vendors' own examples come out as they say`(count: Int, segments: Int) throws {
        let length = try #require(SMSLength(String(repeating: "中", count: count), tariff: .mainland))
        #expect(length.segments == segments)
    }

    @Test(arguments: [
        ("【华为云】", 5), ("【华为云】您的验证码为123456，5分钟内有效。", 25),
        ("【京东】亲爱的会员，您的专属优惠券已到账，满300减50，点击 c.tb.cn/aB3dE 领取，48小时内有效。", 57),
        ("【京东】亲爱的会员，您的专属优惠券已到账，满300减50，点击 c.tb.cn/aB3dE 领取，48小时内有效。，拒收请回复R", 64),
    ])
    func `signature and opt-out words are part of the length`(text: String, units: Int) throws {
        let length = try #require(SMSLength(text, tariff: .mainland))
        #expect(length.units == units)
        #expect(length.segments == 1)
    }

    @Test func `an empty text has no length because it is never sent`() {
        #expect(SMSLength("", tariff: .mainland) == nil)
        #expect(SMSLength("", tariff: .international) == nil)
        let nothing: [UInt8] = []
        #expect(SMSLength.mainlandSegments(nothing.span) == 0)
    }

    @Test func `a pair on the border may cost a mainland message more`() throws {
        let text = String(repeating: "a", count: 66) + "😀" + String(repeating: "a", count: 66)
        let length = try #require(SMSLength(text, tariff: .mainland))
        #expect(length.segments == 2)
        #expect(length.cautiousSegments == 3)
        let plain = try #require(SMSLength(String(repeating: "中", count: 135), tariff: .mainland))
        #expect(plain.cautiousSegments == plain.segments)
    }

    @Test func `limits are the supplier's own`() throws {
        var malaysia = SMSTariff.international
        malaysia.gsm = SMSTariff.Limits(single: 153, part: 146)
        malaysia.wide = SMSTariff.Limits(single: 63, part: 60)
        let text = String(repeating: "a", count: 154)
        #expect(try #require(SMSLength(text, tariff: malaysia)).segments == 2)
        #expect(try #require(SMSLength(text, tariff: .international)).segments == 1)
    }

    @Test func `the byte counter agrees with UTF-16 on random texts`() throws {
        var random = SeededRandom(seed: 3)
        let alphabet = ["a", "中", "é", "😀", "【", " ", "9", "👨‍👩‍👧"]
        for _ in 0..<500 {
            let text = (0..<Int.random(in: 1...200, using: &random))
                .map { _ in alphabet.randomElement(using: &random) ?? "a" }.joined()
            let units = text.utf16.count
            let bytes = Array(text.utf8)
            #expect(SMSLength.mainlandSegments(bytes.span) == (units <= 70 ? 1 : (units + 66) / 67))
        }
    }
}
