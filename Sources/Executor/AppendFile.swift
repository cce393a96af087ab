import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// `read(2)`, which `Disk.read` would hide.
private let systemRead: @Sendable (Int32, UnsafeMutableRawPointer?, Int) -> Int = read

/// A file that grows only at its end; closed when the value goes.
struct AppendFile: ~Copyable {
    private let descriptor: Int32
    private let path: String
    /// The file's length in bytes.
    private(set) var size: Int

    /// Opens the file at `path`, creating it where needed.
    init(path: String) throws(ExecutorError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw .system("open \(path)") }
        self.path = path
        self.descriptor = descriptor
        size = max(0, Int(lseek(descriptor, 0, SEEK_END)))
    }

    /// Opens the file at `path`, and makes its folder where that is missing too.
    init(inFolderOf path: String) throws(ExecutorError) {
        do { self = try AppendFile(path: path) } catch {
            try Disk.makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
            self = try AppendFile(path: path)
        }
    }

    deinit {
        // Nothing can be done about an error here: what had to be durable was synchronised before.
        close(descriptor)
    }

    /// Adds `bytes` at the end: all of them, or, when it throws, none.
    mutating func append(_ bytes: some Collection<UInt8>) throws(ExecutorError) {
        let written = Array(bytes)
            .withUnsafeBytes { buffer in
                var done = 0
                while done < buffer.count {
                    let count = write(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { break }
                    done += count
                }
                return done
            }
        guard written == bytes.count else {
            let error = ExecutorError.system("append to \(path)")
            // A torn record must not be what the next one is glued to.
            ftruncate(descriptor, off_t(size))
            throw error
        }
        size += written
    }

    /// Returns when everything appended so far survives a power cut.
    func synchronise() throws(ExecutorError) {
        guard fsync(descriptor) == 0 else { throw .system("synchronise \(path)") }
    }
}

/// Keeps every other process out of a folder for as long as it lives.
struct FolderLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the folder, which must exist.
    init(folder: String) throws(ExecutorError) {
        let path = folder + "/lock"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw .system("open \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw ExecutorError(.folderInUse, during: "lock \(folder)")
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }
}

/// The few things done to files as a whole.
enum Disk {
    /// Creates `folder` and the folders above it where they are missing.
    static func makeFolder(_ folder: String) throws(ExecutorError) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o750]
            )
        } catch {
            throw ExecutorError(.storage, during: "create \(folder)", detail: "\(error)")
        }
    }

    /// Puts the file at `temporary` in the place of the one at `path`, durably and in one step.
    static func replace(_ path: String, with temporary: String, in folder: String) throws(ExecutorError) {
        try move(temporary, to: path)
        try synchronise(folder)
    }

    /// Puts the file at `temporary` in the place of the one at `path`, in one step.
    static func move(_ temporary: String, to path: String) throws(ExecutorError) {
        guard rename(temporary, path) == 0 else { throw .system("rename \(temporary)") }
    }

    /// Returns when the names in `folder` survive a power cut.
    static func synchronise(_ folder: String) throws(ExecutorError) {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open \(folder)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("synchronise \(folder)") }
    }

    /// Removes the file at `path`, which need not be there.
    static func remove(_ path: String) throws(ExecutorError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw .system("remove \(path)") }
    }

    /// Reads the file at `path` piece by piece until `take` says that it has enough.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - pieceSize: the most bytes in a piece.
    ///   - take: gets each piece and answers whether to go on.
    /// - Returns: whether there is such a file.
    /// - Throws: `ExecutorError` when a file that is there cannot be read.
    @discardableResult
    static func read(
        _ path: String,
        pieceSize: Int = 256 << 10,
        _ take: (UnsafeRawBufferPointer) -> Bool
    ) throws(ExecutorError) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return false }
            throw .system("open \(path)")
        }
        defer { close(descriptor) }
        var piece = [UInt8](repeating: 0, count: pieceSize)
        while true {
            let count = piece.withUnsafeMutableBytes { Self.fill($0, from: descriptor) }
            guard count >= 0 else { throw .system("read \(path)") }
            guard count > 0 else { return true }
            let goesOn = piece.withUnsafeBytes { take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            guard goesOn else { return true }
        }
    }

    private static func fill(_ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int {
        while true {
            let count = systemRead(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            return count
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Where the first line feed at or after `offset` is.
    func lineFeed(from offset: Int) -> Int? {
        guard offset < count, let base = baseAddress else { return nil }
        return memchr(base + offset, Int32(UInt8(ascii: "\n")), count - offset)
            .map { UnsafeRawPointer($0) - base }
    }

    /// How many line feeds there are.
    var lineFeeds: Int {
        var (found, offset) = (0, 0)
        while let next = lineFeed(from: offset) { (found, offset) = (found + 1, next + 1) }
        return found
    }
}

extension ExecutorError {
    /// What the last failed call of the system said.
    static func system(_ operation: String) -> ExecutorError {
        ExecutorError(.storage, during: operation, detail: String(cString: strerror(errno)))
    }
}
