import Groundwork
import PushEngine
import Testing

@testable import KPush

/// How the settings say that days are compared, and where short links begin.
@Suite struct AfterSendSettingsTests {
    private static func settings(_ values: [String: String]) async throws -> ServeSettings {
        try await ServeSettings.read(file: nil, environment: values, flags: [:])
    }

    @Test func `two in a hundred may be apart, and links stay as they are, unless it is set otherwise`()
        async throws
    {
        let usual = try await Self.settings([:])
        #expect(usual.reconcile.share == 0.02)
        #expect(usual.links == nil)
        let own = try await Self.settings([
            "KPUSH_RECONCILE_SHARE": "0.5 %", "KPUSH_LINKS_BASE_URL": "https://t.example.com/go/",
            "KPUSH_RECEIPTS_PATIENCE": "48h",
        ])
        #expect(own.reconcile.share == 0.005)
        #expect(own.reconcile.patience == .seconds(48 * 3_600))
        #expect(own.links == "https://t.example.com/go")
    }

    @Test
    func
        `results, questions, pages and media files have their usual times and numbers, or those that are set`()
        async throws
    {
        let usual = try await Self.settings([:])
        #expect(usual.receipts.resultsAfter == .seconds(120))
        #expect(usual.receipts.queriesPerRound == 500)
        #expect(usual.receipts.pagesPerRound == 2_000)
        #expect(usual.mediaMargin == .seconds(12 * 3_600))
        let own = try await Self.settings([
            "KPUSH_RECEIPTS_RESULTS_AFTER": "15m", "KPUSH_RECEIPTS_QUERIES_PER_ROUND": "50",
            "KPUSH_RECEIPTS_PAGES_PER_ROUND": "100000", "KPUSH_MEDIA_RENEW_BEFORE": "48h",
        ])
        #expect(own.receipts.resultsAfter == .seconds(900))
        #expect(own.receipts.queriesPerRound == 50)
        #expect(own.receipts.pagesPerRound == 100_000)
        #expect(own.mediaMargin == .seconds(48 * 3_600))
    }

    @Test func `results are not asked for later than messages wait for them`() async throws {
        let error = await #expect(throws: SettingsError.self) {
            _ = try await Self.settings([
                "KPUSH_RECEIPTS_RESULTS_AFTER": "3h", "KPUSH_RECEIPTS_PATIENCE": "2h",
            ])
        }
        #expect(error?.description == "setting receipts.results-after: is below receipts.patience")
    }

    @Test func `a short patience alone is no fault, and results are asked for in time`() async throws {
        let hurried = try await Self.settings(["KPUSH_RECEIPTS_PATIENCE": "90s"])
        #expect(hurried.receipts.resultsAfter == .seconds(45))
    }

    @Test(arguments: [
        ("RECEIPTS_RESULTS_AFTER", "9s"), ("RECEIPTS_RESULTS_AFTER", "25h"),
        ("RECEIPTS_RESULTS_AFTER", "soon"), ("RECEIPTS_QUERIES_PER_ROUND", "0"),
        ("RECEIPTS_PAGES_PER_ROUND", "100001"), ("MEDIA_RENEW_BEFORE", "59m"),
        ("MEDIA_RENEW_BEFORE", "49h"),
        ("RECONCILE_SHARE", "101"), ("RECONCILE_SHARE", "few"), ("LINKS_BASE_URL", "t.example.com"),
        ("LINKS_BASE_URL", "ftp://t.example.com"), ("LINKS_BASE_URL", "https://t.example.com/?a"),
        ("LINKS_BASE_URL", "javascript:alert(1)"),
    ])
    func `what makes no sense is refused`(name: String, value: String) async throws {
        await #expect(throws: SettingsError.self) { _ = try await Self.settings(["KPUSH_\(name)": value]) }
    }
}
