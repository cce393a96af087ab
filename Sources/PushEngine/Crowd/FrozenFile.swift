#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An open crowd file of a size that is fixed: read at offsets, never mapped, so that resident memory stays flat.
struct FrozenFile: ~Copyable, Sendable {
    private let descriptor: Int32
    /// The size when the file was opened; a frozen crowd never changes.
    let size: Int64

    /// Opens a file for reading.
    ///
    /// - Throws: `CrowdFileError.unreadable` when there is no such file or it is no regular file.
    init(path: String) throws(CrowdFileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(operation: "open", reason: systemReason()) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .unreadable(operation: "open", reason: "not a regular file")
        }
        self.descriptor = descriptor
        size = Int64(status.st_size)
    }

    deinit {
        close(descriptor)
    }

    /// Reads up to `count` bytes at `offset` into a part of an array; fewer only at the end of the file.
    ///
    /// - Parameters:
    ///   - offset: where in the file.
    ///   - target: takes the bytes; it has room for `count` of them after `position`.
    ///   - position: where in the array the first byte goes.
    ///   - count: the most bytes to read.
    /// - Returns: how many bytes were read.
    /// - Throws: `CrowdFileError.unreadable` when the disk fails, `.changed` when the file has become shorter.
    func read(
        at offset: Int64,
        into target: inout [UInt8],
        from position: Int = 0,
        count: Int
    ) throws(CrowdFileError) -> Int {
        let wanted = min(count, Int(max(0, size - offset)))
        var filled = 0
        while filled < wanted {
            let place = off_t(offset) + off_t(filled)
            let result = target.withUnsafeMutableBytes { bytes in
                pread(descriptor, bytes.baseAddress.map { $0 + position + filled }, wanted - filled, place)
            }
            if result < 0 {
                if errno == EINTR { continue }
                throw .unreadable(operation: "read", reason: systemReason())
            }
            guard result > 0 else { throw .changed }
            filled += result
        }
        return filled
    }
}

/// What the system says about the call that just failed.
private func systemReason() -> String {
    String(cString: strerror(errno))
}
