import Scheduler

/// A column for each day, stacked by what became of its runs; drawn by the server.
struct RunChart: Sendable {
    /// A piece of a column.
    struct Piece: Sendable {
        let tone: String
        let y: String
        let height: String
    }

    /// One day.
    struct Column: Sendable {
        let path: String
        let x: String
        let width: String
        let pieces: [Piece]
        /// What is told of it when it is pointed at.
        let title: String
        let label: String?
        let middle: String
    }

    /// A line across, and how many runs it stands for.
    struct Line: Sendable {
        let y: String
        let label: String
        let labelY: String
    }

    /// What columns are stacked of, from the bottom.
    struct Part: Sendable {
        let tone: String
        /// The key of its name.
        let word: String
        let count: @Sendable (RunSums) -> Int
    }

    static let parts = [
        Part(tone: "delivered", word: "outcome-succeeded") { $0.ended(.succeeded) },
        Part(tone: "failed", word: "outcome-failed") { $0.ended(.failed) },
        Part(tone: "accepted", word: "runs-open") { $0.open },
        Part(tone: "dropped", word: "outcome-skipped") { $0.ended(.skipped) },
    ]

    // The drawing is 960 by 220; columns stand between these.
    private static let left = 64.0
    private static let right = 952.0
    private static let top = 10.0
    private static let bottom = 192.0
    private static let widest = 56.0
    /// How many days can be told apart by a text below them.
    private static let mostLabels = 16

    let columns: [Column]
    let lines: [Line]
    /// What those hear who cannot see it.
    let label: String

    init(_ facts: RunReportFacts, _ say: Voice) {
        let days = facts.range.all
        let sums = facts.shown.days
        let step = Self.step(upTo: sums.values.map(\.total).max() ?? 0)
        let most = max(step, Self.ceiling(of: sums.values.map(\.total).max() ?? 0, by: step))
        let scale = (Self.bottom - Self.top) / Double(most)
        lines = stride(from: 0, through: most, by: step)
            .map { count in
                let y = Self.bottom - Double(count) * scale
                return Line(
                    y: Self.text(y),
                    label: say.figure(count).text,
                    labelY: Self.text(y + 4)
                )
            }
        let place = (Self.right - Self.left) / Double(days.count)
        let width = min(Self.widest, place * (days.count > 60 ? 0.9 : 0.68))
        let every = (days.count + Self.mostLabels - 1) / Self.mostLabels
        columns = days.enumerated()
            .map { index, day in
                let middle = Self.left + (Double(index) + 0.5) * place
                var query = ["from": day.text, "to": day.text]
                query["group"] = facts.group
                return Column(
                    path: "/runs" + Visit.text(query),
                    x: Self.text(middle - width / 2),
                    width: Self.text(width),
                    pieces: Self.pieces(sums[day] ?? RunSums(), scale),
                    title: Self.title(day, sums[day] ?? RunSums(), say),
                    label: index.isMultiple(of: every) ? String(day.text.dropFirst(5)) : nil,
                    middle: Self.text(middle)
                )
            }
        label = say(
            "report-label",
            [
                "from": facts.range.days.lowerBound.text, "to": facts.range.days.upperBound.text,
                "n": say.number(facts.shown.sums.total),
            ]
        )
    }

    private static func pieces(_ sums: RunSums, _ scale: Double) -> [Piece] {
        var below = 0
        return parts.compactMap { part in
            let count = part.count(sums)
            guard count > 0 else { return nil }
            below += count
            return Piece(
                tone: part.tone,
                y: text(bottom - Double(below) * scale),
                // What is there at all can be seen.
                height: text(max(1, Double(count) * scale))
            )
        }
    }

    private static func title(_ day: RunDay, _ sums: RunSums, _ say: Voice) -> String {
        let counts = parts.map { "\(say($0.word)) \(say.number($0.count(sums)))" }
        return "\(day.text): \(counts.joined(separator: ", "))"
    }

    /// The distance between lines: 1, 2 or 5 with zeros, so that there are at most five of them.
    static func step(upTo most: Int) -> Int {
        var step = 1
        while true {
            for factor in [1, 2, 5] where step * factor * 5 >= most { return step * factor }
            step *= 10
        }
    }

    private static func ceiling(of count: Int, by step: Int) -> Int { (count + step - 1) / step * step }

    /// A coordinate with one decimal.
    private static func text(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
