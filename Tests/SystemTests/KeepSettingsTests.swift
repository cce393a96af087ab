import Groundwork
import PushEngine
import Testing

@testable import KPush

/// How long the settings say that things are kept.
@Suite struct KeepSettingsTests {
    private static func settings(_ values: [String: String]) async throws -> KeepSettings {
        try await ServeSettings.read(file: nil, environment: values, flags: [:]).retention
    }

    private static let day = Duration.seconds(86_400)

    @Test func `messages are kept for 90 days, runs and crowd files for 30, or as it is set`() async throws {
        let usual = try await Self.settings([:])
        #expect(usual.books.messages == Self.day * 90)
        #expect(usual.books.crowds == Self.day * 30)
        #expect(usual.books.links == Self.day * 365)
        #expect(usual.books.reconciliations == Self.day * 365)
        #expect(usual.runs == Self.day * 30)
        #expect(usual.runDays == Self.day * 400)
        let own = try await Self.settings([
            "KPUSH_RETENTION_MESSAGES": "3650d", "KPUSH_RETENTION_CROWDS": "36h",
            "KPUSH_RETENTION_RUNS": "25h", "KPUSH_RETENTION_LINKS": "30d",
            "KPUSH_RETENTION_RECONCILIATIONS": "1000d",
        ])
        #expect(own.books.messages == Self.day * 3_650)
        #expect(own.books.crowds == .seconds(36 * 3_600))
        #expect(own.books.links == Self.day * 30)
        #expect(own.books.reconciliations == Self.day * 1_000)
        #expect(own.runs == .seconds(25 * 3_600))
        // Counts outlive the runs that they count, also where only those have a time of their own.
        #expect(try await Self.settings(["KPUSH_RETENTION_RUNS": "1000d"]).runDays == Self.day * 1_000)
        // Logs go by whole days, and not before their runs.
        #expect(own.logDays == 2)
        #expect(usual.logDays == 30)
    }

    @Test(arguments: [
        ("MESSAGES", "6d", "is from 7d to 3650d, not 6d"),
        ("MESSAGES", "90", "is from 7d to 3650d, not 90"),
        ("MESSAGES", "for ever", "is from 7d to 3650d, not for ever"),
        ("RUNS", "23h", "is from 1d to 3650d, not 23h"),
        ("RUNS", "0d", "is from 1d to 3650d, not 0d"),
        ("LINKS", "6d", "is from 7d to 3650d, not 6d"),
        ("RECONCILIATIONS", "6d", "is from 7d to 3650d, not 6d"),
        ("CROWDS", "3651d", "is from 1d to 3650d, not 3651d"),
    ])
    func `what is out of range is refused by its key`(name: String, value: String, why: String) async throws {
        let error = await #expect(throws: SettingsError.self) {
            _ = try await Self.settings(["KPUSH_RETENTION_\(name)": value])
        }
        #expect(error?.key == "retention.\(name.lowercased())")
        #expect(error?.reason == why)
    }
}
