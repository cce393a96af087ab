import Foundation
import Groundwork
import People
import PushEngine
import Scheduler
import Testing

@testable import Console

/// The catalogue: nothing is missing in a language, nothing that is used is missing, nothing is left over.
@Suite struct WordsTests {
    private static let sources = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Sources/Console")

    private func words() throws -> Words { try PageLibrary().words }

    private func texts(in folder: String, ending: String) throws -> [String] {
        let folder = Self.sources.appendingPathComponent(folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(ending) }
        return try names.map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }
    }

    /// The keys that are put together from a state's name.
    private var made: Set<String> {
        var keys: Set<String> = []
        func add(_ prefix: String, _ names: [String]) { keys.formUnion(names.map { "\(prefix)-\($0)" }) }
        add("state", DeliveryState.allCases.map(\.name))
        add("open", DeliveryState.allCases.filter { !$0.isFinal }.map(\.name))
        add("stage", TraceEvent.Stage.allCases.map(\.rawValue))
        add("group", DeliveryState.Group.allCases.map(\.rawValue))
        add("phase", CampaignPhase.allCases.map(\.rawValue))
        add("occurrence", CampaignRunState.allCases.map(\.rawValue))
        add("outcome", RunReason.Outcome.allCases.map(\.rawValue))
        add("reason", RunReason.allCases.map(\.rawValue))
        add("route", RouteStrategy.allCases.map(\.rawValue))
        add("trigger", TriggerKind.allCases.map(\.rawValue))
        add("type", MessageType.allCases.map(\.name))
        add("guarantee", DeliveryGuarantee.allCases.map(\.rawValue))
        add("channel", Channel.allCases.map(\.name))
        add("rests", AccountHealth.Reason.allCases.map(\.rawValue))
        add("verdict", Reconciliation.Verdict.allCases.map(\.rawValue))
        add("figure", DayDifference.Figure.allCases.map(\.rawValue))
        add("row", ReconciliationRow.Kind.allCases.map(\.rawValue))
        add("source", TheirDay.Source.allCases.map(\.rawValue))
        add("range", RunRange.Name.allCases.map(\.rawValue))
        add("overlap", BlockStrategy.allCases.map(\.rawValue))
        add("misfire", MisfirePolicy.allCases.map(\.rawValue))
        add("daylight", DaylightPolicy.allCases.map(\.rawValue))
        add("schedule-type", ScheduleType.allCases.map(\.rawValue))
        add("child-when", ChildCondition.allCases.map(\.rawValue))
        add("child-params", ChildParams.allCases.map(\.rawValue))
        add("script", JobScript.Language.allCases.map(\.rawValue))
        add("field", JobField.allCases.map(\.rawValue))
        add("lateness", RunStage.allCases.map(\.rawValue) + ["start"])
        add("jobs", JobState.allCases.map(\.rawValue))
        add("weekday", (1...7).map(String.init))
        add("role", Role.allCases.map(\.rawValue))
        add("way", AuditActor.Way.allCases.map(\.rawValue))
        add("kind", AuditWord.Kind.allCases.map(\.rawValue))
        add("act", AuditWord.Act.allCases.map(\.rawValue))
        add("nav", Page.Section.allCases.map(\.rawValue))
        return keys
    }

    @Test func `every key has its text in each language`() throws {
        let words = try words()
        try #require(words.keys.count > 200)
        for language in Language.allCases {
            #expect(words.texts(in: language).count == words.keys.count)
        }
        // A Chinese text without a Chinese character was forgotten; these few are none in either language.
        let bare = words.keys.filter { words.text($0, in: .chinese).allSatisfy(\.isASCII) }
        #expect(bare.isEmpty, "\(bare)")
    }

    @Test func `the same values are put into both texts`() throws {
        let words = try words()
        for key in words.keys {
            let used = Language.allCases.map { language in
                Set(words.text(key, in: language).matches(of: /\{([a-z]+)\}/).map { String($0.1) })
            }
            #expect(used[0] == used[1], "\(key)")
        }
    }

    @Test func `templates and code use no key that is not there`() throws {
        let known = Set(try words().keys)
        var used: Set<String> = []
        for text in try texts(in: "Templates", ending: ".mustache") {
            used.formUnion(text.matches(of: /\{\{\{?w\.([^}]+)\}/).map { String($0.1) })
        }
        for text in try texts(in: "Pages", ending: ".swift") {
            used.formUnion(text.matches(of: /(?:say|self)\(\s*"([a-z-]+)"/).map { String($0.1) })
        }
        try #require(used.count > 100)
        #expect(used.subtracting(known).isEmpty)
        #expect(made.subtracting(known).isEmpty)
    }

    @Test func `no word is left over`() throws {
        let templates = try texts(in: "Templates", ending: ".mustache").joined()
        let code = try texts(in: "Pages", ending: ".swift").joined()
        for key in try words().keys where !made.contains(key) {
            // What is said after a button, of a kind of trouble or of a detail is named by its ending.
            let ending = key.split(separator: "-", maxSplits: 1).last.map(String.init) ?? key
            let isUsed =
                templates.contains("w.\(key)}") || code.contains("\"\(key)\"")
                || code.contains("\"\(ending)\"")
                || ["done", "trouble", "detail", "shield", "span", "runs"]
                    .contains { key.hasPrefix($0 + "-") }
            #expect(isUsed, "\(key)")
        }
    }

    @Test(arguments: ["a\tb", "a\tb\t", "a\tb\tc\td", "a\tb\tc\na\tb\tc"])
    func `a broken catalogue is refused`(catalogue: String) {
        #expect(throws: ConsoleError.self) { try Words(catalogue: catalogue) }
    }

    @Test(arguments: [
        ("", Language.english), ("zh", .chinese), ("zh-TW,en;q=0.9", .chinese), ("en-US,zh;q=0.8", .english),
        ("fr, zh;q=0.5, en;q=0.7", .english), ("fr", .english), ("en;q=0, zh;q=0.1", .chinese),
        ("*;q=x", .english),
    ])
    func `speaks what the browser prefers`(header: String, language: Language) {
        #expect(Language(acceptLanguage: header) == language)
    }

    private func voice(_ language: Language = .english, zone: String = "Asia/Shanghai") throws -> Voice {
        Voice(
            language: language,
            words: try words(),
            zone: try #require(TimeZone(identifier: zone)),
            now: Moment(secondsSinceEpoch: 1_894_680_000)
        )
    }

    @Test func `numbers have separators between the thousands`() throws {
        let say = try voice()
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")] {
            #expect(say.number(number) == text)
        }
    }

    @Test func `only the whole is a hundred percent and only nothing is none`() throws {
        let say = try voice()
        let shares = [
            (0, "0.0 %"), (0.000_1, "< 0.1 %"), (0.5, "50.0 %"), (0.999_9, "99.9 %"), (1, "100.0 %"),
        ]
        for (share, text) in shares { #expect(say.percent(share) == text) }
    }

    @Test func `instants are shown in the zone with their offset`() throws {
        let moment = Moment(secondsSinceEpoch: 1_894_680_000)
        #expect(try voice().stamp(moment).text == "2030-01-15 12:00:00")
        #expect(try voice().stamp(moment).iso == "2030-01-15T12:00:00+08:00")
        #expect(try voice(zone: "America/St_Johns").stamp(moment).iso == "2030-01-15T00:30:00-03:30")
    }

    @Test func `a value that looks like a placeholder is not filled`() throws {
        #expect(try voice()("crowd-rows", ["name": "{n}", "n": "5"]) == "{n}, 5 rows")
    }

    @Test(arguments: [
        (Language.english, "at 09:00 on the last Friday of the month"), (.chinese, "每月最后一个周五 09:00"),
    ])
    func `cron is said in the language of the page, with a zone that is not the page's`(
        language: Language,
        text: String
    ) throws {
        let here = ScheduleWords(
            ScheduleText.cron("0 0 9 ? * FRIL", zone: "Asia/Shanghai"),
            try voice(language)
        )
        #expect(here.text == text)
        #expect(here.expression == "0 0 9 ? * FRIL")
        #expect(here.zone == nil)
        let there = ScheduleWords(
            ScheduleText.cron("0 0 9 ? * FRIL", zone: "Europe/Paris"),
            try voice(language)
        )
        #expect(there.zone == "Europe/Paris")
    }
}
