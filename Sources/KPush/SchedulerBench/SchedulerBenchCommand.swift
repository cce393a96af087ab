import ArgumentParser
import Foundation

/// `kpush bench-scheduler`: how late, how fast and how cheaply jobs are fired.
struct SchedulerBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-scheduler",
        abstract: "Measure the scheduler with real servers and real HTTP, on this machine alone.",
        discussion: """
            Each row starts KPush anew in processes of its own, with PostgreSQL and Redis beside it where the size needs \
            them, and an executor in this process that speaks xxl-job's wire. A row says what was measured, what is \
            asked, and what this machine does of the same I/O with nothing of the scheduler around it. Exit code 0, \
            whether a row is met or short; 1 when a row could not be measured.

            The data folder is the bench's own; it is emptied at the start and removed at the end.
            """
    )

    @Flag(help: "Only the embedded size.")
    var embedded = false

    @Flag(help: "Only the cluster size.")
    var cluster = false

    @Option(
        help: ArgumentHelp(
            "Only these rows: \(SchedulerBenchRow.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "row"
        )
    )
    var only: [SchedulerBenchRow] = []

    @Option(
        help: "Divides how many jobs, runs and seconds there are, for a quick look; then nothing is promised."
    )
    var divide = 1

    @Option(help: "Runs that are stored when lists of them are read.")
    var runs = SchedulerBenchScale().storedRuns

    @Option(help: "Runs that are stored when all of them are verified.")
    var proven = SchedulerBenchScale().provenRuns

    @Option(help: "Jobs that are stored when few of many are due.")
    var jobs = SchedulerBenchScale().storedJobs

    @Option(help: "The bench's data folder, on the disk to be measured.", completion: .directory)
    var data = "bench-data"

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (1...1_000).contains(divide) else { throw ValidationError("--divide is from 1 to 1000.") }
        guard (1_000...100_000_000).contains(runs) else {
            throw ValidationError("--runs is from 1000 to 100000000.")
        }
        guard (1_000...100_000_000).contains(proven) else {
            throw ValidationError("--proven is from 1000 to 100000000.")
        }
        guard (1_000...10_000_000).contains(jobs) else {
            throw ValidationError("--jobs is from 1000 to 10000000.")
        }
    }

    func run() async throws {
        try DemoFolder.empty(data)
        var scale = SchedulerBenchScale(dividedBy: divide)
        scale.storedRuns = max(1_000, runs / divide)
        scale.provenRuns = max(1_000, proven / divide)
        scale.storedJobs = max(1_000, jobs / divide)
        // The processes that it starts need not be where this one is.
        let place = URL(fileURLWithPath: data).standardizedFileURL.path
        let bench = SchedulerBench(data: place, scale: scale)
        var lines: [SchedulerBenchLine] = []
        for row in SchedulerBenchRow.allCases where only.isEmpty || only.contains(row) {
            for size in row.sizes where isWanted(size) {
                // Whoever reads the table through a pipe need not see this.
                FileHandle.standardError.write(Data("measuring \(row.rawValue) (\(size.rawValue)) …\n".utf8))
                let measured = await bench.measure(row, on: size)
                for line in measured { FileHandle.standardError.write(Data("  \(line.summary)\n".utf8)) }
                lines += measured
            }
        }
        let report = SchedulerBenchReport(lines: lines, isWhole: divide == 1)
        Terminal.out(json ? try report.json : report.text)
        guard !lines.contains(where: { $0.verdict == .failed }) else { throw ExitCode(1) }
        // What ran wrong is told by the processes' logs, which stay then.
        try FileManager.default.removeItem(atPath: data)
    }

    private func isWanted(_ size: SiteSize) -> Bool {
        switch size {
        case .none: true
        case .embedded: embedded || !cluster
        case .cluster: cluster || !embedded
        }
    }
}

/// What the scheduler's bench measures, a row each.
enum SchedulerBenchRow: String, CaseIterable, ExpressibleByArgument {
    /// Many jobs that are all due at one instant.
    case burst
    /// How late runs are that come evenly.
    case lateness
    /// Runs a second from the plan to the stored result, over xxl-job's wire.
    case rate
    /// The same with KPush's own executors.
    case own
    /// Runs that a program asks for, one now and then.
    case trickle
    /// Few due jobs among many.
    case many
    /// Lists of many stored runs.
    case list
    /// The proof that many stored runs are those that were due.
    case verify
    /// Another leader, after a death and in order.
    case leader
    /// The next instant of a cron expression.
    case cron

    /// The sizes that a row is measured on.
    var sizes: [SiteSize] {
        switch self {
        case .burst, .list, .verify, .leader: [.cluster]
        case .lateness, .rate, .own, .trickle, .many: [.embedded, .cluster]
        case .cron: [.none]
        }
    }
}

/// How much the bench does.
struct SchedulerBenchScale: Hashable, Sendable {
    /// By what all was divided, for a quick look.
    private(set) var divisor = 1
    /// Jobs that are due at one instant.
    var burst = 10_000
    /// Jobs that are due each second.
    var flow = 1_000
    /// For how long what comes each second comes.
    var span = Duration.seconds(20)
    /// Runs that a program asks for.
    var triggers = 300
    var storedJobs = 1_000_000
    var storedRuns = 20_000_000
    var provenRuns = 10_000_000
    /// Jobs that are due each second while others lead or many are stored.
    var few = 100

    init(dividedBy divisor: Int = 1) {
        guard divisor > 1 else { return }
        self.divisor = divisor
        burst = max(10, burst / divisor)
        flow = max(10, flow / divisor)
        span = .seconds(max(2, 20 / divisor))
        triggers = max(5, triggers / divisor)
        few = max(5, few / divisor)
    }
}
