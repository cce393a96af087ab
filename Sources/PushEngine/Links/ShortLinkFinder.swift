/// Finds short links in texts: their codes differ from one occurrence of a campaign to the next, and what they lead to
/// does not.
package struct ShortLinkFinder: Sendable {
    private let start: [UInt8]

    /// Looks for links below an address such as `https://t.example.com`, without a slash at its end.
    package init(base: String) {
        start = Array("\(base)/s/".utf8)
    }

    /// A text without the codes of its short links: what two people got alike is alike then.
    func withoutCodes(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        var rest: [UInt8] = []
        rest.reserveCapacity(text.count)
        var place = 0
        while place < text.count {
            if text[place] == start[0], text[place...].starts(with: start) {
                rest += start
                place = min(text.count, place + start.count + LinkCode.length)
            } else {
                rest.append(text[place])
                place += 1
            }
        }
        return rest
    }
}
