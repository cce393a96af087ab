/// What a page says, for those who are shown no pages.
enum PageText {
    /// The text of `html`: paragraphs and rows as lines, links with where they lead, the rest of the marks left out.
    static func text(of html: String) -> String {
        var reader = PageReader()
        var rest = html[...]
        while let mark = rest.firstIndex(of: "<") {
            reader.write(rest[..<mark])
            rest = rest[mark...]
            if rest.hasPrefix("<!--") {
                rest = after("-->", in: rest)
                continue
            }
            let sign = rest.dropFirst().first
            guard sign.map({ $0.isLetter || "/!?".contains($0) }) ?? false else {
                reader.write(rest.prefix(1))
                rest = rest.dropFirst()
                continue
            }
            guard let end = end(of: rest) else {
                reader.write(rest)
                return reader.text
            }
            let tag = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
            let start = tag.prefix { $0 == "/" }
            let name = (start + tag.dropFirst(start.count).prefix { $0.isLetter || $0.isNumber }).lowercased()
            if ["style", "script", "head", "title"].contains(name) {
                rest = after("</\(name)", in: rest)
                rest = rest.firstIndex(of: ">").map { rest[rest.index(after: $0)...] } ?? rest
            } else {
                reader.open(name, tag)
            }
        }
        reader.write(rest)
        return reader.text
    }

    /// Where a tag ends: quotes may hold its end sign.
    private static func end(of tag: Substring) -> Substring.Index? {
        var quote: Character?
        for index in tag.indices {
            let character = tag[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == ">" {
                return index
            } else if character == "\"" || character == "'" {
                quote = character
            }
        }
        // A quote that is never closed.
        return tag.firstIndex(of: ">")
    }

    private static func after(_ end: String, in text: Substring) -> Substring {
        let lower = end.lowercased()
        var rest = text
        while let first = rest.firstIndex(where: { $0 == lower.first }) {
            rest = rest[first...]
            if rest.prefix(lower.count).lowercased() == lower { return rest.dropFirst(lower.count) }
            rest = rest.dropFirst()
        }
        return rest.dropFirst(rest.count)
    }
}

/// Puts a page's text together.
private struct PageReader {
    private var lines: [String] = [""]
    /// Where the link that is open leads, and where its words begin in the last line.
    private var link: (target: String, line: Int, start: Int)?

    var text: String {
        var kept: [Substring] = []
        for line in lines {
            let line = line[...].trimmingBlanks()
            // At most one empty line at once, and none at the beginning.
            if !line.isEmpty || kept.last.map({ !$0.isEmpty }) ?? false { kept.append(line) }
        }
        if kept.last?.isEmpty == true { kept.removeLast() }
        return kept.joined(separator: "\r\n") + "\r\n"
    }

    mutating func write(_ text: Substring) {
        var line = lines.removeLast()
        for character in PageEntities.resolved(text) {
            // A blank that may not be broken is not folded into another.
            if character.isWhitespace, character != "\u{A0}" {
                if let last = line.last, last != " " { line.append(" ") }
            } else {
                line.append(character == "\u{A0}" ? " " : character)
            }
        }
        lines.append(line)
    }

    mutating func open(_ name: String, _ tag: Substring) {
        switch name {
        case "br": lines.append("")
        case "p", "/p", "h1", "/h1", "h2", "/h2", "h3", "/h3", "h4", "/h4", "ul", "/ul", "ol", "/ol", "table",
            "/table", "blockquote", "/blockquote":
            endLine()
            lines.append("")
        case "div", "/div", "tr", "/tr", "hr", "section", "/section", "header", "/header", "footer",
            "/footer":
            endLine()
        case "li":
            endLine()
            lines[lines.count - 1] = "- "
        case "td", "th": write(" ")
        case "img": write(PageEntities.attribute("alt", of: tag)[...])
        case "a":
            let target = PageEntities.attribute("href", of: tag)
            let isPage = target.hasPrefix("http://") || target.hasPrefix("https://")
            link = isPage ? (target, lines.count - 1, lines[lines.count - 1].count) : nil
        case "/a": closeLink()
        default: break
        }
    }

    private mutating func endLine() {
        if lines.last?.isEmpty == false { lines.append("") }
    }

    private mutating func closeLink() {
        guard let link else { return }
        self.link = nil
        let isSameLine = link.line == lines.count - 1
        let words = isSameLine ? lines[link.line].dropFirst(link.start).trimmingBlanks() : ""
        guard words != link.target[...] else { return }
        lines[lines.count - 1] += words.isEmpty && isSameLine ? link.target : " (\(link.target))"
    }
}

extension Substring {
    fileprivate func trimmingBlanks() -> Substring {
        var rest = self
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
