import Groundwork
import TestKit
import Testing

@testable import PushEngine

/// Words in texts: what counts, and that one pass finds what looking for each word would.
@Suite struct WordMatcherTests {
    private static func matcher(_ texts: [String]) -> WordMatcher {
        WordMatcher(
            texts.enumerated()
                .map { place, text in
                    SensitiveWord(
                        id: SensitiveWordID(rawValue: Int64(place) + 1),
                        text: text,
                        by: "",
                        at: Moment(secondsSinceEpoch: 0)
                    )
                }
        )
    }

    @Test(arguments: [
        ("casino", true), ("CASINO", true), ("ｃａｓｉｎｏ", true), ("ＣａＳ　Ｉ-n.o", true), ("c\u{200B}asino", true),
        ("ca\u{301}sino", true), ("xxcasinoxx", true), ("casio", false), ("ca5ino", false), ("", false),
        ("赌 博", true), ("赌、博！", true), ("赌🙂博", true), ("赌x博", false), ("ВОДКА", true), ("водк", false),
    ])
    func `case, width, blanks and punctuation do not count`(text: String, isFound: Bool) {
        let matcher = Self.matcher(["casino", "赌博", "водка"])
        #expect((matcher.first(in: text) != nil) == isFound)
    }

    @Test func `of words inside each other the one is named that ends first`() {
        let matcher = Self.matcher(["abcde", "bcd", "c", "cd"])
        #expect(matcher.first(in: "xabcde")?.rawValue == 3)
        #expect(Self.matcher(["abcde", "bcd", "cd"]).first(in: "xabcde")?.rawValue == 2)
        #expect(Self.matcher(["abcd", "bce"]).first(in: "abce")?.rawValue == 2)
        #expect(Self.matcher([]).first(in: "abc") == nil)
        #expect(Self.matcher(["。", " "]).first(in: "a。 b") == nil)
    }

    @Test func `fields of a content are looked at one by one, their names not at all`() {
        let form = Channel.email.contentForm
        let matcher = Self.matcher(["title", "赌博"])
        #expect(matcher.first(in: #"{"title":"x","content":"y"}"#, form) == nil)
        #expect(matcher.first(in: #"{"title":"x","content":"赌\n博"}"#, form)?.rawValue == 2)
        #expect(matcher.first(in: #"{"a":[{"b":"the TITLE"}]}"#, form)?.rawValue == 1)
        #expect(matcher.first(in: #"{"a":"赌","b":"博"}"#, form) == nil)
        #expect(matcher.first(in: "赌博", Channel.sms.contentForm)?.rawValue == 2)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `one pass finds what looking for each word finds`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func text(_ lengths: ClosedRange<Int>) -> String {
            String(
                (0..<Int.random(in: lengths, using: &random))
                    .map { _ in Array("ab赌c")[Int.random(in: 0..<4, using: &random)] }
            )
        }
        let words = (0..<Int.random(in: 1...12, using: &random)).map { _ in text(1...6) }
        let matcher = Self.matcher(words)
        for _ in 0..<200 {
            let text = text(0...20)
            let ends = words.compactMap { word in
                text.ranges(of: word).first.map { text.distance(from: text.startIndex, to: $0.upperBound) }
            }
            let found = matcher.first(in: text)
            #expect((found == nil) == ends.isEmpty, "\(text) \(words)")
            guard let found, let first = ends.min() else { continue }
            let word = words[Int(found.rawValue) - 1]
            #expect(String(text.prefix(first)).hasSuffix(word), "\(text) \(words)")
        }
    }

    @Test func `thousands of words cost well under a millisecond a text`() {
        var random = SeededGenerator(seed: 7)
        func han(_ count: Int) -> String {
            var text = String.UnicodeScalarView()
            for _ in 0..<count {
                text.append(Unicode.Scalar(UInt32.random(in: 0x4E00...0x9FA5, using: &random)) ?? "一")
            }
            return String(text)
        }
        let matcher = Self.matcher((0..<5_000).map { _ in han(Int.random(in: 2...6, using: &random)) })
        let texts = (0..<200).map { _ in han(70) }
        let clock = ContinuousClock()
        let fastest =
            (0..<5)
            .map { _ in clock.measure { for text in texts { _ = matcher.first(in: text) } } }
            .min() ?? .zero
        // Without optimisation it takes many times as long as it does in use.
        #expect(fastest / 200 < .milliseconds(1), "\(fastest / 200) a text")
    }

    @Test func `a word has letters or digits, and not too many`() {
        let now = Moment(secondsSinceEpoch: 0)
        #expect(SensitiveWordDraft("。 🙂", by: "ann", at: now) == nil)
        #expect(SensitiveWordDraft(String(repeating: "a", count: 65), by: "ann", at: now) == nil)
        #expect(SensitiveWordDraft(" Ａ b。", by: "ann", at: now)?.folded == "ab")
    }
}
