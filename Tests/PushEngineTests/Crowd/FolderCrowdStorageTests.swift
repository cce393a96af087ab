import Conformance
import Foundation
import Groundwork
import TestKit
import Testing

@testable import PushEngine

@Suite struct FolderCrowdStorageTests {
    @Test(arguments: CrowdStorageConformance.clauses)
    func `a folder keeps crowd files`(clause: Clause<CrowdStorageRig>) async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("deep/crowds")
        try await clause.check(
            CrowdStorageRig(storage: FolderCrowdStorage(path), other: FolderCrowdStorage(path))
        )
        // Nothing is left but what was kept; the folder may not even be needed.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        #expect(names.allSatisfy { $0.hasSuffix(".csv") }, "\(names)")
    }

    @Test func `a full disk is told as such and leaves nothing`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("incoming-1")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
        let file = try StagedCrowd(path: path)
        let error = await #expect(throws: StoreError.self) { try await file.append([1, 2, 3]) }
        #expect(error?.code == .full)
        #expect(error?.description.contains("No space left on device") == true)
        await file.discard()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `a folder that cannot be made is told by name`() async throws {
        let folder = try TemporaryFolder()
        try Data().write(to: URL(fileURLWithPath: folder.file("file")))
        let storage = FolderCrowdStorage(folder.file("file/crowds"))
        let error = await #expect(throws: StoreError.self) { _ = try await storage.stage() }
        #expect(error?.code == .unavailable)
        #expect(error?.operation == "make \(folder.file("file/crowds"))")
    }

    @Test func `what a crash left is swept away, what still arrives is not`() async throws {
        let folder = try TemporaryFolder()
        for (name, age) in [("incoming-dead", 90_000), ("incoming-alive", 80_000), ("other", 90_000)] {
            let path = folder.file(name)
            try Data([1]).write(to: URL(fileURLWithPath: path))
            let date = Date(timeIntervalSinceNow: -Double(age))
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
        }
        let staged = try await FolderCrowdStorage(folder.path).stage()
        await staged.discard()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(names) == ["incoming-alive", "other"])
    }

    @Test func `a file whose copy was cut short is kept anew`() async throws {
        let folder = try TemporaryFolder()
        let storage = FolderCrowdStorage(folder.path)
        let rig = CrowdStorageRig(storage: storage, other: storage)
        let digest = try await rig.keep([1, 2, 3])
        try Data([1]).write(to: URL(fileURLWithPath: folder.file("\(digest).csv")))
        try await rig.keep([1, 2, 3])
        #expect(try await storage.open(digest).read(9, at: 0) == [1, 2, 3])
    }
}
