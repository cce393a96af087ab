/// Rows in columns that are as wide as what stands in them.
struct Table {
    /// Which side of its column a text keeps to.
    enum Side {
        case left
        case right
    }

    private let sides: [Side]
    private let indent: String
    private var rows: [[String]]

    /// Makes a table with a line of headings; the columns named in `right` hold numbers.
    init(_ headings: String..., right: Set<String> = []) {
        sides = headings.map { right.contains($0) ? .right : .left }
        rows = [headings]
        indent = ""
    }

    /// Makes names with what they stand for, without headings.
    init(indent: Int) {
        sides = []
        rows = []
        self.indent = String(repeating: " ", count: indent)
    }

    var isEmpty: Bool { rows.count <= 1 }

    mutating func add(_ cells: String...) {
        rows.append(cells.map { $0.replacing("\n", with: "↵").printable })
    }

    /// The lines, each ended by a line feed.
    var text: String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.columns)
            }
        }
        return rows.map { line($0, widths) + "\n" }.joined()
    }

    private func line(_ row: [String], _ widths: [Int]) -> String {
        var line = indent
        for (column, cell) in row.enumerated() {
            let gap = String(repeating: " ", count: widths[column] - cell.columns)
            let isRight = sides.indices.contains(column) && sides[column] == .right
            line += (column == 0 ? "" : "  ") + (isRight ? gap + cell : cell + gap)
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
