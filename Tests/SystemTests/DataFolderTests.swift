import Foundation
import PushEngine
import TestKit
import Testing

@testable import KPush

/// What a server takes for its own in a data folder.
@Suite struct DataFolderTests {
    @Test func `the key of the accounts' secrets is made once and stays`() throws {
        let place = try TemporaryFolder()
        let folder = try DataFolder(place.path)
        let key = try folder.sealingKey(of: "push.db")
        #expect(key.count == AESSealer.keyLength)
        try Data().write(to: URL(fileURLWithPath: place.file("push.db")))
        #expect(try folder.sealingKey(of: "push.db") == key)
    }

    @Test func `books without their key are not given a new one`() throws {
        let place = try TemporaryFolder()
        try Data().write(to: URL(fileURLWithPath: place.file("push.db")))
        let folder = try DataFolder(place.path)
        let error = #expect(throws: DataFolderError.self) { try folder.sealingKey(of: "push.db") }
        #expect(error?.description.contains("openssl rand -hex 32 > \(place.file("sealing-key"))") == true)
        #expect(!FileManager.default.fileExists(atPath: place.file("sealing-key")))
        // What it says is what helps.
        let key = String(repeating: "0123456789abcdef", count: 4) + "\n"
        try key.write(toFile: place.file("sealing-key"), atomically: true, encoding: .utf8)
        #expect(try folder.sealingKey(of: "push.db").first == 0x01)
    }
}
