import PushEngine

/// Crowd files in words, as the commands print them.
enum CrowdTable {
    /// What was generated.
    static func summary(_ summary: CrowdSummary) -> String {
        var lines = [
            line("rows", summary.rows),
            line("good, distinct", summary.good),
            line("duplicates", summary.duplicates),
            line("bad", summary.bad),
        ]
        lines += codes(summary.badByCode).map { line("  " + $0.key, $0.value) }
        if summary.night > 0 { lines.append(line("for the night (199…)", summary.night)) }
        if summary.scripted > 0 { lines.append(line("scripted (…0000-0009)", summary.scripted)) }
        lines.append("seed".padded(to: 26) + "\(summary.seed)")
        return lines.joined(separator: "\n") + "\n"
    }

    /// What a check found, with the first row of each code.
    static func survey(_ survey: CrowdSurvey, of file: String, examples: [String: CrowdReject]) -> String {
        let layout = survey.layout
        let others = layout.columns.indices.filter { $0 != layout.recipient }.map { layout.columns[$0] }
        var lines = [
            "file".padded(to: 26) + file,
            "sha256".padded(to: 26) + survey.sha256,
            line("bytes", Int(survey.size)),
            "separator".padded(to: 26) + "\(layout.separator)",
            "recipient".padded(to: 26) + layout.columns[layout.recipient],
            "variables".padded(to: 26) + others.joined(separator: ", "),
            line("rows", survey.rows),
            line("good", survey.good),
            line("refused", survey.rows - survey.good),
        ]
        for (code, count) in codes(survey.rejected) {
            lines.append(line("  " + code, count))
            if let example = examples[code] { lines.append("    " + describe(example)) }
        }
        lines += [line("blank lines", survey.emptyLines), line("spellings repaired", survey.repaired)]
        if survey.lineEnds.areMixed {
            let ends = survey.lineEnds
            lines.append(
                "line ends".padded(to: 26) + "mixed: LF \(ends.lf), CRLF \(ends.crlf), CR \(ends.cr)"
            )
        }
        lines.append(line("shards", survey.shards.count))
        return lines.joined(separator: "\n") + "\n"
    }

    private static func describe(_ reject: CrowdReject) -> String {
        let column = reject.column.map { ", column \($0)" } ?? ""
        let text = reject.text.printable
        return "row \(reject.row), line \(reject.line)\(column): \(reject.fault.hint): \(text)"
    }

    private static func codes(_ counts: [String: Int]) -> [(key: String, value: Int)] {
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    }

    private static func line(_ name: String, _ count: Int) -> String {
        name.padded(to: 26) + count.grouped
    }
}
