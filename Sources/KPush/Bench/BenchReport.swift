import Foundation

/// What was measured, and whether it keeps what is promised.
struct BenchReport: Hashable, Sendable, Codable {
    /// The campaigns that peak memory is compared with.
    let small: [DemoFigures]
    /// The campaigns whose rate counts.
    let large: [DemoFigures]
    /// The same campaigns on the cluster size.
    let cluster: [DemoFigures]
    let cores: Int
    let requirements: [Requirement]

    /// Something promised, beside what was measured.
    struct Requirement: Hashable, Sendable, Codable {
        let text: String
        let measured: String
        let holds: Bool
    }

    /// The least rate of the large campaign on the embedded size, on two cores with the simulator beside it.
    static let recipientsPerSecond = 50_000

    /// The least rate on the cluster size, with PostgreSQL and Redis on the same two cores as well.
    static let clusterRecipientsPerSecond = 40_000

    /// The most megabytes by which peak memory may differ between the two sizes.
    static let memoryGrowth = 32

    /// Judges the campaigns; of a size that was not measured there are none.
    init(
        small: [DemoFigures] = [],
        large: [DemoFigures] = [],
        cluster: [DemoFigures] = [],
        cores: Int = ProcessInfo.processInfo.activeProcessorCount
    ) {
        self.small = small
        self.large = large
        self.cluster = cluster
        self.cores = cores
        var requirements: [Requirement] = []
        if !large.isEmpty {
            requirements.append(Self.rate(large, atLeast: Self.recipientsPerSecond, of: "embedded"))
            requirements.append(Self.memory(small, large))
        }
        if !cluster.isEmpty {
            requirements.append(Self.rate(cluster, atLeast: Self.clusterRecipientsPerSecond, of: "cluster"))
        }
        self.requirements = requirements + [Self.books(small + large + cluster)]
    }

    /// Whether all that is promised is kept.
    var holds: Bool { requirements.allSatisfy(\.holds) }

    // MARK: Verdicts

    private static func rate(_ runs: [DemoFigures], atLeast least: Int, of size: String) -> Requirement {
        let rate = median(runs.map(\.recipientsPerSecond))
        return Requirement(
            text: "\(size): at least \(least.grouped) recipients a second",
            measured: Int(rate).grouped,
            holds: rate >= Double(least)
        )
    }

    /// The most that any run of a size had is what the size takes.
    private static func memory(_ small: [DemoFigures], _ large: [DemoFigures]) -> Requirement {
        let peaks = [small, large].map { $0.reduce(0) { max($0, $1.peakMemory) } }
        let growth = peaks[1] - peaks[0]
        return Requirement(
            text: "embedded: peak memory of both within \(memoryGrowth) MB",
            measured: growth.megabytes,
            holds: abs(growth) <= memoryGrowth << 20
        )
    }

    private static func books(_ runs: [DemoFigures]) -> Requirement {
        let faults = runs.reduce(0) { $0 + $1.disagreements.count }
        let doubled = runs.reduce(0) { $0 + $1.doubled }
        return Requirement(
            text: "every recipient in both books, nobody twice",
            measured: faults == 0 ? "\(doubled) twice" : "\(faults) disagreements",
            holds: faults == 0 && doubled == 0
        )
    }

    /// The middle one; of two in the middle the lower.
    static func median(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[(values.count - 1) / 2]
    }

    // MARK: Words

    /// The report as it is printed.
    var text: String {
        var lines = [
            "",
            "Bench on \(cores) cores\(Self.build); each campaign in a process of its own, the simulator beside it",
            "",
            Self.row([
                "", "rows", "rows/s", "recipients/s", "sent", "settled", "peak memory", "twice", "books",
            ]),
        ]
        lines += (small + large).map { Self.row("embedded", $0) } + cluster.map { Self.row("cluster", $0) }
        lines += [
            "",
            "sent: from the first row read to the last message in a supplier's hands; the rates are of this",
            "settled: to the last receipt; Tencent's are pulled at its limit of 10,000 a second",
        ]
        if !cluster.isEmpty {
            lines.append(
                "cluster: its processes, PostgreSQL and Redis on these cores; memory without those two"
            )
        }
        lines += [
            "",
            "What is promised",
        ]
        lines += requirements.map {
            ($0.holds ? "  ok      " : "  MISSED  ") + $0.text.padded(to: 50) + $0.measured
        }
        lines += (small + large + cluster).flatMap(\.disagreements).map { "  NO      " + $0 }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The report as programs read it.
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        }
    }

    private static func row(_ size: String, _ run: DemoFigures) -> String {
        row([
            size, run.rows.grouped, Int(run.rowsPerSecond).grouped, Int(run.recipientsPerSecond).grouped,
            run.sentSeconds.tenths + " s", run.settledSeconds.tenths + " s", run.peakMemory.megabytes,
            run.doubled.grouped, run.disagreements.isEmpty ? "agree" : "DIFFER",
        ])
    }

    /// Cells under one another, the first flush left and the others right.
    private static func row(_ cells: [String]) -> String {
        cells[0].padded(to: 9)
            + zip(cells.dropFirst(), [11, 10, 14, 9, 10, 13, 7, 8])
            .map { String(repeating: " ", count: max(1, $1 - $0.count)) + $0 }
            .joined()
    }

    static var build: String {
        #if DEBUG
        ", built for debugging"
        #else
        ""
        #endif
    }
}

extension Int {
    /// This many bytes, in whole megabytes.
    var megabytes: String { "\(self / (1 << 20)) MB" }
}
