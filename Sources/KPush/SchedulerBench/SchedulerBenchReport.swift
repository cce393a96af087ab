import Foundation

/// One line of the scheduler's bench: what was measured beside what is asked.
struct SchedulerBenchLine: Hashable, Sendable, Codable {
    /// Whether what is asked was reached.
    enum Verdict: String, Hashable, Sendable, Codable {
        case met
        case short
        /// It could not be measured.
        case failed
        /// Nothing is asked; it explains another line.
        case note = "-"
    }

    let row: String
    let size: String
    let what: String
    let measured: String
    let asked: String
    /// What the machine does of the same I/O by itself; empty where there is none.
    var limit = ""
    let verdict: Verdict

    /// What was measured, for who waits for the table.
    var summary: String { "\(what): \(measured)\(verdict == .note ? "" : ", \(verdict.rawValue)")" }
}

/// What the scheduler's bench printed.
struct SchedulerBenchReport: Hashable, Sendable, Codable {
    let lines: [SchedulerBenchLine]
    /// Whether it was measured with the numbers that are promised.
    let isWhole: Bool
    var cores = ProcessInfo.processInfo.activeProcessorCount

    /// The report as it is printed.
    var text: String {
        var table = Table("row", "size", "what", "measured", "asked", "machine's limit", "")
        for line in lines {
            table.add(
                line.row,
                line.size,
                line.what,
                line.measured,
                line.asked,
                line.limit,
                line.verdict.rawValue
            )
        }
        return "\nScheduler on \(cores) cores\(BenchReport.build)\(isWhole ? "" : ", divided")\n\n"
            + table.text
    }

    /// The report as programs read it.
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        }
    }
}
