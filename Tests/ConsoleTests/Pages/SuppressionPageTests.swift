import Foundation
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Console

/// The lists of who must not get messages, as operators see them, and what support reads of it.
@Suite struct SuppressionPageTests {
    @Test(arguments: [(Language.english, "messages of the type Marketing"), (.chinese, "“营销”类消息")])
    func `an entry is added, looked up and removed`(language: Language, scope: String) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, language)
            let form = [
                "receiver": "138-0013-8000", "channel": "30", "scope": "marketing", "note": "<b>asked</b>",
            ]
            let added = try await browser.press("/suppressions/add", on: "/suppressions", form)
            #expect(added.words.contains(scope), "\(added.words)")
            #expect(added.words.contains("138****8000"))
            #expect(!added.text.contains("13800138000") && !added.text.contains("<b>asked</b>"))
            let found = try await browser.get("/suppressions?receiver=13800138000&channel=30")
            #expect(found.words.contains("138****8000"))
            let other = try await browser.get("/suppressions?receiver=13800138001&channel=30")
            #expect(!other.words.contains("138****8000"))
            let id = try #require(try await bench.books.suppressions(of: nil, after: nil, limit: 1).first).id
            let gone = try await browser.press(
                "/suppressions/entries/\(id.rawValue)/remove",
                on: "/suppressions"
            )
            #expect(!gone.words.contains("138****8000"))
            #expect(try await !bench.books.hasSuppressions())
        }
    }

    @Test func `words and testers are added and removed`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let words = try await browser.press(
                "/suppressions/words/add",
                on: "/suppressions/words",
                ["words": "赌博\r\n\r\nCasino\r\n"]
            )
            #expect(words.words.contains("赌博") && words.words.contains("Casino"))
            let word = try #require(try await bench.books.wordList().first)
            let fewer = try await browser.press(
                "/suppressions/words/\(word.id.rawValue)/remove",
                on: "/suppressions/words"
            )
            #expect(!fewer.words.contains("赌博"))
            let allowed = try await browser.press(
                "/suppressions/allowed/add",
                on: "/suppressions/allowed",
                ["receiver": "ann@example.org", "channel": "40"]
            )
            #expect(allowed.words.contains("an****rg"))
            #expect(allowed.words.contains("The allow-list is switched off"))
            let entry = try #require(try await bench.books.allowList(after: nil, limit: 1).first)
            let none = try await browser.press(
                "/suppressions/allowed/\(entry.id.rawValue)/remove",
                on: "/suppressions/allowed"
            )
            #expect(none.words.contains("Nobody is on the allow-list."))
        }
    }

    @Test(arguments: [
        (["receiver": "12", "channel": "30"], "PHONE"), (["receiver": "", "channel": "40"], "MAIL_EMPTY"),
        (["receiver": "13800138000", "scope": "signature"], "signature"),
    ])
    func `what cannot be an entry is refused with its reason`(
        form: [String: String],
        reason: String
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let answer = try await browser.press("/suppressions/add", on: "/suppressions", form)
            #expect(answer.status == 400)
            #expect(answer.words.contains(reason), "\(answer.words)")
            #expect(try await !bench.books.hasSuppressions())
        }
    }

    @Test(arguments: [
        (Language.english, "the recipient refused: Marketing"), (.chinese, "收件人已退订：营销"),
    ])
    func `the timeline says in words why a message was stopped`(
        language: Language,
        words: String
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            let say = Voice(
                language: language,
                words: try PageLibrary().words,
                zone: .gmt,
                now: Moment(secondsSinceEpoch: 0)
            )
            #expect(say.detail("opted_out marketing") == words)
            #expect(!say.detail("blacklist_global").contains("blacklist_"))
            #expect(say.detail("blacklist_signature 京东 x").contains("京东 x"))
            let cap = say.detail("cap_span count=3 type=marketing limit=3 days=7 again=2026-03-09")
            #expect(cap.contains("2026-03-09") && cap.contains("7") && !cap.contains("{"))
            #expect(!say.detail("cap_day count=5 limit=5 again=2026-03-09").contains("{"))
            #expect(say.detail("put off: x") == "put off: x")
            #expect(say.detail("nothing known=1") == "nothing known=1")
        }
    }
}
