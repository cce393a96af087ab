import Conformance
import Foundation
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import PostgresDriver

/// The push engine's books keep what their ports promise, in a real PostgreSQL, with and without a pooler between.
@Suite struct PostgresPushStoreTests {
    @Test(arguments: LedgerConformance.clauses, Way.allCases)
    func `the ledger keeps`(clause: Clause<PushRig>, way: Way) async throws {
        try await clause.check(try await PushRig.postgres(way))
    }

    @Test(arguments: ReceiptConformance.clauses, Way.allCases)
    func `the receipt store and the night shelf keep`(clause: Clause<PushRig>, way: Way) async throws {
        try await clause.check(try await PushRig.postgres(way))
    }

    @Test(arguments: CallBookConformance.clauses, Way.allCases)
    func `the book of calls keeps`(clause: Clause<PushRig>, way: Way) async throws {
        try await clause.check(try await PushRig.postgres(way))
    }

    @Test(arguments: RecordConformance.clauses, Way.allCases)
    func `the record store keeps`(clause: Clause<PushRig>, way: Way) async throws {
        try await clause.check(try await PushRig.postgres(way))
    }

    @Test(arguments: CampaignConformance.clauses, Way.allCases)
    func `the campaign stores keep`(clause: Clause<PushRig>, way: Way) async throws {
        try await clause.check(try await PushRig.postgres(way))
    }

    @Test(arguments: LinkConformance.clauses, Way.allCases)
    func `the link store keeps`(clause: Clause<PushRig>, way: Way) async throws {
        try await clause.check(try await PushRig.postgres(way))
    }

    @Test(arguments: ReconciliationConformance.clauses, Way.allCases)
    func `the reconciliation store keeps`(clause: Clause<PushRig>, way: Way) async throws {
        try await clause.check(try await PushRig.postgres(way))
    }

    @Test(arguments: RetentionConformance.clauses, Way.allCases)
    func `the retention store keeps`(clause: Clause<PushRig>, way: Way) async throws {
        try await clause.check(try await PushRig.postgres(way))
    }

    @Test(arguments: CatalogueConformance.clauses, Way.allCases)
    func `the template and account stores keep`(clause: Clause<PushRig>, way: Way) async throws {
        try await clause.check(try await PushRig.postgres(way))
    }

    @Test(arguments: SuppressionConformance.clauses, Way.allCases)
    func `the lists of who must not get messages keep`(clause: Clause<PushRig>, way: Way) async throws {
        try await clause.check(try await PushRig.postgres(way))
    }

    @Test(arguments: MediaConformance.clauses, Way.allCases)
    func `the media stores keep`(clause: Clause<PushRig>, way: Way) async throws {
        try await clause.check(try await PushRig.postgres(way))
    }

    @Test func `a call whose caller may still be at it is nobody else's`() async throws {
        let rig = try await PushRig.postgres(callLimit: .seconds(40))
        let batch = try await rig.admit(PushRig.phones(3))
        let calledAt = rig.now
        let call = try await rig.call(batch, [0, 2])
        rig.clock.advance(by: .seconds(39))
        let busy = try #require(try await rig.books.open(batch))
        #expect(busy.waiting == Members([1]))
        #expect(busy.open.isEmpty)
        #expect(busy.busyUntil == calledAt + .seconds(40))
        rig.clock.advance(by: .seconds(1))
        let gone = try #require(try await rig.books.open(batch))
        #expect(gone.open == [call])
        #expect(gone.busyUntil == nil)
    }
}

extension PushRig {
    /// 2026-04-01 at noon in Shanghai.
    static let noon = Moment(secondsSinceEpoch: 1_775_016_000)

    /// Books in a database of their own, by a clock that stands at noon until it is moved.
    ///
    /// Callers of calls without outcome count as gone at once, unless it is said otherwise.
    static func postgres(
        _ way: Way = .direct,
        _ clock: ManualClock = ManualClock(noon),
        callLimit: Duration = .zero
    ) async throws -> PushRig {
        try await postgres(on: way.database(), clock: clock, callLimit: callLimit)
    }

    /// Books in that database.
    static func postgres(
        on address: String,
        clock: ManualClock = ManualClock(noon),
        callLimit: Duration = .zero
    ) async throws -> PushRig {
        let pool = PostgresPool(try PostgresSettings(address: address))
        let store = try await PostgresPushStore(
            pool,
            clock: clock.calendar,
            calendar: BusinessCalendar(zone: try #require(TimeZone(identifier: "Asia/Shanghai"))),
            sealer: try AESSealer(key: [UInt8](repeating: 7, count: AESSealer.keyLength)),
            callLimit: callLimit
        )
        return PushRig(books: store, clock: clock, keys: RequestKeys(installation: store.installation))
    }
}
