import Conformance
import Foundation
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import PostgresDriver

/// What becomes of books that were copied into PostgreSQL.
@Suite struct PostgresArchiveTests {
    private static let day = Duration.seconds(86_400)

    @Test func `copied messages stay for as long as the newest of them would`() async throws {
        let (store, accepted) = try await copied()
        #expect(try await store.removed(before: accepted - Self.day) == 0)
        #expect(try await store.removed(before: accepted) == 0)
        #expect(try await store.removed(before: accepted + Self.day) == 1)
    }

    @Test func `a day stays while an occurrence adds to it`() async throws {
        let (store, accepted) = try await copied()
        try await store.pool.write("open") { link in
            _ = try link.run(
                """
                INSERT INTO campaign_run (campaign, planned_at, template_version, state, started_at, partition)
                VALUES (1, 1, 1, 'paused', 1, 0)
                """
            )
        }
        #expect(try await store.removed(before: accepted + Self.day) == 0)
        try await store.pool.write("end") { _ = try $0.run("UPDATE campaign_run SET state = 'finished'") }
        #expect(try await store.removed(before: accepted + Self.day) == 1)
    }

    @Test func `what comes after a copy has numbers beyond those that were given`() async throws {
        let (store, _) = try await copied(numbers: ["batch": 41, "call": 500, "template": 7])
        let rig = PushRig(
            books: store,
            clock: ManualClock(PushRig.noon),
            keys: RequestKeys(installation: store.installation)
        )
        #expect(store.installation == 4_711)
        let batch = try await rig.admit(PushRig.phones(1))
        #expect(batch.rawValue - BatchDay(of: batch).lowest == 42)
        let call = try await rig.call(batch, [0])
        #expect(call.id.rawValue - BatchDay(of: call.id).lowest == 501)
        let draft = TemplateDraft(name: "T", messageType: .notice, templateType: .technical, content: "t")
        #expect(try await store.createTemplate(draft, by: "test").id.rawValue == 8)
    }

    /// Books with one copied batch, whose message has its final state, and when it was accepted.
    private func copied(
        numbers: [String: Int64] = [:]
    ) async throws -> (store: PostgresPushStore, accepted: Moment) {
        let pool = PostgresPool(try PostgresSettings(address: try await TestPostgres.database()))
        let archive = try await PostgresArchive(pool)
        try await archive.begin()
        let midnight = BatchDay(PushRig.noon).start
        var task = SendTask(
            template: TemplateID(rawValue: 1),
            templateVersion: 1,
            lane: Lane(channel: .sms, type: .notice),
            shield: .none,
            account: nil,
            campaignRun: nil,
            acceptedAt: midnight
        )
        task.recipients.append(Array("+8613800001000".utf8))
        task.contents.append(Array("text".utf8))
        task.contentIndex.append(0)
        let member = ArchivedBatch.Member(
            place: 0,
            row: 0,
            state: .delivered,
            account: PushRig.account,
            charge: 1,
            changedAt: midnight
        )
        try await archive.write([
            ArchivedBatch(
                id: BatchID(rawValue: 40),
                day: 20_260_401,
                task: task,
                states: 0,
                members: [member]
            )
        ])
        try await archive.finish(installation: 4_711, numbers: numbers)
        let store = try await PostgresPushStore(
            pool,
            clock: ManualClock(PushRig.noon).calendar,
            calendar: BusinessCalendar(zone: .gmt),
            sealer: try AESSealer(key: [UInt8](repeating: 7, count: AESSealer.keyLength)),
            callLimit: .zero
        )
        return (store, midnight)
    }
}

extension PostgresPushStore {
    /// Removes all old messages; tells how many there were.
    fileprivate func removed(before moment: Moment) async throws -> Int {
        try await removeMessages(acceptedBefore: moment, after: nil, limit: 1).removed
    }
}
