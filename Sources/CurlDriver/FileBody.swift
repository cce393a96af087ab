import CCurl
import Foundation
import Synchronization

/// A request's body that is read from a file while it is written, so that its size costs no memory.
///
/// The file has to stay as long as it was: one that becomes shorter ends the call without an answer.
public final class FileBody: Sendable {
    /// How many bytes the body has.
    public let size: Int64
    private let descriptor: Int32
    private let offset = Atomic<Int64>(0)

    /// Opens the file.
    ///
    /// - Parameter path: a regular file.
    /// - Throws: `POSIXError` when it cannot be opened, or is no regular file.
    public init(path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw POSIXError(status.st_mode & S_IFMT == S_IFDIR ? .EISDIR : .EINVAL)
        }
        size = Int64(status.st_size)
    }

    deinit {
        close(descriptor)
    }

    /// How many bytes were read so far: a little more than the other side has.
    public var position: Int64 { offset.load(ordering: .relaxed) }

    /// Fills `buffer` with what comes next.
    ///
    /// - Returns: how many bytes it holds now, or libcurl's word for giving up.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let start = position
        let wanted = min(buffer.count, Int(clamping: size - start))
        guard wanted > 0 else { return 0 }
        let count = pread(descriptor, buffer.baseAddress, wanted, off_t(start))
        guard count > 0 else { return Int(CURL_READFUNC_ABORT) }
        offset.store(start + Int64(count), ordering: .relaxed)
        return count
    }

    /// Has the next read begin at `position`.
    func seek(to position: Int64) {
        offset.store(position, ordering: .relaxed)
    }
}
