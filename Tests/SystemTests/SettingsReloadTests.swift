import Foundation
import Groundwork
import Logging
import PushEngine
import Synchronization
import TestKit
import Testing

@testable import KPush

/// Settings that change while the process runs.
@Suite(.timeLimit(.minutes(2))) struct SettingsReloadTests {
    private static let marketing = Lane(channel: .sms, type: .marketing)

    private static func settings(_ yaml: String, in folder: String) async throws -> ServeSettings {
        let file = folder + "/kpush.yaml"
        try Data(yaml.utf8).write(to: URL(fileURLWithPath: file))
        return try await ServeSettings.read(file: file, environment: [:], flags: [:])
    }

    @Test func `a lane has the width that is named for it, and the others the common one`() async throws {
        let folder = try TemporaryFolder()
        let settings = try await Self.settings(
            "worker:\n  width: 3\n  widths: [sms.marketing=8, sms.auth_code=2]\n",
            in: folder.path
        )
        #expect(settings.width(of: Self.marketing) == 8)
        #expect(settings.width(of: Lane(channel: .sms, type: .verificationCode)) == 2)
        #expect(settings.width(of: Lane(channel: .sms, type: .notice)) == 3)
    }

    @Test(arguments: ["sms.marketing", "sms.marketing=0", "sms.nothing=2", "fax.marketing=2", "=2"])
    func `a width that makes no sense is refused by its key`(pair: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let error = await #expect(throws: SettingsError.self) {
            _ = try await Self.settings("worker:\n  widths: \"\(pair)\"\n", in: path)
        }
        #expect(error?.key == "worker.widths")
    }

    @Test func `a hangup has the pools take on the widths that the settings have now`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        var settings = ServeSettings()
        settings.data = folder.file("data")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let composition = try await Composition(settings, logger: logger)
        let groups = composition.engine.pushService(settings, logger: logger).groups
        let reload = SettingsReload(
            groups: groups,
            read: { try await Self.settings("worker:\n  widths: [sms.marketing=7]\n", in: path) },
            logger: logger
        )
        let marketing = try #require(groups.first { $0.lane == Self.marketing })
        // Until it listens a hangup must not end the tests.
        signal(SIGHUP, SIG_IGN)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await reload.run() }
            try await eventually("it has as many seats") {
                kill(getpid(), SIGHUP)
                return marketing.pool.width == 7
            }
            group.cancelAll()
        }
        #expect(groups.filter { $0.lane != Self.marketing }.allSatisfy { $0.pool.width == 4 })
    }
}
