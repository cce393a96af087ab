import ArgumentParser
import Foundation
import Groundwork
import Logging

/// `kpush faults`: a cluster of our own, under load, in which things go wrong.
struct FaultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "faults",
        abstract:
            "Break a cluster on purpose, under load, and show that nothing is lost and nothing doubled.",
        discussion: """
            Each scenario starts PostgreSQL, Redis and processes of `kpush serve` of its own, sends a campaign, single \
            messages over the API and jobs that are due every second, and makes something go wrong. What the supplier \
            simulator took is the oracle. Exit code 0: everything held that each scenario promises. A scenario that this \
            host cannot show does not hold, unless --skip-impossible says that it need not be shown.

            \(FaultScenario.all.map { "  " + $0.name.padded(to: 22) + $0.promise }.joined(separator: "\n"))

            The data folder holds the processes' folders and logs; it is emptied at the start.
            """
    )

    @Option(parsing: .upToNextOption, help: "The scenarios to show; all of them when not given.")
    var scenario: [String] = []

    @Flag(help: "A few scenarios with few rows and jobs.")
    var short = false

    @Flag(
        help: """
            Do without scenarios that this host cannot show: disk-full needs the right to mount, clock a C compiler (cc).
            """
    )
    var skipImpossible = false

    @Option(help: "Rows of each crowd file. (default: 200000; short: 12000)")
    var rows: Int?

    @Option(help: "Jobs that are due every second. (default: 500; short: 50)")
    var jobs: Int?

    @Option(help: "The folder of the clusters' files.", completion: .directory)
    var data = "faults-data"

    @Option(help: "The kpush that is put to the test. (default: this one)", completion: .file())
    var program: String?

    @Option(help: "A file that takes the verdicts as JSON.", completion: .file())
    var json: String?

    @Option(help: "A file that takes the table as Markdown.", completion: .file())
    var table: String?

    func validate() throws {
        let known = Set((FaultScenario.all + FaultScenario.few).map(\.name))
        for name in scenario where !known.contains(name) {
            throw ValidationError("\(name) is none of \(known.sorted().joined(separator: ", ")).")
        }
        guard (rows ?? 1) > 0, (jobs ?? 1) > 0 else {
            throw ValidationError("--rows and --jobs are above 0.")
        }
    }

    func run() async throws {
        try DemoFolder.empty(data)
        let logger = ServeLog.start(level: "error")
        var verdicts: [FaultVerdict] = []
        for scenario in chosen {
            Terminal.out("\(scenario.name): \(scenario.promise)\n")
            let folder = data + "/" + scenario.name
            try DataFolder.make(folder)
            let stopwatch = Stopwatch(ContinuousClock())
            let verdict = await FaultRun(
                scenario: scenario,
                rows: rows ?? (short ? 12_000 : 200_000),
                jobs: jobs ?? (short ? 50 : 500),
                data: folder,
                program: program.map { URL(fileURLWithPath: $0) },
                logger: logger
            )
            .perform()
            if let obstacle = verdict.skipped { Terminal.out("  not shown: \(obstacle)\n") }
            for check in verdict.checks { Terminal.out("  \(check.holds ? "ok" : "NO")  \(check.text)\n") }
            Terminal.out("  \(stopwatch.elapsed.inSeconds.tenths) s\n\n")
            verdicts.append(verdict)
        }
        let text = FaultVerdict.markdown(verdicts)
        Terminal.out(text)
        if let table { try Data(text.utf8).write(to: URL(fileURLWithPath: table)) }
        if let json { try JSONEncoder().encode(verdicts).write(to: URL(fileURLWithPath: json)) }
        if let gap = FaultVerdict.notShown(verdicts) { Terminal.out("\n\(gap)\n") }
        guard FaultVerdict.hold(verdicts, skippingImpossible: skipImpossible) else { throw ExitCode(1) }
    }

    private var chosen: [FaultScenario] {
        if !scenario.isEmpty {
            return (FaultScenario.all + FaultScenario.few).filter { scenario.contains($0.name) }
        }
        return short ? FaultScenario.few : FaultScenario.all
    }
}
