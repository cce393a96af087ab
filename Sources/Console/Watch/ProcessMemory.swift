import Foundation

/// What the kernel says of a process's memory; nil where it does not say.
package enum ProcessMemory {
    /// Bytes in memory now.
    package static var resident: Int? { field("VmRSS:", of: "self") }

    /// The most bytes there ever were.
    package static var peak: Int? { field("VmHWM:", of: "self") }

    /// The most bytes that another process ever had.
    package static func peak(of pid: Int32) -> Int? { field("VmHWM:", of: "\(pid)") }

    private static func field(_ name: String, of process: String) -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else {
            return nil
        }
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        let words = line?.split { $0.isWhitespace }
        return words.flatMap { $0.count > 1 ? Int($0[1]) : nil }.map { $0 * 1_024 }
    }
}
