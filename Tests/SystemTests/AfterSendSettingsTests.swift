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

    @Test(arguments: [
        ("RECONCILE_SHARE", "101"), ("RECONCILE_SHARE", "few"), ("LINKS_BASE_URL", "t.example.com"),
        ("LINKS_BASE_URL", "ftp://t.example.com"), ("LINKS_BASE_URL", "https://t.example.com/?a"),
        ("LINKS_BASE_URL", "javascript:alert(1)"),
    ])
    func `what makes no sense is refused`(name: String, value: String) async throws {
        await #expect(throws: SettingsError.self) { _ = try await Self.settings(["KPUSH_\(name)": value]) }
    }
}
