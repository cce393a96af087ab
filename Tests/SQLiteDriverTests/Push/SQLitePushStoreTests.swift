import Conformance
import Foundation
import GRDB
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import SQLiteDriver

/// What only this form of the books can get wrong.
final class SQLitePushStoreTests {
    private let folder: TemporaryFolder
    private let store: SQLitePushStore
    private let rig: PushRig

    init() throws {
        folder = try TemporaryFolder()
        let clock = ManualClock(PushRig.noon)
        store = try SQLitePushStore.open(folder.path, clock)
        rig = PushRig(books: store, clock: clock, keys: RequestKeys(installation: store.installation))
    }

    @Test func `an address whose hash is another's is admitted, found and known`() async throws {
        let run = try await rig.run()
        let (ann, ben) = ("ann@example.org", "ben@example.org")
        let first = try await rig.books.admit(rig.stretch(run.id, [ann], from: 0, to: 1))
        // As if both had the same hash: no two addresses are known that have.
        try await store.database.write("collide") { db in
            try db.execute(
                sql: "UPDATE young_recipient_index SET key = ?",
                arguments: [RecipientKey(address: ben).rawValue]
            )
        }
        let second = try await rig.books.admit(rig.stretch(run.id, [ben], from: 1, to: 2))
        #expect(second.duplicates.isEmpty)
        let third = try await rig.books.admit(rig.stretch(run.id, [ben], from: 2, to: 3))
        #expect(third.duplicates == [0])
        let found = try await rig.books.records(.recipient(ben), state: nil, before: nil, limit: 9)
        #expect(found.map(\.id.batch) == [try #require(second.batch)])
        let batch = try #require(second.batch)
        let intent = try await rig.send(batch, [0], .accepted(reference: "s", charge: 1))
        #expect(try await rig.apply([rig.receipt(ben, intent)]).applied == 1)
        #expect(try await rig.states(try #require(first.batch), 1) == [.queued])
    }

    @Test func `the last key of the hashes is followed by the first`() {
        #expect(RecipientProbe.next(after: -1) == Int64.min)
        #expect(RecipientProbe.next(after: Int64.min) == Int64.min + 1)
    }

    @Test func `an account's key lies in no file in plain text`() async throws {
        let account = SupplierAccount.sample(
            config: AccountConfig(["id": "public-part"], secrets: ["key": Secret("a-very-secret-part")])
        )
        _ = try await rig.books.putAccount(account)
        for name in ["push.db", "push.db-wal"] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
            #expect(bytes.range(of: Data("a-very-secret-part".utf8)) == nil)
        }
        let log = try Data(contentsOf: URL(fileURLWithPath: folder.file("push.db-wal")))
        #expect(log.range(of: Data("public-part".utf8)) != nil)
    }

    @Test func `an account of another key comes without its own, and leaves the others theirs`() async throws
    {
        var account = SupplierAccount.sample()
        _ = try await rig.books.putAccount(account)
        let other = try SQLitePushStore(
            path: folder.file("push.db"),
            clock: rig.clock.calendar,
            calendar: BusinessCalendar(zone: .gmt),
            sealer: try AESSealer(key: AESSealer.newKey())
        )
        account.name = "backup"
        _ = try await other.putAccount(account)
        #expect(try await other.accounts().map(\.name) == ["main", "backup"])
        #expect(try await other.accounts().map(\.canSign) == [false, true])
        #expect(try await rig.books.accounts().map(\.canSign) == [true, false])
    }

    @Test func `the installation's number stays, and differs from another's`() async throws {
        let again = try SQLitePushStore.open(folder.path, rig.clock)
        #expect(again.installation == store.installation)
        let elsewhere = try TemporaryFolder()
        #expect(try SQLitePushStore.open(elsewhere.path, rig.clock).installation != store.installation)
    }

    @Test func `a record keeps its size while it changes`() async throws {
        let account = try await rig.books.putAccount(.sample("first"))
        let batch = try await rig.admit(PushRig.phones(2_000))
        let before = try await pages("record")
        let intent = try await rig.call(batch, Array(0..<2_000), account: account.id)
        let results = [CallResult](repeating: .accepted(reference: "s", charge: 1), count: 2_000)
        try await rig.books.conclude([IntentOutcome(intent: intent, results: results)], of: batch)
        #expect(try await pages("record") == before)
    }

    @Test func `a batch of the largest size is taken, and none larger`() async throws {
        let batch = try await rig.admit(PushRig.phones(BatchID.capacity))
        #expect(try await rig.books.open(batch)?.waiting.count == BatchID.capacity)
        await expectStoreError(.conflict) {
            _ = try await self.rig.admit(PushRig.phones(BatchID.capacity + 1))
        }
    }

    /// How many pages of the file a table takes.
    private func pages(_ table: String) async throws -> Int? {
        try await store.database.read("count pages") { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM dbstat WHERE name = ?", arguments: [table])
        }
    }
}
