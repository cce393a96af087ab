import Foundation

/// A folder of a test's own, removed when the test is done with it.
package struct TemporaryFolder: ~Copyable, Sendable {
    package let path: String

    package init(_ label: String = "kpush-test") throws {
        let name = "\(label)-\(UUID().uuidString)"
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        // A folder that is left behind harms nobody: it lies in the system's temporary folder.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of `name` inside the folder.
    package func file(_ name: String) -> String { path + "/" + name }
}
