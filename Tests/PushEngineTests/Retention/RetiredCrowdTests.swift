import Conformance
import Foundation
import Groundwork
import SQLiteDriver
import TestKit
import Testing

@testable import PushEngine

/// Crowd files that are brought again while they are being removed.
final class RetiredCrowdTests {
    private static let bytes = Array("phone\n13800138000\n".utf8)
    private static let day = Duration.seconds(86_400)

    private let folder: TemporaryFolder
    private let clock = ManualClock(Moment(secondsSinceEpoch: 1_775_016_000))
    private let store: SQLitePushStore
    private let storage: FolderCrowdStorage

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLitePushStore(
            path: folder.file("push.db"),
            clock: clock.calendar,
            calendar: BusinessCalendar(zone: .gmt),
            sealer: AESSealer(key: [UInt8](repeating: 7, count: AESSealer.keyLength))
        )
        storage = FolderCrowdStorage(folder.file("crowds"))
    }

    @Test func `a retired file is refused until its bytes are gone, and then taken in again`() async throws {
        let crowd = try await take(storage)
        clock.advance(by: Self.day)
        #expect(try await store.retireCrowds(unusedSince: clock.calendar.now) == [crowd.digest])
        await expectStoreError(.conflict) { _ = try await self.take(self.storage) }
        try await storage.remove(crowd.digest)
        await expectStoreError(.conflict) { _ = try await self.take(self.storage) }
        try await store.forgetCrowd(crowd.digest)
        #expect(try await take(storage) == crowd)
        #expect(try await storage.open(crowd.digest).size == Int64(Self.bytes.count))
    }

    @Test func `a file that is brought again is not retired while it is taken in`() async throws {
        let crowd = try await take(storage)
        clock.advance(by: Self.day)
        // Comes between the bytes, which are there already, and the books.
        let rival = RivalStorage(storage: storage) { [store, clock] () async throws(StoreError) in
            let retired = try await store.retireCrowds(unusedSince: clock.calendar.now)
            #expect(retired.isEmpty)
        }
        #expect(try await take(rival) == crowd)
        #expect(try await store.crowd(crowd.digest) == crowd)
    }

    private func take(_ storage: any CrowdStorage) async throws -> CrowdFile {
        try await CrowdLibrary(storage: storage, store: store)
            .take(name: "crowd.csv") { try await $0.append(Self.bytes) }
    }
}

/// A storage in which somebody else does something just after a file was kept.
private struct RivalStorage: CrowdStorage {
    let storage: FolderCrowdStorage
    let rival: @Sendable () async throws(StoreError) -> Void

    func stage() async throws(StoreError) -> StagedCrowd { try await storage.stage() }

    func keep(_ file: StagedCrowd, as digest: String) async throws(StoreError) {
        try await storage.keep(file, as: digest)
        try await rival()
    }

    func open(_ digest: String) async throws(StoreError) -> any CrowdBytes { try await storage.open(digest) }

    func remove(_ digest: String) async throws(StoreError) { try await storage.remove(digest) }
}
