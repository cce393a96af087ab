import Crypto
import Groundwork
package import PushEngine
import TestKit
import Testing

/// A storage to try, and the same one as another process has it.
package struct CrowdStorageRig: Sendable {
    package let storage: any CrowdStorage
    package let other: any CrowdStorage

    package init(storage: any CrowdStorage, other: any CrowdStorage) {
        self.storage = storage
        self.other = other
    }

    /// Bytes that look like nothing in particular.
    func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    func digest(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(data: bytes)
        return hash.finalize().hexDigits
    }

    /// Keeps bytes as if they had arrived in pieces; gives their digest.
    @discardableResult
    package func keep(_ bytes: [UInt8], in storage: (any CrowdStorage)? = nil) async throws -> String {
        let storage = storage ?? self.storage
        let file = try await storage.stage()
        var rest = bytes[...]
        while !rest.isEmpty {
            try await file.append(Array(rest.prefix(1 << 20)))
            rest = rest.dropFirst(1 << 20)
        }
        let digest = digest(bytes)
        try await storage.keep(file, as: digest)
        return digest
    }

    func all(_ file: any CrowdBytes) async throws -> [UInt8] {
        try await file.read(Int(file.size), at: 0)
    }
}

/// What every `CrowdStorage` must keep.
package enum CrowdStorageConformance {
    package static let clauses: [Clause<CrowdStorageRig>] = keeping + reading + removing

    private static let keeping: [Clause<CrowdStorageRig>] = [
        Clause("nobody finds a file before it is kept, and everybody after that") { rig in
            let bytes = rig.bytes(100_000)
            let digest = rig.digest(bytes)
            let file = try await rig.storage.stage()
            try await file.append(bytes)
            await expectStoreError(.notFound) { _ = try await rig.storage.open(digest) }
            await expectStoreError(.notFound) { _ = try await rig.other.open(digest) }
            #expect(try await rig.all(await file.bytes()) == bytes)
            try await rig.storage.keep(file, as: digest)
            #expect(try await rig.all(rig.storage.open(digest)) == bytes)
            #expect(try await rig.all(rig.other.open(digest)) == bytes)
        },
        Clause("a file of many megabytes is kept whole") { rig in
            let bytes = rig.bytes((21 << 20) + 12_345)
            let digest = try await rig.keep(bytes)
            let file = try await rig.other.open(digest)
            #expect(file.size == Int64(bytes.count))
            var read: [UInt8] = []
            while read.count < bytes.count { read += try await file.read(1 << 20, at: Int64(read.count)) }
            #expect(read == bytes)
        },
        Clause("a file that is kept already stays as it is, and whoever has it open reads on") { rig in
            let bytes = rig.bytes(50_000)
            let digest = try await rig.keep(bytes)
            let file = try await rig.storage.open(digest)
            try await rig.keep(bytes, in: rig.other)
            try await rig.keep(bytes)
            #expect(try await file.read(100, at: 40_000) == Array(bytes[40_000..<40_100]))
        },
        Clause("many may keep the same file at once") { rig in
            let bytes = rig.bytes(300_000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    let storage = number % 2 == 0 ? rig.storage : rig.other
                    group.addTask { _ = try await rig.keep(bytes, in: storage) }
                }
                try await group.waitForAll()
            }
            #expect(try await rig.all(rig.storage.open(rig.digest(bytes))) == bytes)
        },
        Clause("a staged file that is discarded was never there") { rig in
            let file = try await rig.storage.stage()
            try await file.append(rig.bytes(1_000))
            await file.discard()
            await file.discard()
            await expectStoreError(.notFound) {
                try await rig.storage.keep(file, as: rig.digest(rig.bytes(1_000)))
            }
            await expectStoreError(.notFound) {
                _ = try await rig.storage.open(rig.digest(rig.bytes(1_000)))
            }
        },
    ]

    private static let reading: [Clause<CrowdStorageRig>] = [
        Clause("reads a range from where it is asked to, and less only where the file ends") { rig in
            let bytes = rig.bytes(10_000)
            let file = try await rig.storage.open(rig.keep(bytes))
            #expect(file.size == 10_000)
            #expect(try await file.read(10, at: 0) == Array(bytes[..<10]))
            #expect(try await file.read(1, at: 9_999) == Array(bytes[9_999...]))
            #expect(try await file.read(4_000, at: 5_000) == Array(bytes[5_000..<9_000]))
            #expect(try await file.read(4_000, at: 9_000) == Array(bytes[9_000...]))
            #expect(try await file.read(4_000, at: 10_000).isEmpty)
            #expect(try await file.read(4_000, at: 20_000).isEmpty)
            #expect(try await file.read(0, at: 5_000).isEmpty)
        },
        Clause("many read different ranges of one file at once") { rig in
            let bytes = rig.bytes(1 << 20)
            let file = try await rig.storage.open(rig.keep(bytes))
            try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
                for start in stride(from: 0, to: 1 << 20, by: 64 << 10) {
                    group.addTask { (start, try await file.read(64 << 10, at: Int64(start))) }
                }
                for try await (start, piece) in group {
                    #expect(piece == Array(bytes[start..<start + (64 << 10)]))
                }
            }
        },
    ]

    private static let removing: [Clause<CrowdStorageRig>] = [
        Clause("a file that is removed is gone, for everybody, and may be removed again") { rig in
            let bytes = rig.bytes(1_000)
            let digest = try await rig.keep(bytes)
            try await rig.other.remove(digest)
            try await rig.storage.remove(digest)
            await expectStoreError(.notFound) { _ = try await rig.storage.open(digest) }
            try await rig.keep(bytes)
            #expect(try await rig.all(rig.other.open(digest)) == bytes)
        },
        Clause("what is no digest names no file") { rig in
            for name in ["", "../secret", String(repeating: "A", count: 64), "abc"] {
                await expectStoreError(.notFound) { _ = try await rig.storage.open(name) }
                await expectStoreError(.notFound) { try await rig.storage.remove(name) }
            }
        },
    ]
}
