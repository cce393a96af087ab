#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Puts `track_code_bid=<businessId>` on every `http` and `https` link of a text.
package struct LinkTracker: Hashable, Sendable {
    /// The parameter's name, which reports of clicks look for.
    package static let parameter = "track_code_bid"

    private let assignment: [UInt8]
    /// What joins two parameters: `&`, in HTML `&amp;`.
    private let joint: [UInt8]

    /// Makes a tracker for one template and day.
    ///
    /// - Parameters:
    ///   - id: the value of the parameter.
    ///   - target: what kind of text the links stand in.
    package init(_ id: BusinessID, in target: EscapeTarget = .plain) {
        assignment = Array("\(LinkTracker.parameter)=\(id)".utf8)
        joint = Array((target == .html ? "&amp;" : "&").utf8)
    }

    /// Appends a text with the parameter on its links.
    ///
    /// It stands before a fragment, behind the parameters that are there; a link that has it already is left
    /// alone. A link ends at a blank, a quote, an angle bracket or any character that is not ASCII; punctuation
    /// at its end is not part of it.
    package func append(_ text: Span<UInt8>, to out: inout [UInt8]) {
        var copied = 0
        while let link = LinkTracker.nextLink(in: text, from: copied) {
            let place = insertion(in: text, link)
            append(text, copied..<place.at, to: &out)
            if let lead = place.lead {
                out.append(contentsOf: lead)
                out.append(contentsOf: assignment)
            }
            append(text, place.at..<link.upperBound, to: &out)
            copied = link.upperBound
        }
        append(text, copied..<text.count, to: &out)
    }

    /// Whether a text holds a link.
    package static func holdsLink(_ text: Span<UInt8>) -> Bool {
        nextLink(in: text, from: 0) != nil
    }

    /// Where the links of a text are, in order.
    static func links(in text: Span<UInt8>) -> [Range<Int>] {
        var links: [Range<Int>] = []
        while let link = nextLink(in: text, from: links.last?.upperBound ?? 0) { links.append(link) }
        return links
    }

    @inline(__always)
    private func append(_ text: Span<UInt8>, _ range: Range<Int>, to out: inout [UInt8]) {
        text.withUnsafeBufferPointer { out.append(contentsOf: UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// Where the parameter goes and what comes before it; no lead when the link has it already.
    private func insertion(in text: Span<UInt8>, _ link: Range<Int>) -> (at: Int, lead: [UInt8]?) {
        var end = link.upperBound
        var query: Int?
        for at in link {
            if text[at] == UInt8(ascii: "#") {
                end = at
                break
            }
            if text[at] == UInt8(ascii: "?"), query == nil { query = at }
        }
        guard let query else { return (end, Self.question) }
        let width = LinkTracker.parameter.utf8.count + 1
        for at in (query + 1)..<end where end - at >= width && isParameterStart(text, at) {
            if (0..<width).allSatisfy({ text[at + $0] == assignment[$0] }) { return (end, nil) }
        }
        let needsJoint = end - 1 != query && text[end - 1] != UInt8(ascii: "&")
        return (end, needsJoint ? joint : [])
    }

    private static let question = [UInt8(ascii: "?")]

    private func isParameterStart(_ text: Span<UInt8>, _ at: Int) -> Bool {
        text[at - 1] == UInt8(ascii: "?") || text[at - 1] == UInt8(ascii: "&")
            || text[at - 1] == UInt8(ascii: ";")
    }

    /// The next link at or after a place.
    private static func nextLink(in text: Span<UInt8>, from start: Int) -> Range<Int>? {
        var at = start
        while let colon = nextColon(in: text, from: at) {
            at = colon + 1
            guard colon + 3 < text.count, text[colon + 1] == UInt8(ascii: "/"),
                text[colon + 2] == UInt8(ascii: "/"),
                let begin = schemeStart(in: text, before: colon, notBefore: start)
            else { continue }
            let end = linkEnd(in: text, from: colon + 3)
            if end > colon + 3 { return begin..<end }
        }
        return nil
    }

    @inline(__always)
    private static func nextColon(in text: Span<UInt8>, from start: Int) -> Int? {
        text.withUnsafeBufferPointer { bytes in
            guard let first = bytes.baseAddress,
                let found = memchr(first + start, Int32(UInt8(ascii: ":")), bytes.count - start)
            else { return nil }
            return found - UnsafeMutableRawPointer(mutating: first)
        }
    }

    /// Where `http` or `https`, in any case, begins that ends at a place.
    private static func schemeStart(in text: Span<UInt8>, before end: Int, notBefore start: Int) -> Int? {
        let hasS = end > start && text[end - 1] | 0x20 == UInt8(ascii: "s")
        let begin = end - (hasS ? 5 : 4)
        guard begin >= start, text[begin] | 0x20 == UInt8(ascii: "h"),
            text[begin + 1] | 0x20 == UInt8(ascii: "t"),
            text[begin + 2] | 0x20 == UInt8(ascii: "t"), text[begin + 3] | 0x20 == UInt8(ascii: "p")
        else { return nil }
        return begin == 0 || !isLetter(text[begin - 1]) ? begin : nil
    }

    private static func linkEnd(in text: Span<UInt8>, from start: Int) -> Int {
        var end = start
        while end < text.count, isLinkByte(text[end]) { end += 1 }
        while end > start, isTrailingMark(text[end - 1]) { end -= 1 }
        return end
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        0x61...0x7A ~= byte | 0x20 || 0x30...0x39 ~= byte
    }

    static func isLinkByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00...0x20, 0x22, 0x27, 0x3C, 0x3E, 0x5C, 0x5E, 0x60, 0x7B...0x7D, 0x7F...: false
        default: true
        }
    }

    /// Punctuation that ends the sentence rather than the link.
    private static func isTrailingMark(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21, 0x29, 0x2C, 0x2E, 0x3A, 0x3B, 0x5D: true
        default: false
        }
    }
}
