package import Foundation
import Synchronization

/// A temporary folder that servers live in, each user's own part of it; gone with this object, or with the process.
package final class ServerFolder: Sendable {
    package let url: URL

    /// Those of objects that live as long as the process: nothing else would remove them.
    private static let living = Mutex<Set<URL>>([])
    private static let removesAtExit: Void = {
        _ = atexit { ServerFolder.living.withLock { $0 }.forEach(ServerFolder.remove) }
    }()

    /// Makes one that is empty.
    package init(_ name: String = "kpush-servers") throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("\(name)-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: url,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        Self.removesAtExit
        Self.living.withLock { _ = $0.insert(url) }
    }

    deinit {
        Self.living.withLock { _ = $0.remove(url) }
        Self.remove(url)
    }

    private static func remove(_ url: URL) {
        // What cannot be removed stays in the folder for temporary things.
        try? FileManager.default.removeItem(at: url)
    }

    /// Makes a folder in it that `user` owns, when we are root and can give it away.
    package func part(_ name: String, of user: String? = nil) throws -> URL {
        let part = url.appendingPathComponent(name)
        var attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        if let user, geteuid() == 0 {
            guard let entry = getpwnam(user) else { throw LocalServerError("there is no user \(user)") }
            attributes[.ownerAccountID] = NSNumber(value: entry.pointee.pw_uid)
            attributes[.groupOwnerAccountID] = NSNumber(value: entry.pointee.pw_gid)
        }
        try FileManager.default.createDirectory(at: part, withIntermediateDirectories: false)
        try FileManager.default.setAttributes(attributes, ofItemAtPath: part.path)
        return part
    }
}
