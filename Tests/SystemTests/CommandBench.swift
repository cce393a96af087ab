import Console
import CurlDriver
import Foundation
import Groundwork
import PushEngine
import SQLiteDriver
import SupplierSimulator
import Suppliers
import TestKit
import Testing

@testable import KPush

/// A served data folder with sample templates and accounts, a simulator behind it, and the commands before it.
final class CommandBench {
    /// The sample template of a campaign, that of a code, and that of an order.
    static let (campaign, code) = (1, 2)

    /// Templates of a mail, and of what a signed webhook takes.
    private(set) var mail = 0
    private(set) var webhook = 0
    /// A template that tells of a job's trouble.
    private(set) var alarm = 0
    /// Others that tell of it: by mail, by a webhook and by a group's robot.
    private(set) var alarms: [Channel: Int] = [:]

    let folder: TemporaryFolder
    let server: ServerProcess
    private let simulator: SimulatorProcess

    private init(_ settings: [String: String]) throws {
        folder = try TemporaryFolder()
        server = try ServerProcess(data: folder.file("data"), settings: settings)
        simulator = try SimulatorProcess(
            ["--receipt-delay-ms", "50", "--smtp-port", "0"],
            program: ServerProcess.program()
        )
    }

    deinit {
        // Before its folder goes away under it.
        server.kill()
        // Its input ends with this process at the latest.
        try? simulator.stop()
    }

    /// Starts everything; `settings` are environment variables such as `KPUSH_ZONE`.
    static func start(settings: [String: String] = [:]) async throws -> CommandBench {
        let bench = try CommandBench(settings)
        try await bench.load()
        try await bench.server.start()
        return bench
    }

    var url: String { "http://127.0.0.1:\(server.webPort)" }

    /// Runs `kpush` against the server, with its token.
    func kpush(_ arguments: String..., input: String = "") async throws -> Program.Ending {
        try await kpush(arguments, input: input)
    }

    /// Runs `kpush` against the server, with its token.
    func kpush(_ arguments: [String], input: String = "") async throws -> Program.Ending {
        try await Program.run(
            arguments,
            input: input,
            environment: ["KPUSH_SERVER": url, "KPUSH_DATA": server.data, "TZ": "Asia/Shanghai"]
        )
    }

    /// Writes a file and tells its path.
    func file(_ name: String, _ text: String) throws -> String {
        let path = folder.file(name)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func load() async throws {
        let composition = try await Composition.filling(server.data)
        let store = composition.engine.store
        let (template, accounts) = try await SampleData(templates: store, accounts: store)
            .load(simulator: simulator.url)
        try #require(template.rawValue == Self.campaign)
        let aliyun = try #require(accounts.first { $0.kind == .aliyun })
        mail = try await approve(#"{"title":"Hi","content":"<p>{$city}</p>"}"#, .email, store)
        alarm = try await approve("{$group}/{$job} {$event}: {$reason}: {$message}", .sms, store)
        webhook = try await approve(#"{"content":"hello"}"#, .im, store)
        try await loadAlarms(store)
        let path = composition.receiptAddress.path(aliyun.id)
        let control = SimulatorControl(simulator, http: composition.engine.http)
        try await control.postReceipts(to: [.aliyun: url + path])
        composition.engine.http.shutdown()
    }

    /// Accounts and templates for telling of trouble otherwise than by SMS.
    private func loadAlarms(_ store: some AccountStore & TemplateStore) async throws {
        let fields = #"{"title":"{$group}/{$job} {$event}: {$reason}","content":"{$message}"}"#
        let chat = #"{"sendType":"10","content":"{$group}/{$job} {$event}: {$reason}: {$message}"}"#
        let mailServer = try #require(simulator.mailURL)
        let ways: [(SimulatedSupplier, Channel, String, String)] = [
            (.smtp, .email, fields, mailServer),
            (.webhook, .im, fields, "\(simulator.url)/webhook"),
            (.dingTalkRobot, .dingTalkRobot, chat, "\(simulator.url)/dingtalk-robot"),
        ]
        for (supplier, channel, content, url) in ways {
            _ = try await store.putAccount(SampleData.demoAccount(supplier, channel: channel, at: url))
            alarms[channel] = try await approve(content, channel, store)
        }
    }

    private func approve(
        _ content: String,
        _ channel: Channel,
        _ store: some TemplateStore
    ) async throws -> Int {
        let draft = TemplateDraft(
            name: channel.name,
            channel: channel,
            messageType: .notice,
            templateType: .operations,
            content: content
        )
        let made = try await store.createTemplate(draft, by: "editor")
        _ = try await store.auditTemplate(made.id, version: 1, approved: true, note: "", by: "auditor")
        return Int(made.id.rawValue)
    }
}
