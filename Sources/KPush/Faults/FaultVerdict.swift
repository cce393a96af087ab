import Groundwork

/// What came of one scenario: a row of the table, and what had to hold.
struct FaultVerdict: Sendable, Codable {
    var scenario: String
    var promise = ""
    var faults = ""
    /// Good rows of the crowd, and messages that the API took on.
    var accepted = 0
    /// Those with a final state that is certain.
    var final = 0
    var lost = 0
    var doubled = 0
    /// Those of which nobody can tell whether the supplier took them.
    var unknown = 0
    var stallSeconds = 0.0
    var latenessSeconds = 0.0
    var runs = 0
    var runsDoubled = 0
    var runsMissed = 0
    /// Answers of the API that no fault excuses.
    var strangeAnswers = 0
    var checks: [FaultCheck] = []
    /// Why it was not shown here; nil when it was.
    var skipped: String?

    /// Whether it was shown and all held.
    var holds: Bool { skipped == nil && !checks.isEmpty && checks.allSatisfy(\.holds) }

    /// The headings of the printed table.
    static let headings = [
        "scenario", "faults injected", "accepted", "final", "lost", "doubled", "unknown", "longest stall",
        "runs",
        "latest run", "verdict",
    ]

    var cells: [String] {
        if let skipped {
            return [scenario, "skipped: \(skipped)"] + Array(repeating: "-", count: 8) + ["not shown"]
        }
        return [
            scenario, faults.isEmpty ? "none" : faults, accepted.grouped, final.grouped, lost.grouped,
            doubled.grouped, unknown.grouped, "\(stallSeconds.tenths) s", runs.grouped,
            "\(latenessSeconds.tenths) s", holds ? "holds" : "FAILS",
        ]
    }

    /// A table that renders as one in Markdown and can be read without.
    static func markdown(_ verdicts: [FaultVerdict]) -> String {
        let rows = verdicts.map(\.cells)
        let rule = headings.enumerated()
            .map { (2...9).contains($0.offset) && $0.offset != 10 ? "--:" : "---" }
        return ([headings, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }

    /// Whether all held that was to be shown; what this host cannot show is not held against it when it `skipsImpossible`.
    static func hold(_ verdicts: [FaultVerdict], skippingImpossible skipsImpossible: Bool) -> Bool {
        verdicts.allSatisfy { $0.holds || (skipsImpossible && $0.skipped != nil) }
    }

    /// Says which scenarios this host cannot show; nil when all were shown.
    static func notShown(_ verdicts: [FaultVerdict]) -> String? {
        let names = verdicts.filter { $0.skipped != nil }.map(\.scenario)
        guard !names.isEmpty else { return nil }
        return "\(names.count) of \(verdicts.count) scenarios not shown: \(names.joined(separator: ", "))"
    }
}
