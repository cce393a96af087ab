import Crypto
import Foundation
import Groundwork

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The folder of everything durable, locked for this process alone.
///
/// The kernel frees the lock when the process dies, however it dies.
final class DataFolder: Sendable {
    let path: String
    private let lock: Int32

    /// Makes the folder if it is not there, and locks it.
    ///
    /// - Throws: `DataFolderError` when it cannot be made, or another process has it.
    init(_ path: String) throws(DataFolderError) {
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
        do {
            try Self.make(self.path)
        } catch {
            throw .unusable(path, error.localizedDescription)
        }
        lock = open(self.path + "/kpush.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw .unusable(path, String(cString: strerror(errno))) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw .inUse(self.path)
        }
    }

    deinit {
        close(lock)
    }

    /// Makes a folder that only the service's user can look into, and what is missing above it.
    static func make(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    /// The path of a file in it.
    func file(_ name: String) -> String { path + "/" + name }

    /// A secret of 256 random bits that is made when it is first asked for; only the service's user can read
    /// its file.
    ///
    /// - Throws: `DataFolderError` when the file cannot be written or read.
    func secret(_ name: String) throws(DataFolderError) -> Secret {
        let path = file(name)
        if let text = try? String(contentsOfFile: path, encoding: .utf8) {
            let secret = Secret(text.trimmingCharacters(in: .whitespacesAndNewlines))
            guard !secret.isEmpty else {
                throw .unusable(path, "it is empty; remove it to have a new one made")
            }
            return secret
        }
        let text = SymmetricKey(size: .bits256).withUnsafeBytes { $0.hexDigits }
        // Written whole or not at all, and never readable by others, not even for a moment.
        let draft = path + ".new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unusable(draft, String(cString: strerror(errno))) }
        let bytes = Array((text + "\n").utf8)
        let isWritten = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, rename(draft, path) == 0 else {
            throw .unusable(path, String(cString: strerror(errno)))
        }
        return Secret(text)
    }
}

/// Why a data folder cannot be used.
enum DataFolderError: Error, CustomStringConvertible {
    case unusable(String, String)
    case inUse(String)
    /// There are books, and not the key that their secrets are sealed with.
    case keyLost(String)

    var description: String {
        switch self {
        case .unusable(let path, let reason): "data folder: \(path): \(reason)"
        case .inUse(let path):
            "data folder: \(path) is in use by another process; stop it, or take another folder"
        case .keyLost(let path):
            """
            data folder: \(path) is missing, which alone opens the supplier accounts' secret keys; put it back from \
            where the folder was copied, or, if it is lost, make a new one with `openssl rand -hex 32 > \(path)` \
            and give each account its secret key again
            """
        }
    }
}
