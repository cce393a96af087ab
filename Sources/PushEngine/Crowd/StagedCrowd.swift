import Foundation
package import Groundwork

/// A file that is still arriving: a storage keeps it, or its owner discards it.
package actor StagedCrowd {
    /// Where it lies on this host until then.
    package nonisolated let path: String
    /// How many bytes have arrived.
    package private(set) var size: Int64 = 0
    private let thread = BlockingExecutor(label: "kpush.crowd.staged")
    private let descriptor: Int32

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Makes an empty file.
    init(path: String) throws(StoreError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw .system("make \(path)") }
        self.path = path
    }

    deinit {
        close(descriptor)
    }

    /// Adds bytes at the end.
    ///
    /// - Throws: `StoreError`; `.full` when there is no room for them. The file is of no use then.
    package func append(_ bytes: [UInt8]) throws(StoreError) {
        var written = 0
        while written < bytes.count {
            let result = bytes.withUnsafeBytes { buffer in
                write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if result < 0 {
                if errno == EINTR { continue }
                throw .system("write to \(path)")
            }
            written += result
        }
        size += Int64(written)
    }

    /// What has arrived, to be read.
    package func bytes() throws(StoreError) -> FileCrowdBytes { try FileCrowdBytes(path: path) }

    /// Returns when everything that has arrived survives a power cut.
    package func synchronise() throws(StoreError) {
        guard fsync(descriptor) == 0 else { throw .system("synchronise \(path)") }
    }

    /// Removes the file; one that was kept elsewhere is not touched.
    package func discard() {
        // What cannot be removed now is swept away with what crashes leave behind.
        unlink(path)
    }
}

/// A folder of this host for files that are still arriving.
package actor StagingFolder {
    private let path: String
    private let thread = BlockingExecutor(label: "kpush.crowd.staging")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private static let prefix = "incoming-"
    /// In seconds; a file that has not grown for so long belongs to a process that died.
    private static let patience = 24 * 60 * 60

    /// Names a folder; it is made when it is first needed.
    package init(_ path: String) {
        self.path = path
    }

    /// Begins a file, and removes what processes that died have left.
    ///
    /// - Throws: `StoreError` when it cannot be made.
    package func stage() throws(StoreError) -> StagedCrowd {
        try make()
        let file = try StagedCrowd(path: "\(path)/\(Self.prefix)\(UUID().uuidString.lowercased())")
        sweep(now: Self.lastChange(of: file.path))
        return file
    }

    /// Makes the folder, and those above it, where they are missing.
    private func make() throws(StoreError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard mkdir(made, 0o750) == 0 || errno == EEXIST else { throw .system("make \(made)") }
        }
    }

    /// Goes by the clock of whoever keeps the folder, which a new file's time shows.
    private func sweep(now: Int?) {
        guard let now, let folder = opendir(path) else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
            }
            guard name.hasPrefix(Self.prefix), let changed = Self.lastChange(of: "\(path)/\(name)"),
                now - changed > Self.patience
            else { continue }
            unlink("\(path)/\(name)")
        }
    }

    private static func lastChange(of path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mtim.tv_sec : nil
    }
}
