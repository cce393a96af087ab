import Testing

@testable import PushEngine

@Suite struct LinkTrackerTests {
    static let mark = "track_code_bid=2000001720230815"

    private func tracked(_ text: String, in target: EscapeTarget = .plain) -> String {
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        LinkTracker(BusinessID(rawValue: 2_000_001_720_230_815), in: target).append(bytes.span, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test(arguments: [
        ("http://a.b/c", "http://a.b/c?@"),
        ("http://a.b/c?x=1", "http://a.b/c?x=1&@"),
        ("http://a.b/c?", "http://a.b/c?@"),
        ("http://a.b/c?x=1&", "http://a.b/c?x=1&@"),
        ("http://a.b/c#top", "http://a.b/c?@#top"),
        ("http://a.b/c?x=1#a?b", "http://a.b/c?x=1&@#a?b"),
        ("点击 https://a.cn/x，领取", "点击 https://a.cn/x?@，领取"),
        ("见https://a.cn/x。", "见https://a.cn/x?@。"),
        ("(see https://a.b/c).", "(see https://a.b/c?@)."),
        ("HTTPS://A.B and http://c.d", "HTTPS://A.B?@ and http://c.d?@"),
        (#"{"url":"http://a.b/c"}"#, #"{"url":"http://a.b/c?@"}"#),
        ("http://a.b/?track_code_bid=1", "http://a.b/?track_code_bid=1"),
        ("http://a.b/?xtrack_code_bid=1", "http://a.b/?xtrack_code_bid=1&@"),
        ("ftp://a.b c.tb.cn/x xhttp://a http:// http:/a", "ftp://a.b c.tb.cn/x xhttp://a http:// http:/a"),
        ("", ""),
    ])
    func `links carry the parameter before their fragment`(text: String, expected: String) {
        #expect(tracked(text) == expected.replacing("@", with: Self.mark))
    }

    @Test func `in HTML the joint is escaped`() {
        #expect(
            tracked("<a href='http://a.b/?x=1'>", in: .html) == "<a href='http://a.b/?x=1&amp;\(Self.mark)'>"
        )
    }
}

@Suite struct BusinessIDTests {
    @Test func `sixteen digits hold type, template and day`() throws {
        let day = try #require(CalendarDay(year: 2023, month: 8, day: 15))
        let id = try #require(BusinessID(templateType: 20, template: 17, day: day))
        #expect("\(id)" == "2000001720230815")
        let read = try #require(BusinessID("2000001720230815"))
        #expect(read.templateType == 20)
        #expect(read.template == 17)
        #expect(read.day == day)
    }

    @Test func `a template of seven digits fits`() throws {
        let day = try #require(CalendarDay(year: 2024, month: 2, day: 29))
        let id = try #require(BusinessID(templateType: 10, template: 9_999_999, day: day))
        #expect("\(id)" == "1999999920240229")
        #expect(id.template == 9_999_999)
        #expect(BusinessID(templateType: 10, template: 10_000_000, day: day) == nil)
        #expect(BusinessID(templateType: 15, template: 1, day: day) == nil)
    }

    @Test(arguments: [
        "", "200000172023081", "20000017202308155", "2000001720230231", "200000172023081x",
        "0000001720230815",
    ])
    func `what is no id is not read`(text: String) {
        #expect(BusinessID(text) == nil)
    }
}
