import ArgumentParser
import Foundation

/// `kpush bench`: how fast campaigns go through everything, and in how much memory.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure campaigns through the whole system, on this machine alone.",
        discussion: """
            Performs the demo's campaign with few and with many rows, each in a process of its own with the supplier \
            simulator beside it, and then with many rows on the cluster size, with PostgreSQL, Redis and processes \
            started for it. It holds rates and peak memory against what is promised. Exit code 0: all of it holds.

            The data folder is the bench's own; it is emptied at the start and removed at the end.
            """
    )

    @Option(help: "The size that is measured.")
    var size = BenchSize.both

    @Option(help: "Rows of the campaign whose rate counts.")
    var rows = 1_000_000

    @Option(help: "Rows of the campaign that its peak memory is compared with.")
    var baseline = 10_000

    @Option(name: .customLong("repeat"), help: "How often each is measured; the median rate counts.")
    var times = 1

    @Option(help: "The bench's data folder, on the disk to be measured.", completion: .directory)
    var data = "bench-data"

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard rows > 0 else { throw ValidationError("--rows is above 0.") }
        guard baseline > 0 else { throw ValidationError("--baseline is above 0.") }
        guard times > 0 else { throw ValidationError("--repeat is above 0.") }
    }

    func run() async throws {
        try DemoFolder.empty(data)
        var small: [DemoFigures] = []
        var large: [DemoFigures] = []
        var cluster: [DemoFigures] = []
        for turn in 1...times {
            if size != .cluster {
                small.append(try await measure("demo", baseline, "baseline-\(turn)"))
                large.append(try await measure("demo", rows, "campaign-\(turn)"))
            }
            if size != .embedded { cluster.append(try await measure("cluster", rows, "cluster-\(turn)")) }
        }
        let report = BenchReport(small: small, large: large, cluster: cluster)
        Terminal.out(json ? try report.json : report.text)
        try FileManager.default.removeItem(atPath: data)
        if !report.holds { throw ExitCode(1) }
    }

    /// Performs a campaign by a command of its own; it is `name` that its log and figures are kept under.
    private func measure(_ command: String, _ rows: Int, _ name: String) async throws -> DemoFigures {
        // Whoever reads the report through a pipe need not see this.
        FileHandle.standardError.write(Data("measuring \(rows.grouped) rows (\(command)) …\n".utf8))
        let (figures, log) = (URL(fileURLWithPath: "\(data)/\(name).json"), "\(data)/\(name).log")
        try Data().write(to: URL(fileURLWithPath: log))
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        let child = try ChildProcess(
            [
                command, "--stop-with-input", "--rows", "\(rows)", "--lead", "1", "--web-port", "0",
                "--data", "\(data)/\(command)", "--summary", figures.path,
            ],
            output: output,
            complaints: output
        )
        let status = await child.end()
        try output.close()
        // With books that disagree it ends with 1, and says how; without any it came to nothing.
        guard let bytes = try? Data(contentsOf: figures) else {
            throw DemoError("a campaign of \(rows.grouped) rows ended with \(status); \(log) says why")
        }
        return try JSONDecoder().decode(DemoFigures.self, from: bytes)
    }
}

/// What the bench measures.
enum BenchSize: String, CaseIterable, ExpressibleByArgument {
    case embedded
    case cluster
    case both
}
