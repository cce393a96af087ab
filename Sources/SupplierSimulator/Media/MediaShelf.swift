import Groundwork

/// The files that a simulated supplier took, for those who may name them.
struct MediaShelf: Sendable {
    private struct File {
        let holder: String
        let type: String
        let until: Moment?
    }

    private var files: [String: File] = [:]
    private var count = 0

    /// Takes a file.
    ///
    /// - Parameters:
    ///   - type: what it is, such as `image`.
    ///   - holder: who may name it.
    ///   - lifetime: how long it is there; nil for ever.
    ///   - now: the time.
    /// - Returns: what it is called.
    mutating func take(_ type: String, of holder: String, for lifetime: Duration?, at now: Moment) -> String {
        count += 1
        let name = "@media-\(SimulatorRandom.mixed(UInt64(count)))-\(count)"
        files[name] = File(holder: holder, type: type, until: lifetime.map { now + $0 })
        return name
    }

    /// Whether a message of `holder` may name a file as one of `types`.
    func has(_ name: String, as types: [String], of holder: String, at now: Moment) -> Bool {
        guard let file = files[name], file.holder == holder, types.contains(file.type) else { return false }
        return file.until.map { $0 > now } ?? true
    }

    /// Loses everything, as if its time were over.
    mutating func clear() { files = [:] }
}
