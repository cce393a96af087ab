/// A name that an executor makes at its first start and keeps in a folder of its own.
///
/// One that fetches its runs is known by it: a restarted one finds what was left for it, and gets the same shards and jobs as
/// before. Another one is given to its programs, so that it finds those again.
enum ExecutorName {
    private static let file = "/name"

    /// The name in `folder`, which this process has locked; a new one where there is none.
    ///
    /// - Throws: `ExecutorError` when it can neither be read nor written.
    static func load(from folder: String) throws(ExecutorError) -> String {
        var bytes: [UInt8] = []
        try Disk.read(folder + file) { piece in
            bytes.append(contentsOf: piece)
            return bytes.count < 100
        }
        let known = String(decoding: bytes, as: UTF8.self)
        if isName(known) { return known }
        // 128 random bits from the system's generator: no two executors have the same.
        let name = [UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)]
            .map { String($0, radix: 16) }
            .joined()
        let temporary = folder + file + ".new"
        try Disk.remove(temporary)
        var new = try AppendFile(path: temporary)
        try new.append(name.utf8)
        try new.synchronise()
        try Disk.replace(folder + file, with: temporary, in: folder)
        return name
    }

    private static func isName(_ text: String) -> Bool {
        (2...32).contains(text.utf8.count) && text.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }
}
