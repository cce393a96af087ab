import Foundation
package import Groundwork

/// A file of this host, or of a folder that it shares: read on a thread of its own, never mapped, so that memory
/// stays flat and nobody waits for a slow disk but the reader.
package actor FileCrowdBytes: CrowdBytes {
    /// The size when the file was opened; a frozen crowd never changes.
    package nonisolated let size: Int64
    private let thread = BlockingExecutor(label: "kpush.crowd.reader")
    private let descriptor: Int32

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Opens a file for reading.
    ///
    /// - Parameter path: where it is.
    /// - Throws: `StoreError`; `.notFound` when there is none.
    package init(path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open") }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw StoreError(.unavailable, during: "open", detail: "not a regular file")
        }
        self.descriptor = descriptor
        size = Int64(status.st_size)
    }

    deinit {
        close(descriptor)
    }

    package func read(_ count: Int, at offset: Int64) throws(StoreError) -> [UInt8] {
        let wanted = min(count, Int(clamping: max(0, size - offset)))
        var failure: StoreError?
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
            while filled < wanted, failure == nil {
                let place = buffer.baseAddress.map { $0 + filled }
                let result = pread(descriptor, place, wanted - filled, off_t(offset) + off_t(filled))
                if result > 0 {
                    filled += result
                } else if result == 0 {
                    failure = StoreError(.conflict, during: "read", detail: "the file has become shorter")
                } else if errno != EINTR {
                    failure = .system("read")
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

extension StoreError {
    /// What the system says about the call that just failed.
    static func system(_ operation: String) -> StoreError {
        let code: Code =
            switch errno {
            case ENOSPC, EDQUOT: .full
            case ENOENT: .notFound
            default: .unavailable
            }
        return StoreError(code, during: operation, detail: String(cString: strerror(errno)))
    }
}
