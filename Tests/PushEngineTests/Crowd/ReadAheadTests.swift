import Groundwork
import Synchronization
import TestKit
import Testing

@testable import PushEngine

@Suite struct ReadAheadTests {
    @Test func `reads a bounded number of pieces ahead, in order, and no further than the range`()
        async throws
    {
        let file = WatchedBytes(Array(0..<100))
        var ahead = ReadAhead(file, from: 5, to: 65, pieceSize: 10)
        #expect(file.asked.isEmpty)
        #expect(try await ahead.next() == Array(5..<15))
        try await eventually("three pieces are read ahead") { file.asked.count == 4 }
        #expect(try await ahead.next() == Array(15..<25))
        for start in [25, 35, 45, 55] as [UInt8] {
            #expect(try await ahead.next() == Array(start..<start + 10))
        }
        #expect(file.asked.max() == 55)
        // Behind the range, only what is wanted.
        #expect(try await ahead.next() == Array(65..<75))
        #expect(file.asked.max() == 65)
        for start in [75, 85] as [Int64] {
            _ = try await ahead.next()
            #expect(file.asked.max() == start)
        }
        #expect(try await ahead.next() == Array(95..<100))
        #expect(try await ahead.next().isEmpty)
    }

    @Test func `what was asked for is cancelled when nobody reads on`() async throws {
        let file = StuckBytes()
        let reading = Task {
            var ahead = ReadAhead(file, from: 0, to: 1_000, pieceSize: 10)
            return try await ahead.next()
        }
        try await eventually("pieces are asked for") { file.waiting == 4 }
        reading.cancel()
        await #expect(throws: CrowdFileError.self) { try await reading.value }
        try await eventually("all are cancelled") { file.waiting == 0 }
    }
}

/// Bytes that tell what was asked for.
private final class WatchedBytes: CrowdBytes {
    private let bytes: [UInt8]
    private let log = Mutex<[Int64]>([])

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var size: Int64 { Int64(bytes.count) }

    /// The offsets that were read, in any order.
    var asked: [Int64] { log.withLock { $0 } }

    func read(_ count: Int, at offset: Int64) -> [UInt8] {
        log.withLock { $0.append(offset) }
        return Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + count)])
    }
}

/// Bytes that never come.
private final class StuckBytes: CrowdBytes {
    private let count = Mutex(0)

    /// How many wait for them.
    var waiting: Int { count.withLock { $0 } }

    let size: Int64 = 1_000

    func read(_ count: Int, at offset: Int64) async throws(StoreError) -> [UInt8] {
        self.count.withLock { $0 += 1 }
        defer { self.count.withLock { $0 -= 1 } }
        do { try await Task.sleep(for: .seconds(3_600)) } catch {
            throw StoreError(.unavailable, during: "read", detail: "cancelled")
        }
        return []
    }
}
