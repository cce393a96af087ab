import Foundation
import Groundwork
import Testing

@testable import Suppliers

@Suite struct EncodedWordsTests {
    /// Lines of a field of such a name.
    private static func lines(_ text: String, _ name: String = "Subject") -> [Substring] {
        "\(name): \(EncodedWords.unstructured(text, after: name.count + 2))".split(separator: "\r\n")
    }

    @Test func `the published example is written as it is published`() {
        #expect(EncodedWords.unstructured("验证码通知", after: 9) == "=?UTF-8?B?6aqM6K+B56CB6YCa55+l?=")
    }

    @Test(arguments: ["Your order", "a", "50% off, today only!", "\"quoted\" (comment) <angle>"])
    func `what everybody can read stays as it is`(text: String) {
        #expect(EncodedWords.unstructured(text, after: 9) == text)
    }

    @Test func `long plain texts are broken before blanks, and are the same when put together`() {
        let text = (1...40).map { "word\($0)" }.joined(separator: " ") + "  two blanks"
        let lines = Self.lines(text)
        #expect(lines.count > 3)
        #expect(lines.allSatisfy { $0.utf8.count <= 76 })
        #expect(lines.joined() == "Subject: \(text)")
    }

    @Test(
        arguments: [
            String(repeating: "通知", count: 60), String(repeating: "é", count: 90),
            String(repeating: "😀", count: 50), "a" + String(repeating: "语", count: 77), " leading",
            "trailing ",
            "=?UTF-8?B?6aqM?=", String(repeating: "x", count: 200), "👨‍👩‍👧‍👦 family", "e\u{301}",
        ]
    )
    func `everything else is in words of at most 75 characters that hold whole characters`(
        text: String
    ) throws {
        let lines = Self.lines(text)
        #expect(lines.allSatisfy { $0.utf8.count <= 76 && $0.utf8.allSatisfy { 0x20...0x7E ~= $0 } })
        var decoded = ""
        for word in lines.joined().dropFirst(9).split(separator: " ") {
            #expect(word.utf8.count <= 75)
            let inner = try #require(word.wholeMatch(of: /=\?UTF-8\?B\?([A-Za-z0-9+\/=]*)\?=/)?.output.1)
            let bytes = try #require(Data(base64Encoded: String(inner)))
            decoded += try #require(String(validating: bytes, as: UTF8.self))
        }
        #expect(decoded == text)
    }

    @Test(
        arguments: [
            ("KPush", "\"KPush\""), ("Doe, Jane", "\"Doe, Jane\""), ("a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""),
            ("快推", "=?UTF-8?B?5b+r5o6o?="),
        ]
    )
    func `names are quoted or encoded`(name: String, written: String) {
        #expect(EncodedWords.phrase(name, after: 6) == written)
    }
}

@Suite struct MailDateTests {
    @Test(
        arguments: [
            (1_700_000_000, "Tue, 14 Nov 2023 22:13:20 +0000"), (0, "Thu, 1 Jan 1970 00:00:00 +0000"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
            (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 +0000"),
        ] as [(Int64, String)]
    )
    func `a date is written, and read again`(seconds: Int64, text: String) {
        #expect(MailDate.text(Moment(secondsSinceEpoch: seconds)) == text)
        #expect(MailDate.moment(text) == Moment(secondsSinceEpoch: seconds))
    }

    @Test(
        arguments: [
            ("14 Nov 2023 23:13:20 +0100", 1_700_000_000), ("Tue, 14 Nov 2023 17:13:20 -0500", 1_700_000_000),
            ("Tue,  14 nov 2023 22:13 GMT", 1_699_999_980),
            ("Tue, 14 Nov 2023 22:13:20 +0000 (UTC)", 1_700_000_000),
        ] as [(String, Int64)]
    )
    func `dates of others are read`(text: String, seconds: Int64) {
        #expect(MailDate.moment(text) == Moment(secondsSinceEpoch: seconds))
    }

    @Test(arguments: [
        "", "soon", "40 Nov 2023 00:00:00 +0000", "1 Foo 2023 00:00:00 +0000", "1 Nov 2023 24:00 +0000",
    ])
    func `what is no date is none`(text: String) {
        #expect(MailDate.moment(text) == nil)
    }
}
