import Groundwork
import Testing

@testable import KPush

/// The token that executors and schedulers show each other, as the settings give it.
@Suite struct TokenSettingsTests {
    private static func settings(_ token: String) async throws -> ServeSettings {
        try await ServeSettings.read(file: nil, environment: ["KPUSH_EXECUTOR_TOKEN": token], flags: [:])
    }

    @Test func `CVE-2022-36157, #3938: the token that xxl-job is installed with is refused in every role`()
        async throws
    {
        let error = await #expect(throws: SettingsError.self) { _ = try await Self.settings("default_token") }
        #expect(error?.key == "executor.token")
        #expect(try await Self.settings("another-token").executorToken == Secret("another-token"))
    }
}
