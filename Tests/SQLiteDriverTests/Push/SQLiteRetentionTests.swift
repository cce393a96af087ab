import Conformance
import GRDB
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import SQLiteDriver

/// What removing leaves of the file of the books.
final class SQLiteRetentionTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func `no row is left of a message that is gone, and the young part is counted right`() async throws
    {
        let rig = try PushRig(folder.path)
        let store = try SQLitePushStore.open(folder.path, rig.clock)
        let batch = try await rig.admit(PushRig.phones(15), bizIDs: (0..<15).map { "order-\($0)" })
        let addresses = (0..<15).map { "user-\($0)@example.org" }
        let mail = try await rig.admit(addresses)
        try await rig.finish(batch, PushRig.phones(15))
        try await rig.finish(mail, addresses)
        let unknown = try await rig.admit(PushRig.phones(1))
        let call = try await rig.call(unknown, [0])
        try await rig.books.abandon([call], of: unknown)
        let message = MessageID(batch: unknown, index: 0)
        #expect(try await rig.books.confirmAccepted(message, reference: "r"))
        _ = try await rig.apply([rig.receipt(PushRig.phones(1)[0], call)])
        let full = try await rows(store)
        #expect(full.values.allSatisfy { $0 > 0 }, "\(full)")

        rig.clock.advance(by: .seconds(86_400))
        let removal = try await store.removeMessages(acceptedBefore: rig.now, after: nil, limit: 1_000)
        #expect(removal.removed == 31)
        let left = try await rows(store)
        #expect(left.values.allSatisfy { $0 == 0 }, "\(left)")
        let young = try await store.database.read("count") { db in
            try Int.fetchOne(db, sql: "SELECT count FROM young")
        }
        #expect(young == 0)
    }

    @Test func `the file does not grow for ever: what became free is used again`() async throws {
        let rig = try PushRig(folder.path)
        let store = try SQLitePushStore.open(folder.path, rig.clock)
        var sizes: [Int] = []
        for _ in 0..<6 {
            let batch = try await rig.admit(PushRig.phones(2_000))
            try await rig.finish(batch, PushRig.phones(2_000))
            rig.clock.advance(by: .seconds(86_400))
            let removal = try await store.removeMessages(acceptedBefore: rig.now, after: nil, limit: 1)
            #expect(removal.removed == 2_000)
            sizes.append(
                try await store.database.read("measure") { db in
                    try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
                }
            )
        }
        #expect(sizes[0] > 100)
        // Room for a few pages more of indexes that are filled in another order.
        #expect(sizes[5] <= sizes[1] + sizes[1] / 20, "\(sizes)")
    }

    private static let tables = [
        "batch", "payload", "record", "biz", "receipt", "confirmation", "intent", "trace",
    ]

    /// How many rows the tables have that tell of messages.
    private func rows(_ store: SQLitePushStore) async throws -> [String: Int] {
        try await store.database.read("count") { db in
            var rows: [String: Int] = [:]
            for table in Self.tables {
                rows[table] = try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)")
            }
            rows["index"] = try Int.fetchOne(
                db,
                sql: """
                    SELECT (SELECT count(*) FROM recipient_index) + (SELECT count(*) FROM young_recipient_index)
                    """
            )
            return rows
        }
    }
}

extension PushRig {
    /// Gives all of a batch their receipts.
    fileprivate func finish(_ batch: BatchID, _ recipients: [String]) async throws {
        let call = try await send(batch, Array(recipients.indices), .accepted(reference: "", charge: 1))
        _ = try await apply(recipients.map { receipt($0, call) })
    }
}
