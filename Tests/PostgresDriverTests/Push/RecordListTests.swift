import Conformance
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import PostgresDriver

/// A list by state costs what is in it, and not what its owner ever sent.
@Suite struct RecordListTests {
    @Test(arguments: DeliveryState.allCases.filter { !$0.isFinal })
    func `nothing is read of batches that have nobody in a state any more`(state: DeliveryState) async throws
    {
        let room = try await Room(batches: 40)
        // Whoever looks into one of them stumbles.
        try await room.change(
            "UPDATE batch SET queued = 0, held = 0, accepted = 0, unknown = 0, standings = '\\xFF', states = -1"
        )
        #expect(try await room.list(state).isEmpty)
        let batch = try await room.rig.admit(["+8613800009999"])
        #expect(try await room.list(state).map(\.id.batch) == (state == .queued ? [batch] : []))
    }

    @Test func `only their standings are read of batches that once had somebody in a state`() async throws {
        let room = try await Room(batches: 70)
        _ = try await room.rig.send(room.oldest, [0], .failed(code: "X"))
        try await room.change("UPDATE batch SET states = -1")
        #expect(try await room.list(.failed).map(\.id.batch) == [room.oldest])
        #expect(try await room.list(nil).count == 70)
        // Whoever puts a record together stumbles.
        try await room.change("DROP TABLE receipt")
        #expect(try await room.list(.undelivered).isEmpty)
        await expectStoreError(.corrupted) { _ = try await room.list(.failed) }
    }

    /// Books with batches of one template, each with one member that waits.
    private struct Room {
        let rig: PushRig
        let oldest: BatchID
        private let pool: PostgresPool

        init(batches count: Int) async throws {
            let address = try await TestPostgres.database()
            pool = PostgresPool(try PostgresSettings(address: address))
            rig = try await PushRig.postgres(on: address)
            oldest = try await rig.admit(PushRig.phones(1))
            for number in 1..<count { _ = try await rig.admit(PushRig.phones(1, from: number)) }
        }

        func change(_ sql: String) async throws {
            try await pool.write("change") { _ = try $0.runScript(sql) }
        }

        func list(_ state: DeliveryState?) async throws -> [MessageRecord] {
            let template = TemplateID(rawValue: 1)
            return try await rig.books.records(.template(template), state: state, before: nil, limit: 100)
        }
    }
}
