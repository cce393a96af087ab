import Foundation

/// The supplier simulator as a process of its own, so that neither its memory nor its end is ours.
final class SimulatorProcess: Sendable {
    /// Its base URL.
    let url: String
    /// Where it takes mail; nil when it takes none.
    let mailURL: String?
    private let child: ChildProcess

    var pid: Int32 { child.pid }

    /// Starts a simulator, and waits until it listens.
    ///
    /// - Parameters:
    ///   - arguments: what `kpush simulate` is to be told beside.
    ///   - program: the `kpush` to start; nil for this very one.
    /// - Throws: `DemoError` when it does not come up.
    init(_ arguments: [String], program: URL? = nil) throws {
        let output = Pipe()
        child = try ChildProcess(
            ["simulate", "--port", "0", "--stop-with-input"] + arguments,
            program: program,
            output: output.fileHandleForWriting
        )
        // The child has an end of its own.
        try output.fileHandleForWriting.close()
        var text = ""
        while !text.contains("/_sim/stats\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw DemoError("the supplier simulator did not start") }
            text += String(decoding: data, as: UTF8.self)
        }
        let words = text.split { $0 == "\n" || $0 == " " }
        url =
            words.last { $0.hasSuffix("/_sim/stats") }.map { String($0.dropLast("/_sim/stats".count)) } ?? ""
        mailURL = words.first { $0.hasPrefix("smtp://") }.map(String.init)
    }

    /// Lets it end.
    func stop() throws {
        try child.stop()
    }
}
