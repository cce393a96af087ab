import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A disk of a few megabytes that can be filled to its last byte: a file system in memory, mounted on a folder.
struct SmallDisk: Sendable {
    let path: String

    /// Mounts it.
    ///
    /// - Throws: `DemoError` when this host does not let us.
    init(at path: String, megabytes: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m,mode=0700") == 0 else {
            throw DemoError("no disk can be mounted: \(String(cString: strerror(errno)))")
        }
    }

    private var filler: String { path + "/filler" }

    /// Leaves not a byte free.
    func fill() throws {
        let file = open(filler, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard file >= 0 else {
            throw DemoError("the disk cannot be filled: \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        for size in [1 << 16, 1 << 12, 1] {
            let bytes = [UInt8](repeating: 0, count: size)
            while write(file, bytes, size) == size {}
        }
    }

    /// Gives the space back.
    func clear() throws {
        try FileManager.default.removeItem(atPath: filler)
    }

    /// Takes it away; what somebody still has open there stays until they close it.
    func unmount() {
        umount2(path, Int32(MNT_DETACH))
    }

    /// Why there can be none on this host; nil when there can.
    static var obstacle: String? {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("kpush-disk-\(getpid())")
            .path
        do {
            let disk = try SmallDisk(at: path, megabytes: 1)
            disk.unmount()
            try FileManager.default.removeItem(atPath: path)
            return nil
        } catch { return "\(error)" }
    }
}
