import Executor
import Foundation
import Groundwork
import Logging
import TestKit
import Testing

@testable import KPush

/// What the executor role may do is said in the settings, and checked before anything runs.
@Suite(.timeLimit(.minutes(2))) struct ExecutorRoleSettingsTests {
    private static func settings(_ values: [String: String]) async throws -> ServeSettings {
        try await ServeSettings.read(file: nil, environment: values, flags: [:])
    }

    @Test func `by itself it runs no scripts, no commands and no calls`() async throws {
        let settings = try await Self.settings([:]).executor
        #expect(settings.appName == "kpush" && settings.admins.isEmpty)
        #expect(settings.mode == .push && settings.seats == 256)
        #expect(!settings.runsScripts && settings.commands.isEmpty && settings.addresses.isEmpty)
        var handlers = HandlerCatalogue()
        try settings.extend(&handlers)
        #expect(handlers.names.isEmpty)
    }

    @Test func `every setting is read`() async throws {
        let settings =
            try await Self.settings([
                "KPUSH_EXECUTOR_APP_NAME": "nightly-jobs", "KPUSH_EXECUTOR_SCRIPTS_ENABLED": "on",
                "KPUSH_EXECUTOR_SCRIPTS_USER": "nobody", "KPUSH_EXECUTOR_SCRIPTS_PATH": "/opt/bin:/bin",
                "KPUSH_EXECUTOR_SCRIPTS_MEMORY": "512", "KPUSH_EXECUTOR_SCRIPTS_PROCESSES": "64",
                "KPUSH_EXECUTOR_SCRIPTS_FILE_SIZE": "10", "KPUSH_EXECUTOR_SCRIPTS_CPU": "5m",
                "KPUSH_EXECUTOR_SCRIPTS_OUTPUT": "100", "KPUSH_EXECUTOR_SCRIPTS_GRACE": "2s",
                "KPUSH_EXECUTOR_SCRIPTS_WIDTH": "4", "KPUSH_EXECUTOR_MODE": "pull",
                "KPUSH_EXECUTOR_SEATS": "64",
                "KPUSH_EXECUTOR_COMMANDS_ALLOWED": "/usr/bin/df, /usr/bin/systemctl status",
                "KPUSH_EXECUTOR_HTTP_ALLOWED": "https://example.org/jobs",
            ])
            .executor
        var programs = ProgramSettings()
        (programs.user, programs.path, programs.memory) = ("nobody", "/opt/bin:/bin", 512 << 20)
        (programs.processes, programs.fileSize, programs.cpuSeconds) = (64, 10 << 20, 300)
        (programs.output, programs.grace, programs.width) = (100 << 10, .seconds(2), 4)
        #expect(settings.programs == programs)
        #expect(settings.runsScripts && settings.appName == "nightly-jobs")
        #expect(settings.commands == ["/usr/bin/df", "/usr/bin/systemctl status"])
        #expect(settings.addresses == ["https://example.org/jobs"])
        #expect(settings.mode == .pull && settings.seats == 64)
    }

    @Test(arguments: [
        ("executor.app-name", ["KPUSH_EXECUTOR_APP_NAME": "K"]),
        ("executor.scripts.enabled", ["KPUSH_EXECUTOR_SCRIPTS_ENABLED": "perhaps"]),
        ("executor.mode", ["KPUSH_EXECUTOR_MODE": "fetch"]),
        ("executor.seats", ["KPUSH_EXECUTOR_SEATS": "0"]),
        (
            "executor.mode",
            [
                "KPUSH_EXECUTOR_MODE": "pull", "KPUSH_EXECUTOR_ADMINS": "http://a:1",
                "KPUSH_ROLES": "executor",
            ]
        ),
        ("executor.scripts.memory", ["KPUSH_EXECUTOR_SCRIPTS_MEMORY": "much"]),
        ("executor.scripts.grace", ["KPUSH_EXECUTOR_SCRIPTS_GRACE": "1h"]),
        (
            "executor.admins",
            ["KPUSH_EXECUTOR_ADMINS": "http://a:1", "KPUSH_ROLES": "web,scheduler,executor,worker"]
        ),
        (
            "executor.admins",
            [
                "KPUSH_EXECUTOR_ADMINS": "http://a:1", "KPUSH_ROLES": "executor",
                "KPUSH_EXECUTOR_SCHEDULERS": "http://b:1",
            ]
        ),
    ])
    func `a setting that makes no sense is named`(key: String, values: [String: String]) async throws {
        let error = await #expect(throws: SettingsError.self) { _ = try await Self.settings(values) }
        #expect(error?.key == key)
    }

    @Test(arguments: [
        (
            "executor.scripts.user",
            ["KPUSH_EXECUTOR_SCRIPTS_ENABLED": "on", "KPUSH_EXECUTOR_SCRIPTS_USER": "nobody-knows-them"]
        ),
        (
            "executor.scripts.memory",
            ["KPUSH_EXECUTOR_SCRIPTS_ENABLED": "on", "KPUSH_EXECUTOR_SCRIPTS_MEMORY": "1"]
        ),
        ("executor.commands.allowed", ["KPUSH_EXECUTOR_COMMANDS_ALLOWED": "df"]),
        ("executor.http.allowed", ["KPUSH_EXECUTOR_HTTP_ALLOWED": "example.org"]),
    ])
    func `what cannot be used on this host stops the start, and is named`(
        key: String,
        values: [String: String]
    ) async throws {
        let folder = try TemporaryFolder()
        let user = geteuid() == 0 ? ["KPUSH_EXECUTOR_SCRIPTS_USER": "nobody"] : [:]
        var settings = try await Self.settings(user.merging(values) { $1 })
        settings.data = folder.file("data")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let composition = try await Composition(settings, logger: logger)
        let error = #expect(throws: SettingsError.self) { _ = try composition.services() }
        #expect(error?.key == key)
    }

    @Test func `under an xxl-job admin a process registers, runs a script and calls back`() async throws {
        try await FakeAdmin.serve(.third, token: Secret("secret")) { admin in
            let folder = try TemporaryFolder()
            let values = [
                "KPUSH_ROLES": "executor", "KPUSH_EXECUTOR_PORT": "0", "KPUSH_EXECUTOR_ADMINS": admin.address,
                "KPUSH_EXECUTOR_ADMIN_TOKEN": "secret", "KPUSH_EXECUTOR_APP_NAME": "nightly-jobs",
                "KPUSH_EXECUTOR_SCRIPTS_ENABLED": "on",
            ]
            let user = geteuid() == 0 ? ["KPUSH_EXECUTOR_SCRIPTS_USER": "nobody"] : [:]
            var settings = try await Self.settings(values.merging(user) { $1 })
            settings.data = folder.file("data")
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let composition = try await Composition(settings, logger: logger)
            let executor = try #require(try composition.services().last)
            try await whileRunning(executor) {
                try await eventually("registered") { !admin.events.isEmpty }
                guard case .registered(let request) = admin.events.first else {
                    Issue.record("the first event is not a registration")
                    return
                }
                #expect(request.appName == "nightly-jobs")
                var run = RunRequest(
                    job: JobID(rawValue: 1),
                    run: RunID(rawValue: 7),
                    handler: "",
                    plannedAt: Moment(millisecondsSinceEpoch: 1_795_597_200_000)
                )
                (run.glueType, run.glueSource) = ("GLUE_SHELL", "echo $KPUSH_RUN_ID; exit 9")
                #expect(try await admin.dispatch(run, to: request.address).code == 200)
                try await eventually("called back") { !admin.callbacks.isEmpty }
            }
            // A result whose answer was on its way when the process was told to end is told once more.
            #expect(Set(admin.callbacks.map(\.run)) == [RunID(rawValue: 7)])
            #expect(Set(admin.callbacks.map(\.outcome)) == [.failed("script exit value(9) is failed")])
        }
    }
}
