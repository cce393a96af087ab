import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Console

/// Reconciliation as whoever pays the suppliers sees it.
@Suite struct ReconciliationPageTests {
    @Test(arguments: [
        (Language.english, "Differs", "Taken by the supplier: 1,000 ours, 1,003 theirs", "Rows behind it: 3"),
        (Language.chinese, "有差异", "供应商受理：我方 1,000，供应商 1,003", "相关明细：3 条"),
    ])
    func `a difference is seen at a glance, and leads to the rows behind it`(
        language: Language,
        verdict: String,
        difference: String,
        count: String
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            let account = try await bench.account(.tencent, at: "http://127.0.0.1:1").id
            try await ReconciliationTests.keep(bench, account.rawValue, 20_300_114, rows: 3)
            try await ReconciliationTests.keep(bench, account.rawValue, 20_300_113)
            var browser = try await Browser.signedIn(bench, language)
            let list = try await browser.get("/reconciliations")
            let path = "/reconciliations/20300114/\(account.rawValue)"
            #expect(list.text.contains("href=\"\(path)\""))
            for fact in ["2030-01-14", "2030-01-13", verdict, difference] {
                #expect(list.words.contains(fact), "\(fact)")
            }
            let page = try await browser.get(path)
            for fact in [verdict, count, "138****0002", "&lt;r1&gt;", "0.3 %"] {
                #expect(page.words.contains(fact), "\(fact)")
            }
            #expect(page.text.contains("href=\"/messages/4097\""))
            #expect(!page.text.contains("<r1>"), "what suppliers send is escaped")
            #expect(!page.words.contains("13800130002"))
        }
    }

    @Test func `before the first comparison the page says who makes it, and a wrong address is told`()
        async throws
    {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            #expect(try await browser.get("/reconciliations").words.contains("No day has been compared yet."))
            for path in [
                "/reconciliations/20300114/1", "/reconciliations/x/1", "/reconciliations/20301399/1",
            ] {
                #expect(try await browser.get(path).status == 404)
            }
        }
    }
}
