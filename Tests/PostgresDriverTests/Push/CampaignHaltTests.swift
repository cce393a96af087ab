import Conformance
import Groundwork
import LocalServers
import PushEngine
import TestKit
import Testing

@testable import PostgresDriver

/// Pausing and cancelling a campaign while many write messages of it without a gap between them.
@Suite struct CampaignHaltTests {
    @Test(arguments: [CampaignState.paused, .cancelled])
    func `who halts a campaign waits for those who write of it, and for nobody who comes later`(
        state: CampaignState
    ) async throws {
        let stage = try await Stage()
        let (rig, run) = (stage.rig, stage.run)
        // One writes of the campaign when it is halted, and the next begins before he is done.
        let first = try stage.stand("LOCK TABLE trace IN SHARE MODE")
        async let decided = rig.books.decide([Self.discarded], calls: [], of: stage.batch)
        try await stage.waiting(1)
        async let halted = rig.set(run, state)
        try await stage.waiting(2)
        let second = try stage.stand(stage.entering("+8613800009999"))
        async let admitted = stage.admit(["+8613800009999"], from: 10, to: 11)
        try await stage.waiting(3)

        try first.giveWay()
        _ = try await decided
        #expect(try await halted.map(\.id) == [run.id])
        try second.giveWay()
        #expect(try await admitted == .conflict)
    }

    @Test func `a call is not written down by who waited while its campaign was cancelled`() async throws {
        let stage = try await Stage()
        let (rig, run, batch) = (stage.rig, stage.run, stage.batch)
        let other = try #require(
            try await rig.books.admit(rig.stretch(run.id, PushRig.phones(2, from: 5), from: 10, to: 12)).batch
        )
        let first = try stage.stand("LOCK TABLE trace IN SHARE MODE")
        async let decided = rig.books.decide([Self.discarded], calls: [], of: batch)
        try await stage.waiting(1)
        async let cancelled = rig.set(run, .cancelled)
        try await stage.waiting(2)
        let call = PlannedCall(account: PushRig.account, members: Members([0]))
        async let called = rig.books.decide([], calls: [call], of: other)
        try await stage.waiting(3)
        try first.giveWay()
        _ = try await (decided, cancelled)
        #expect(try await called.intents.isEmpty)
    }

    private static let discarded = Decision(members: Members([0]), state: .discarded, detail: "listed")

    /// A campaign whose first ten rows are admitted.
    private struct Stage {
        let rig: PushRig
        let run: CampaignRun
        let batch: BatchID
        private let address: String
        private let watch: PostgresPool

        init() async throws {
            address = try await TestPostgres.database()
            watch = PostgresPool(try PostgresSettings(address: address))
            rig = try await PushRig.postgres(on: address)
            run = try await rig.run()
            let stretch = rig.stretch(run.id, PushRig.phones(2), from: 0, to: 10)
            batch = try #require(try await rig.books.admit(stretch).batch)
        }

        /// Admits rows of the campaign; tells why not.
        func admit(_ recipients: [String], from: Int, to: Int) async throws -> StoreError.Code? {
            do throws(StoreError) {
                _ = try await rig.books.admit(rig.stretch(run.id, recipients, from: from, to: to))
                return nil
            } catch { return error.code }
        }

        /// What has everybody wait who enters that recipient.
        func entering(_ phone: String) -> String {
            let id = BatchDay(of: batch).messages.upperBound - 1
            let key = RecipientKey(address: phone).rawValue
            return """
                INSERT INTO record (key, origin, id, row, address) VALUES (\(key), \(run.id.rawValue), \(id), 0, '')
                """
        }

        /// Begins a transaction that stands in others' way.
        func stand(_ sql: String) throws -> Obstacle { try Obstacle(address, sql) }

        /// Returns when as many statements wait for others.
        func waiting(_ count: Int) async throws {
            try await waited(for: "\(count) do not wait") {
                try await watch.single("count who waits") { link in
                    try link.run(Self.countWaiting).first?.int(0)
                } == count
            }
        }

        private static let countWaiting = """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            """
    }

    /// A transaction that stands in others' way until it ends.
    private struct Obstacle {
        private let link: PostgresLink

        init(_ address: String, _ sql: String) throws {
            link = try PostgresLink(PostgresSettings(address: address))
            try link.runScript("BEGIN; \(sql)")
        }

        func giveWay() throws { try link.runScript("ROLLBACK") }
    }
}
