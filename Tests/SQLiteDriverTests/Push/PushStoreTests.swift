import Conformance
import Foundation
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import SQLiteDriver

/// The push engine's stores keep what their ports promise, in real files.
final class PushStoreTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test(arguments: LedgerConformance.clauses)
    func `the ledger keeps`(clause: Clause<PushRig>) async throws {
        try await clause.check(try PushRig(folder.path))
    }

    @Test(arguments: ReceiptConformance.clauses)
    func `the receipt store and the night shelf keep`(clause: Clause<PushRig>) async throws {
        try await clause.check(try PushRig(folder.path))
    }

    @Test(arguments: CallBookConformance.clauses)
    func `the book of calls keeps`(clause: Clause<PushRig>) async throws {
        try await clause.check(try PushRig(folder.path))
    }

    @Test(arguments: RecordConformance.clauses)
    func `the record store keeps`(clause: Clause<PushRig>) async throws {
        try await clause.check(try PushRig(folder.path))
    }

    @Test(arguments: CampaignConformance.clauses)
    func `the campaign stores keep`(clause: Clause<PushRig>) async throws {
        try await clause.check(try PushRig(folder.path))
    }

    @Test(arguments: LinkConformance.clauses)
    func `the link store keeps`(clause: Clause<PushRig>) async throws {
        try await clause.check(try PushRig(folder.path))
    }

    @Test(arguments: ReconciliationConformance.clauses)
    func `the reconciliation store keeps`(clause: Clause<PushRig>) async throws {
        try await clause.check(try PushRig(folder.path))
    }

    @Test(arguments: RetentionConformance.clauses)
    func `the retention store keeps`(clause: Clause<PushRig>) async throws {
        try await clause.check(try PushRig(folder.path))
    }

    @Test(arguments: CatalogueConformance.clauses)
    func `the template and account stores keep`(clause: Clause<PushRig>) async throws {
        try await clause.check(try PushRig(folder.path))
    }

    @Test(arguments: SuppressionConformance.clauses)
    func `the lists of who must not get messages keep`(clause: Clause<PushRig>) async throws {
        try await clause.check(try PushRig(folder.path))
    }

    @Test(arguments: MediaConformance.clauses)
    func `the media stores keep`(clause: Clause<PushRig>) async throws {
        try await clause.check(try PushRig(folder.path))
    }

    @Test(arguments: QuotaConformance.clauses)
    func `the quota store keeps`(clause: Clause<QuotaRig>) async throws {
        let clock = ManualClock(PushRig.noon)
        let store = try SQLiteQuotaStore.open(folder.path, clock)
        try await clause.check(QuotaRig(store: store, clock: clock))
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `quotas are what a list of all reservations says`(seed: UInt64) async throws {
        let clock = ManualClock(PushRig.noon)
        let store = try SQLiteQuotaStore.open(folder.path, clock)
        try await QuotaRig(store: store, clock: clock).expectQuotasOfAList(seed: seed)
    }

    @Test(arguments: SendQueueConformance.clauses)
    func `the queue keeps`(clause: Clause<QueueRig>) async throws {
        let clock = ManualClock(PushRig.noon)
        let queue = try SQLiteSendQueue(
            path: folder.file("queue.db"),
            recoverClaims: true,
            clock: clock.calendar,
            waiting: clock
        )
        try await clause.check(QueueRig(queue: queue, clock: clock))
    }
}

extension PushRig {
    /// 2026-04-01 at noon in Shanghai.
    static let noon = Moment(secondsSinceEpoch: 1_775_016_000)

    /// Books in the file of a folder, by a clock that stands at noon until it is moved.
    init(_ folder: String, clock: ManualClock = ManualClock(noon)) throws {
        let store = try SQLitePushStore.open(folder, clock)
        self.init(books: store, clock: clock, keys: RequestKeys(installation: store.installation))
    }
}

extension SQLitePushStore {
    /// Opens the books in a folder, with a key that every test knows and a young part that is soon full.
    static func open(_ folder: String, _ clock: ManualClock) throws -> SQLitePushStore {
        try SQLitePushStore(
            path: folder + "/push.db",
            settings: SQLiteSettings(),
            clock: clock.calendar,
            calendar: BusinessCalendar(zone: try #require(TimeZone(identifier: "Asia/Shanghai"))),
            sealer: try AESSealer(key: [UInt8](repeating: 7, count: AESSealer.keyLength)),
            recipients: YoungTable("recipient_index", capacity: 12, stretch: 5)
        )
    }
}

extension SQLiteQuotaStore {
    /// Opens the counters in a folder, with a young part that is soon full and short steps of pruning.
    static func open(_ folder: String, _ clock: ManualClock) throws -> SQLiteQuotaStore {
        try SQLiteQuotaStore(
            path: folder + "/quota.db",
            settings: SQLiteSettings(),
            pruneStep: 7,
            young: YoungTable("quota", capacity: 4, stretch: 2),
            clock: clock.calendar
        )
    }
}
