import Conformance
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import PostgresDriver

/// How days are dropped while others use them.
@Suite struct PostgresRetentionTests {
    private static let day = Duration.seconds(86_400)

    @Test func `whoever drops a day gives way to whoever uses it, and drops it the next time`() async throws {
        let address = try await TestPostgres.database()
        let rig = try await PushRig.postgres(on: address)
        let batch = try await rig.admit(PushRig.phones(2))
        _ = try await rig.books.recall([0, 1].map { MessageID(batch: batch, index: $0) })
        rig.clock.advance(by: Self.day * 2)
        let reader = PostgresPool(try PostgresSettings(address: address))
        let (isReading, mayEnd) = (Gate(), Gate())
        async let read: Void = reader.read("look for long") { link in
            _ = try link.run("SELECT count(*) FROM record")
            isReading.open()
            // The link's own thread waits, which is nobody else's.
            while !mayEnd.isOpen { _ = try link.run("SELECT pg_sleep(0.01)") }
        }
        try await isReading.pass()
        let began = ContinuousClock.now
        await expectStoreError(.unavailable) {
            _ = try await rig.books.removeMessages(acceptedBefore: rig.now, after: nil, limit: 1)
        }
        // Far less than any other statement waits for a lock.
        #expect(ContinuousClock.now - began < .seconds(10))
        // Nothing of it is gone, nor does anybody wait.
        #expect(try await rig.states(batch, 2) == [.recalled, .recalled])
        mayEnd.open()
        try await read
        let removal = try await rig.books.removeMessages(acceptedBefore: rig.now, after: nil, limit: 1)
        #expect(removal.removed == 2)
    }

    @Test func `two who drop the same day at the same time drop it once`() async throws {
        let address = try await TestPostgres.database()
        let rig = try await PushRig.postgres(on: address)
        let other = try await PushRig.postgres(on: address, clock: rig.clock)
        let batch = try await rig.admit(PushRig.phones(3))
        _ = try await rig.books.recall((0..<3).map { MessageID(batch: batch, index: $0) })
        rig.clock.advance(by: Self.day * 2)
        async let first = rig.books.removeMessages(acceptedBefore: rig.now, after: nil, limit: 1)
        async let second = other.books.removeMessages(acceptedBefore: rig.now, after: nil, limit: 1)
        #expect(try await first.removed + second.removed == 3)
    }

    @Test func `a day that was dropped is made anew for whoever asks for it`() async throws {
        let rig = try await PushRig.postgres()
        let batch = try await rig.admit(PushRig.phones(1))
        _ = try await rig.books.recall([MessageID(batch: batch, index: 0)])
        let cut = rig.now + Self.day * 2
        #expect(try await rig.books.removeMessages(acceptedBefore: cut, after: nil, limit: 1).removed == 1)
        let again = try await rig.admit(PushRig.phones(1))
        #expect(try await rig.states(again, 1) == [.queued])
        #expect(again > batch)
    }
}
