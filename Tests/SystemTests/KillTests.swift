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

/// A campaign whose process is killed again and again.
@Suite(.serialized, .timeLimit(.minutes(20))) struct KillTests {
    private static let kills = 20

    @Test func `a process that is killed twenty times sends to everybody exactly once`() async throws {
        let folder = try TemporaryFolder()
        let simulator = try SimulatorProcess(
            ["--no-scripts", "--receipt-delay-ms", "200"],
            program: ServerProcess.program()
        )
        defer { try? simulator.stop() }
        let control = SimulatorControl(simulator, http: CurlHTTPClient())
        // Long after all that a killed process wrote into a connection has arrived.
        let server = try ServerProcess(
            data: folder.file("data"),
            settings: ["KPUSH_RECEIPTS_QUERY_AFTER": "15s", "KPUSH_RECEIPTS_RESEND_AFTER": "15s"]
        )
        let good = try await prepare(server, control)
        let books = try Books(server.data)

        var random = SeededGenerator(seed: 20)
        let points = (0..<Self.kills).map { _ in Int.random(in: 0..<good, using: &random) }.sorted()
        var mostInDoubt = 0
        for point in points {
            try await server.start()
            try await eventually("\(point) messages are out") { try await control.stats().accepted >= point }
            server.kill()
        }
        try await server.start()
        try await eventually(
            "everybody is out and nothing is in doubt",
            within: .seconds(900),
            every: .milliseconds(200)
        ) {
            let states = try await books.states()
            mostInDoubt = max(mostInDoubt, states[.unknown, default: 0])
            return states.values.reduce(0, +) == good
                && [.queued, .held, .unknown].allSatisfy { states[$0, default: 0] == 0 }
        }
        #expect(server.stop() == 0)

        // Ours against theirs, recipient by recipient.
        let stats = try await control.stats()
        #expect(stats.doubled == 0)
        #expect(stats.accepted == good)
        let taken = try await ledger(simulator.url)
        let records = try await books.records()
        #expect(records.count == good)
        #expect(Set(records.map(\.recipient)) == taken)
        #expect(records.allSatisfy { [.delivered, .undelivered, .accepted].contains($0.state) })
        #expect(try await books.states().filter { $0.value != 0 } == books.recount())
        // Nobody was sent to again but after a call that was cut off, and that nobody could know of.
        var sentAgain = 0
        for record in records {
            let stages = try #require(await books.store.story(of: record.id)).map(\.stage)
            let calls = stages.filter { $0 == .calling }.count
            guard calls > 1 else { continue }
            sentAgain += 1
            #expect(stages.filter { $0 == .requeued }.count == calls - 1)
            // The last call may have been cut off as well; its receipt told that it had arrived.
            #expect((calls - 1...calls).contains(stages.filter { $0 == .abandoned }.count))
        }
        print(
            """
            killed \(Self.kills) times: \(stats.distinct) of \(good) taken once; up to \(mostInDoubt) at a time \
            were in doubt, \(sentAgain) had never left and were sent again
            """
        )
    }

    /// Stores templates, accounts, a crowd of 20,000 rows and a campaign that is due; tells its good rows.
    private func prepare(_ server: ServerProcess, _ control: SimulatorControl) async throws -> Int {
        let composition = try await Composition.filling(server.data)
        let store = composition.engine.store
        let (_, accounts) = try await SampleData(templates: store, accounts: store)
            .load(simulator: control.url)
        let template = try await template(store)
        let aliyun = try #require(accounts.first { $0.kind == .aliyun })
        let path = composition.receiptAddress.path(aliyun.id)
        try await control.postReceipts(to: [.aliyun: "http://127.0.0.1:\(server.webPort)\(path)"])
        var recipe = CrowdRecipe(rows: 20_000)
        recipe.bad = 0.03
        recipe.duplicates = 0.05
        var generator = try CrowdGenerator(recipe)
        let file = server.data + "/crowd.csv"
        try generator.write(to: file)
        let crowd = try await composition.engine.library.take(file)
        let soon = composition.engine.clock.now + .seconds(1)
        _ = try await composition.campaigns.create(
            CampaignDraft(
                name: "Kill",
                template: template,
                crowd: crowd.digest,
                schedule: .once(soon),
                createdBy: "test"
            )
        )
        return generator.summary.good
    }

    /// An approved template that has what the supplier knows nothing of sent again.
    private func template(_ store: any PushBooks) async throws -> TemplateID {
        let draft = TemplateDraft(
            name: "Kill",
            messageType: .marketing,
            templateType: .operations,
            content: "{$city}的朋友，您的{$coupon}优惠券已到账 拒收请回复R",
            guarantee: .atLeastOnce
        )
        let made = try await store.createTemplate(draft, by: "test")
        return try await store.auditTemplate(made.id, version: 1, approved: true, note: "", by: "test").id
    }

    /// Everybody the suppliers took, who must be in their books once.
    private func ledger(_ url: String) async throws -> Set<String> {
        let request = HTTPRequest(
            method: "GET",
            url: url + "/_sim/ledger/export",
            timeouts: HTTPTimeouts(total: .seconds(300))
        )
        let lines = String(decoding: try await CurlHTTPClient().send(request).body, as: UTF8.self)
        let recipients = lines.split(separator: "\n")
            .compactMap { $0.split(separator: "\t").first.map(String.init) }
        #expect(Set(recipients).count == recipients.count)
        return Set(recipients)
    }
}

/// The server's books, read beside it.
private struct Books {
    let store: SQLitePushStore

    init(_ data: String) throws {
        store = try .books(in: data)
    }

    private func run() async throws -> CampaignRunID? {
        try await store.campaignRuns(of: nil, before: nil, limit: 1).first?.id
    }

    func states() async throws -> [DeliveryState: Int] {
        guard let run = try await run() else { return [:] }
        return try await store.tallies(of: run).reduce(into: [:]) { $0[$1.state, default: 0] += $1.count }
    }

    func recount() async throws -> [DeliveryState: Int] {
        try await store.recount(of: #require(await run()))
    }

    func records() async throws -> [MessageRecord] {
        try await store.allRecords(of: #require(await run()))
    }
}
