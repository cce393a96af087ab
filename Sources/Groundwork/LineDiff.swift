/// What changed from one text to another, line by line.
package struct LineDiff: Hashable, Sendable {
    /// What became of a line.
    package enum Fate: Character, Sendable {
        case kept = " "
        case removed = "-"
        case added = "+"
    }

    /// One line of either text.
    package struct Line: Hashable, Sendable {
        package let fate: Fate
        /// The line without its end.
        package let text: String
        /// Whether the text ends here without a line break.
        package let isLastUnbroken: Bool
    }

    /// Lines that stand together, changed ones with a few of those around them.
    package struct Hunk: Hashable, Sendable {
        package let lines: [Line]
        /// The number of its first line in the old text, from 1.
        package let oldStart: Int
        /// The number of its first line in the new text, from 1.
        package let newStart: Int
    }

    /// The lines of both texts in order; of lines that changed the removed ones come first.
    package let lines: [Line]

    /// The most lines, behind what both texts begin and before what both end with, for which the fewest changes are looked for:
    /// finding them takes time and memory that grow with the square.
    private static let limit = 2_000

    /// Compares two texts.
    ///
    /// Of texts that differ over thousands of lines all lines between the first and the last that changed count as changed.
    package init(from old: String, to new: String) {
        let old = Self.split(old)
        let new = Self.split(new)
        let shorter = min(old.count, new.count)
        let head = (0..<shorter).first { old[$0] != new[$0] } ?? shorter
        let tail = (0..<(shorter - head)).first { old[old.count - 1 - $0] != new[new.count - 1 - $0] }
        let end = tail ?? shorter - head
        let middle = Self.changes(
            from: old[head..<(old.count - end)],
            to: new[head..<(new.count - end)]
        )
        lines =
            old[..<head].map { Self.line(.kept, $0) } + middle
            + old[(old.count - end)...].map { Self.line(.kept, $0) }
    }

    /// Whether the texts are the same.
    package var isEmpty: Bool { lines.allSatisfy { $0.fate == .kept } }

    /// What changed, each stretch with up to `context` lines before and behind it.
    package func hunks(context: Int = 3) -> [Hunk] {
        var ranges: [Range<Int>] = []
        for place in lines.indices where lines[place].fate != .kept {
            let around = max(0, place - context)..<min(lines.count, place + context + 1)
            if let last = ranges.last, around.lowerBound <= last.upperBound {
                ranges[ranges.count - 1] = last.lowerBound..<around.upperBound
            } else {
                ranges.append(around)
            }
        }
        var (old, new, place) = (1, 1, 0)
        return ranges.map { range in
            while place < range.lowerBound { pass(&place, &old, &new) }
            let hunk = Hunk(lines: Array(lines[range]), oldStart: old, newStart: new)
            while place < range.upperBound { pass(&place, &old, &new) }
            return hunk
        }
    }

    private func pass(_ place: inout Int, _ old: inout Int, _ new: inout Int) {
        if lines[place].fate != .added { old += 1 }
        if lines[place].fate != .removed { new += 1 }
        place += 1
    }

    private static func changes(from old: ArraySlice<Substring>, to new: ArraySlice<Substring>) -> [Line] {
        guard old.count <= limit, new.count <= limit else {
            return old.map { line(.removed, $0) } + new.map { line(.added, $0) }
        }
        let difference = Array(new).difference(from: Array(old))
        var removed: Set<Int> = []
        var added: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(old.startIndex + offset)
            case .insert(let offset, _, _): added.insert(new.startIndex + offset)
            }
        }
        var lines: [Line] = []
        var (from, to) = (old.startIndex, new.startIndex)
        while from < old.endIndex || to < new.endIndex {
            if removed.contains(from) {
                lines.append(line(.removed, old[from]))
                from += 1
            } else if added.contains(to) {
                lines.append(line(.added, new[to]))
                to += 1
            } else {
                lines.append(line(.kept, old[from]))
                from += 1
                to += 1
            }
        }
        return lines
    }

    /// The lines of a text, each with the line break that ends it.
    private static func split(_ text: String) -> [Substring] {
        var lines: [Substring] = []
        var rest = text[...]
        while let end = rest.unicodeScalars.firstIndex(of: "\n") {
            let next = rest.unicodeScalars.index(after: end)
            lines.append(Substring(rest.unicodeScalars[..<next]))
            rest = Substring(rest.unicodeScalars[next...])
        }
        return rest.isEmpty ? lines : lines + [rest]
    }

    private static func line(_ fate: Fate, _ text: Substring) -> Line {
        let isBroken = text.unicodeScalars.last == "\n"
        let plain = isBroken ? Substring(text.unicodeScalars.dropLast()) : text
        return Line(fate: fate, text: String(plain), isLastUnbroken: !isBroken)
    }
}
