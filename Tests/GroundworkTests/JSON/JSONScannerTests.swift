import Foundation
import Groundwork
import Testing

/// A tree built with the scanner, to be compared with what Foundation builds.
private enum Tree: Equatable {
    case object([String: Tree])
    case array([Tree])
    case string(String)
    case number(Double)
    case bool(Bool)
    case null

    init(scanning bytes: [UInt8]) throws {
        var scanner = JSONScanner(bytes)
        self = try Tree(&scanner)
        try scanner.finish()
    }

    private init(_ scanner: inout JSONScanner) throws {
        switch try scanner.peek() {
        case .object:
            var members: [String: Tree] = [:]
            try scanner.beginObject()
            while let key = try scanner.nextKey() { members[scanner.string(of: key)] = try Tree(&scanner) }
            self = .object(members)
        case .array:
            var elements: [Tree] = []
            try scanner.beginArray()
            while try scanner.nextElement() { elements.append(try Tree(&scanner)) }
            self = .array(elements)
        case .string: self = .string(try scanner.string())
        case .number: self = .number(try scanner.number())
        case .bool: self = .bool(try scanner.bool())
        case .null:
            #expect(try scanner.takeNull())
            self = .null
        }
    }

    init(foundation value: Any) {
        switch value {
        case let members as [String: Any]: self = .object(members.mapValues(Tree.init(foundation:)))
        case let elements as [Any]: self = .array(elements.map(Tree.init(foundation:)))
        case let text as String: self = .string(text)
        case let flag as Bool where type(of: value) == Bool.self: self = .bool(flag)
        case let number as NSNumber:
            self =
                String(describing: type(of: number)).contains("Bool")
                ? .bool(number.boolValue) : .number(number.doubleValue)
        default: self = .null
        }
    }
}

@Suite struct JSONScannerTests {
    @Test func `an object is read key by key, and what is not wanted is passed over`() throws {
        let text = #" {"Code" : "Ok", "Fee": 2, "Extra": {"a": [1, {"b": null}], "c": "x"}, "Last":true } "#
        var scanner = JSONScanner(Array(text.utf8))
        var code = ""
        var fee: Int64 = 0
        var last = false
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "Code": code = try scanner.string()
            case "Fee": fee = try scanner.integer()
            case "Last": last = try scanner.bool()
            default: try scanner.skip()
            }
        }
        try scanner.finish()
        #expect(code == "Ok")
        #expect(fee == 2)
        #expect(last)
    }

    @Test(arguments: [
        (#""""#, ""), (#""abc""#, "abc"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (#""\u0041\u4e2d\u00e9""#, "A中é"), (#""\ud83d\ude00""#, "😀"), (#""a\uD83D\uDE00b""#, "a😀b"),
        (#""验证码 😀""#, "验证码 😀"), (#""\u0000""#, "\0"), ("\"\u{7f}\"", "\u{7f}"),
    ])
    func `a string's escapes are resolved`(json: String, text: String) throws {
        var scanner = JSONScanner(Array(json.utf8))
        let read = try scanner.text()
        try scanner.finish()
        #expect(scanner.string(of: read) == text)
        #expect(Array(scanner.utf8(of: read)) == Array(text.utf8))
        #expect(read.utf8Count == text.utf8.count)
    }

    @Test func `a key written with escapes is the same key`() throws {
        var scanner = JSONScanner(Array(#"{"\u0043ode":1}"#.utf8))
        try scanner.beginObject()
        let key = try #require(try scanner.nextKey())
        #expect(key.equals("Code"))
        #expect(!key.equals("Codes"))
        #expect(!key.equals("code"))
    }

    @Test func `a long key is compared to its last byte`() throws {
        let names = [
            "abcdefghijklmnopqrstuvwxyz012345", "abcdefghijklmnopqrstuvwxyz012346",
            "abcdefghijklmnopqrstuvwxyz0123456",
        ]
        let found = try names.map { name in
            var scanner = JSONScanner(Array("\"\(name)\"".utf8))
            return try scanner.text().equals("abcdefghijklmnopqrstuvwxyz012345")
        }
        #expect(found == [true, false, false])
    }

    @Test(arguments: [
        ("0", Int64(0)), ("-0", 0), ("7", 7), ("-12", -12), ("9223372036854775807", .max),
        ("-9223372036854775808", .min),
    ])
    func `whole numbers are read exactly`(json: String, number: Int64) throws {
        var scanner = JSONScanner(Array(json.utf8))
        #expect(try scanner.integer() == number)
        var quoted = JSONScanner(Array("\"\(json)\"".utf8))
        #expect(try quoted.lenientInteger() == number)
    }

    @Test(arguments: ["9223372036854775808", "-9223372036854775809", "1.0", "1e3", "99999999999999999999999"])
    func `a number that is not whole or does not fit is out of range`(json: String) {
        var scanner = JSONScanner(Array(json.utf8))
        let error = #expect(throws: JSONError.self) { try scanner.integer() }
        #expect(error == JSONError(.outOfRange, at: 0))
    }

    @Test(arguments: [
        ("", JSONError.Reason.endsEarly, 0), ("   ", .endsEarly, 3), ("{", .endsEarly, 1),
        ("[1", .endsEarly, 2),
        ("\"abc", .endsEarly, 4), ("\"abc\\", .endsEarly, 5), ("\"\\u00", .endsEarly, 5),
        ("tru", .endsEarly, 3),
        ("-", .endsEarly, 1), ("1.", .endsEarly, 2), ("1e", .endsEarly, 2), ("{\"a\"", .endsEarly, 4),
        ("{\"a\":", .endsEarly, 5), ("[1,", .endsEarly, 3), ("[1,]", .unexpectedByte, 3),
        ("{\"a\":1,}", .unexpectedByte, 7), ("[,1]", .unexpectedByte, 1), ("[1 2]", .unexpectedByte, 3),
        ("{a:1}", .unexpectedByte, 1), ("{\"a\" 1}", .unexpectedByte, 5), ("{1:1}", .unexpectedByte, 1),
        ("[1}", .unexpectedByte, 2), ("{\"a\":1]", .unexpectedByte, 6), ("01", .unexpectedByte, 1),
        ("-01", .unexpectedByte, 2), ("+1", .unexpectedByte, 0), (".5", .unexpectedByte, 0),
        ("1.e3", .unexpectedByte, 2), ("1e+x", .unexpectedByte, 3), ("nul!", .unexpectedByte, 3),
        ("'a'", .unexpectedByte, 0), ("NaN", .unexpectedByte, 0), ("/**/1", .unexpectedByte, 0),
        ("\u{feff}1", .unexpectedByte, 0), ("1 1", .trailingBytes, 2), ("{}x", .trailingBytes, 2),
        ("\"\\x\"", .badString, 1), ("\"\\u12g4\"", .badString, 1), ("\"\\ud800\"", .badString, 1),
        ("\"\\udc00\"", .badString, 1), ("\"\\ud800\\u0041\"", .badString, 1), ("\"a\nb\"", .badString, 2),
        ("\"a\0b\"", .badString, 2),
    ])
    func `what is no JSON is refused at the byte where it goes wrong`(
        json: String,
        reason: JSONError.Reason,
        offset: Int
    ) {
        var scanner = JSONScanner(Array(json.utf8))
        let error = #expect(throws: JSONError.self) {
            try scanner.skip()
            try scanner.finish()
        }
        #expect(error == JSONError(reason, at: offset))
    }

    @Test(
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE4, 0xB8], [0xF5, 0x80, 0x80, 0x80]]
            as [[UInt8]]
    )
    func `bytes that are no UTF-8 are refused, wanted or not`(bytes: [UInt8]) {
        var scanner = JSONScanner(Array("\"".utf8) + bytes + Array("\"".utf8))
        let error = #expect(throws: JSONError.self) { try scanner.skip() }
        #expect(error?.reason == .badString)
    }

    @Test func `nesting has a limit, so that a hostile document cannot exhaust the stack`() throws {
        let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        var allowed = JSONScanner(Array(deepest.utf8))
        try allowed.skip()
        try allowed.finish()
        for bracket in ["[", "{\"a\":"] {
            var scanner = JSONScanner(Array(String(repeating: bracket, count: 1_000_000).utf8))
            let error = #expect(throws: JSONError.self) { try scanner.skip() }
            #expect(error?.reason == .tooDeep)
        }
    }

    @Test(arguments: ["{}", "[]", "\"1\"", "true", "null"])
    func `a value of another kind than asked for is told apart from a malformed one`(json: String) {
        var scanner = JSONScanner(Array(json.utf8))
        let error = #expect(throws: JSONError.self) { try scanner.integer() }
        #expect(error == JSONError(.otherKind, at: 0))
    }

    @Test func `random documents read as Foundation reads them, and never when cut or damaged unnoticed`()
        throws
    {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<400 {
            let document = randomValue(depth: 0, using: &random)
            let data = try JSONSerialization.data(withJSONObject: document, options: [.fragmentsAllowed])
            let bytes = Array(data)
            #expect(try Tree(scanning: bytes) == Tree(foundation: document))

            // Whatever bytes are damaged, both readers agree on whether it is still JSON.
            var damaged = bytes
            let position = Int.random(in: 0..<damaged.count, using: &random)
            damaged[position] = UInt8.random(in: 0x20..<0x7F, using: &random)
            let theirs = try? JSONSerialization.jsonObject(with: Data(damaged), options: [.fragmentsAllowed])
            let mine = try? Tree(scanning: damaged)
            #expect((mine == nil) == (theirs == nil), "\(String(decoding: damaged, as: UTF8.self))")
        }
    }

    private func randomValue(depth: Int, using random: inout SystemRandomNumberGenerator) -> Any {
        switch Int.random(in: 0..<(depth < 4 ? 6 : 4), using: &random) {
        case 0: return Int.random(in: -1_000_000...1_000_000, using: &random)
        case 1: return Bool.random(using: &random)
        case 2: return randomText(using: &random)
        case 3: return NSNull()
        case 4:
            return (0..<Int.random(in: 0..<5, using: &random))
                .map { _ in randomValue(depth: depth + 1, using: &random) }
        default:
            let count = Int.random(in: 0..<5, using: &random)
            let members = (0..<count)
                .map { _ in
                    (randomText(using: &random), randomValue(depth: depth + 1, using: &random))
                }
            return Dictionary(members) { first, _ in first }
        }
    }

    private func randomText(using random: inout SystemRandomNumberGenerator) -> String {
        let pool = Array("aZ09 \"\\/\n\t\r\u{1}\u{7f}é中😀👨‍👩‍👧\u{2028}".unicodeScalars)
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<12, using: &random) {
            if let scalar = pool.randomElement(using: &random) { text.append(scalar) }
        }
        return String(text)
    }
}
