import Foundation
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import KPush

/// What a server takes for its own in a data folder.
@Suite struct DataFolderTests {
    @Test func `the key of the accounts' secrets is made once and stays`() throws {
        let place = try TemporaryFolder()
        let folder = try DataFolder(place.path)
        let key = try folder.sealingKeys(of: "push.db")[0]
        #expect(key.count == AESSealer.keyLength)
        try Data().write(to: URL(fileURLWithPath: place.file("push.db")))
        #expect(try folder.sealingKeys(of: "push.db")[0] == key)
    }

    @Test func `books without their key are not given a new one`() throws {
        let place = try TemporaryFolder()
        try Data().write(to: URL(fileURLWithPath: place.file("push.db")))
        let folder = try DataFolder(place.path)
        let error = #expect(throws: DataFolderError.self) { try folder.sealingKeys(of: "push.db")[0] }
        #expect(error?.description.contains("openssl rand -hex 32 > \(place.file("sealing-key"))") == true)
        #expect(!FileManager.default.fileExists(atPath: place.file("sealing-key")))
        // What it says is what helps.
        let key = String(repeating: "0123456789abcdef", count: 4) + "\n"
        try key.write(toFile: place.file("sealing-key"), atomically: true, encoding: .utf8)
        #expect(try folder.sealingKeys(of: "push.db")[0].first == 0x01)
    }

    @Test func `a new key stands before the old ones, and a line that is none is refused`() throws {
        let place = try TemporaryFolder()
        let folder = try DataFolder(place.path)
        let lines = ["a", "b"].map { String(repeating: $0, count: 64) }
        let path = place.file("sealing-key")
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try folder.sealingKeys(of: "push.db").map(\.first) == [0xAA, 0xBB])
        let sealed = try AESSealer(key: folder.sealingKeys(of: "push.db")[1]).seal(Secret("kept"))
        #expect(try folder.sealer(of: "push.db").open(sealed).matches("kept"))
        try (lines[0] + "\n" + lines[1].dropLast())
            .write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: DataFolderError.self) { try folder.sealingKeys(of: "push.db") }
    }

    /// What may lie where a secret should, and is not one.
    enum Obstacle: CaseIterable {
        case bytes, emptiness, folder, loop, loosePath

        func lay(at path: String) throws {
            let files = FileManager.default
            switch self {
            case .bytes: try Data([0xFF, 0xFE, 0x00]).write(to: URL(fileURLWithPath: path))
            case .emptiness: try Data().write(to: URL(fileURLWithPath: path))
            case .folder: try files.createDirectory(atPath: path, withIntermediateDirectories: false)
            case .loop: try files.createSymbolicLink(atPath: path, withDestinationPath: path)
            case .loosePath: try files.createSymbolicLink(atPath: path, withDestinationPath: path + "-gone")
            }
        }
    }

    @Test(arguments: Obstacle.allCases)
    func `what cannot be read for a secret is named, and stays as it is`(obstacle: Obstacle) throws {
        let place = try TemporaryFolder()
        let folder = try DataFolder(place.path)
        let path = place.file("sealing-key")
        try obstacle.lay(at: path)
        let before = try Self.look(place.path)
        let error = #expect(throws: DataFolderError.self) { try folder.secret("sealing-key") }
        #expect(
            error?.description.hasPrefix("data folder: \(path): ") == true,
            "\(String(describing: error))"
        )
        #expect(try Self.look(place.path) == before)
    }

    @Test func `a secret is for its owner alone, and nothing is left beside it`() throws {
        let place = try TemporaryFolder()
        let folder = try DataFolder(place.path)
        // A draft of a process that died.
        try "half".write(toFile: place.file("api-token.new"), atomically: false, encoding: .utf8)
        let secret = try folder.secret("api-token")
        #expect(secret.reveal().utf8.count == 64)
        let facts = try FileManager.default.attributesOfItem(atPath: place.file("api-token"))
        #expect(facts[.posixPermissions] as? Int == 0o600)
        #expect(try Set(Self.look(place.path).keys) == ["api-token", "kpush.lock"])
        #expect(try folder.secret("api-token") == secret)
    }

    /// The files of a folder, each with what tells it from another.
    private static func look(_ folder: String) throws -> [String: [FileAttributeKey: String]] {
        let files = FileManager.default
        let names = try files.contentsOfDirectory(atPath: folder)
        return try names.reduce(into: [:]) { seen, name in
            let facts = try files.attributesOfItem(atPath: folder + "/" + name)
            seen[name] = facts.filter { [.type, .size, .systemFileNumber].contains($0.key) }
                .mapValues { "\($0)" }
        }
    }
}
