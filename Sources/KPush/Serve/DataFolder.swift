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
        guard lock >= 0 else { throw .system(path) }
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

    /// A secret of 256 random bits that is made when there is no file of it; only the service's user can read it.
    ///
    /// A file that is there is never replaced, whatever is wrong with it.
    ///
    /// - Throws: `DataFolderError` when the file cannot be written or read.
    func secret(_ name: String) throws(DataFolderError) -> Secret {
        let path = file(name)
        if let secret = try Self.secret(at: path) { return secret }
        try lay(path)
        // What somebody else laid there meanwhile is the secret of both.
        guard let secret = try Self.secret(at: path) else {
            throw .unusable(path, "it leads to a file that is not there")
        }
        return secret
    }

    /// What a secret's file says; nil only when there is none.
    private static func secret(at path: String) throws(DataFolderError) -> Secret? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw .system(path) }
            return nil
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .system(path) }
        guard let text = String(validating: bytes.prefix(count), as: UTF8.self) else {
            throw .unusable(path, "it is no text")
        }
        let secret = Secret(text.trimmingCharacters(in: .whitespacesAndNewlines))
        guard !secret.isEmpty else { throw .unusable(path, "it is empty; remove it to have a new one made") }
        return secret
    }

    /// Lays a new secret there, unless there is something already.
    private func lay(_ path: String) throws(DataFolderError) {
        let text = SymmetricKey(size: .bits256).withUnsafeBytes { $0.hexDigits } + "\n"
        // Written whole or not at all, and never readable by others, not even for a moment.
        let draft = path + ".new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(draft) }
        defer {
            close(descriptor)
            unlink(draft)
        }
        let bytes = Array(text.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw .system(draft)
        }
        guard link(draft, path) == 0 || errno == EEXIST else { throw .system(path) }
        try synchronise()
    }

    /// Has the names of new files survive a power cut.
    private func synchronise() throws(DataFolderError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system(path) }
    }
}

/// Why a data folder cannot be used.
enum DataFolderError: Error, CustomStringConvertible {
    case unusable(String, String)
    case inUse(String)
    /// There are books, and not the key that their secrets are sealed with.
    case keyLost(String)

    /// What the system has just refused.
    static func system(_ path: String) -> DataFolderError {
        .unusable(path, String(cString: strerror(errno)))
    }

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
