import Conformance
import Foundation
import Groundwork
import PushEngine
import SQLiteDriver
import TestKit
import Testing

/// Whatever happens in whatever order, every message is in exactly one state and the counts agree.
final class LedgerPropertyTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `the books are what a simple model says, after any life`(seed: UInt64) async throws {
        let rig = try PushRig(folder.path)
        var model = LedgerModel(seed: seed)
        for step in 1...160 {
            try await model.step(rig)
            if step.isMultiple(of: 40) { try await model.check(rig) }
        }
    }

    @Test(arguments: 11...13 as ClosedRange<UInt64>)
    func `what was told before a crash is in the books after it`(seed: UInt64) async throws {
        let clock = ManualClock(PushRig.noon)
        var model = LedgerModel(seed: seed)
        var path = folder.path
        for crash in 1...5 {
            let rig = try PushRig(path, clock: clock)
            for _ in 1...30 { try await model.step(rig) }
            // A copy made while the file is open holds what a killed process leaves behind.
            let next = folder.file("after-crash-\(crash)")
            try Self.copyFiles(of: path, to: next)
            try await model.check(try PushRig(next, clock: clock))
            path = next
        }
    }

    @Test func `a write that was cut off leaves nothing behind`() async throws {
        let clock = ManualClock(PushRig.noon)
        let rig = try PushRig(folder.path, clock: clock)
        let first = try await rig.admit(PushRig.phones(2_000))
        let log = folder.path + "/push.db-wal"
        let before = try Self.size(log)
        let second = try await rig.admit(PushRig.phones(2_000, from: 2_000))
        let after = try Self.size(log)
        #expect(after > before)
        for cut in [before + 1, before + (after - before) / 2, after - 1] {
            let copy = folder.file("cut-\(cut)")
            try Self.copyFiles(of: folder.path, to: copy)
            let handle = try #require(FileHandle(forWritingAtPath: copy + "/push.db-wal"))
            try handle.truncate(atOffset: cut)
            try handle.close()
            // The memory of the log is a killed process's; a machine that lost its power has none.
            try FileManager.default.removeItem(atPath: copy + "/push.db-shm")
            let left = try PushRig(copy, clock: clock)
            #expect(try await left.books.open(first)?.waiting.count == 2_000)
            #expect(try await left.books.open(second) == nil)
            #expect(try await left.books.tallies(day: 20_260_401).map(\.count) == [2_000])
            #expect(try await left.admit(PushRig.phones(1)) == second)
        }
    }

    private static func copyFiles(of folder: String, to copy: String) throws {
        let files = FileManager.default
        try files.createDirectory(atPath: copy, withIntermediateDirectories: true)
        for name in ["push.db", "push.db-wal", "push.db-shm"] {
            try files.copyItem(atPath: folder + "/" + name, toPath: copy + "/" + name)
        }
    }

    private static func size(_ path: String) throws -> UInt64 {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require((attributes[.size] as? NSNumber)?.uint64Value)
    }
}
