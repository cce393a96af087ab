import Foundation
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import KPush

/// Who may get messages, and how often, as the settings say.
@Suite struct SuppressionSettingsTests {
    private static func settings(_ values: [String: String]) async throws -> SuppressionSettings {
        try await ServeSettings.read(file: nil, environment: values, flags: [:]).suppression
    }

    @Test func `everybody may get messages, and no span counts, unless it is set`() async throws {
        let usual = try await Self.settings([:])
        #expect(!usual.isAllowListOn)
        #expect(usual.spans.isEmpty)
        #expect(usual.quotaRules.values.allSatisfy { $0 == QuotaRules() })
        let own = try await Self.settings([
            "KPUSH_SUPPRESSION_ALLOW_LIST": "on", "KPUSH_SUPPRESSION_SPANS": "marketing=3/7d, notice=10/1d",
        ])
        #expect(own.isAllowListOn)
        #expect(own.quotaRules[.marketing]?.span == QuotaSpan(.marketing, limit: 3, days: 7))
        #expect(own.quotaRules[.notice]?.span == QuotaSpan(.notice, limit: 10, days: 1))
        #expect(own.quotaRules[.alert]?.span == nil)
    }

    @Test(arguments: [
        ("on", true), ("true", true), ("\"on\"", true), ("yes", true), ("off", false), ("false", false),
        ("'off'", false),
    ])
    func `a file may write the switch in any of YAML's ways`(value: String, isOn: Bool) async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("kpush.yaml")
        try "suppression:\n  allow-list: \(value)\n  spans: [marketing=3/7d]\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        let settings = try await ServeSettings.read(file: file, environment: [:], flags: [:]).suppression
        #expect(settings.isAllowListOn == isOn)
        #expect(settings.spans[.marketing]?.limit == 3)
    }

    @Test(arguments: [
        ("ALLOW_LIST", "maybe"), ("SPANS", "marketing"), ("SPANS", "marketing=3"),
        ("SPANS", "marketing=0/7d"),
        ("SPANS", "marketing=3/32d"), ("SPANS", "marketing=3/7"), ("SPANS", "sms=3/7d"),
        ("SPANS", "marketing=3/0d"),
    ])
    func `what makes no sense is refused by its key`(name: String, value: String) async throws {
        let error = await #expect(throws: SettingsError.self) {
            _ = try await Self.settings(["KPUSH_SUPPRESSION_\(name)": value])
        }
        #expect(error?.key == (name == "SPANS" ? "suppression.spans" : "suppression.allow-list"))
        #expect(error?.reason.hasSuffix("not \(value)") == true)
    }
}
