/// A URL that can be read in one way only, so that what is compared is what is called.
///
/// Everything about which programs disagree is refused: user names, backslashes, fragments, `.` and `..` however they
/// are spelled, escaped slashes, hosts with other than letters, digits, `.` and `-`.
struct WebAddress: Hashable, Sendable {
    private let scheme: String
    private let host: String
    private let port: Int
    /// The parts of the path without their escapes; a slash at the end is none.
    private let segments: [[UInt8]]
    private let path: String
    let query: String?

    /// Reads a URL.
    ///
    /// - Parameter text: such as `https://example.org:8443/jobs?a=1`.
    /// - Throws: `CallError` that names `url` and says what is wrong with it.
    init(_ text: String) throws(CallError) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }) else {
            throw Self.refused("has blanks, control characters, backslashes or other than ASCII")
        }
        guard !text.contains("#") else { throw Self.refused("has a fragment") }
        guard let colon = text.firstRange(of: "://") else { throw Self.refused("is no http or https URL") }
        scheme = text[..<colon.lowerBound].lowercased()
        guard ["http", "https"].contains(scheme) else { throw Self.refused("is no http or https URL") }
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        (host, port) = try Self.authority(rest[..<end], isSecure: scheme == "https")
        let tail = rest[end...].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = tail.first.map { $0.isEmpty ? "/" : String($0) } ?? "/"
        query = tail.count > 1 ? String(tail[1]) : nil
        segments = try Self.segments(path)
    }

    /// Whether it leads to the same server, and there to `other` or below it; its query is free.
    func isBelow(_ other: WebAddress) -> Bool {
        (scheme, host, port) == (other.scheme, other.host, other.port)
            && segments.starts(with: other.segments)
    }

    /// The URL without its query, as it can be shown.
    var place: String { "\(scheme)://\(host):\(port)\(path)" }

    /// The URL, spelled out.
    var text: String { place + (query.map { "?" + $0 } ?? "") }

    /// The same address with `pairs` at the end of its query.
    func adding(query pairs: String) throws(CallError) -> WebAddress {
        try WebAddress(place + "?" + (query.map { $0 + "&" } ?? "") + pairs)
    }

    private static func refused(_ reason: String) -> CallError { CallError("url", reason) }

    private static func authority(
        _ text: Substring,
        isSecure: Bool
    ) throws(CallError) -> (host: String, port: Int) {
        let isSix = text.hasPrefix("[")
        let hostEnd =
            isSix
            ? text.firstIndex(of: "]").map(text.index(after:)) ?? text.endIndex
            : text.firstIndex(of: ":") ?? text.endIndex
        let host = text[..<hostEnd].lowercased()
        guard isSix ? isSixHost(host) : isHost(host) else {
            throw refused("has no host of letters, digits, . and -")
        }
        let rest = text[hostEnd...]
        if rest.isEmpty { return (host, isSecure ? 443 : 80) }
        let digits = rest.dropFirst()
        guard rest.first == ":", digits.allSatisfy({ ("0"..."9").contains($0) }), let port = Int(digits),
            (1...65_535).contains(port)
        else { throw refused("has a port that is none") }
        return (host, port)
    }

    private static func isHost(_ host: String) -> Bool {
        host.split(separator: ".", omittingEmptySubsequences: false)
            .allSatisfy { label in
                !label.isEmpty
                    && label.allSatisfy { $0 == "-" || ("a"..."z").contains($0) || ("0"..."9").contains($0) }
            }
    }

    private static func isSixHost(_ host: String) -> Bool {
        host.count > 3 && host.hasSuffix("]")
            && host.dropFirst().dropLast()
                .allSatisfy { $0 == ":" || $0 == "." || ("a"..."f").contains($0) || ("0"..."9").contains($0) }
    }

    private static func segments(_ path: String) throws(CallError) -> [[UInt8]] {
        var segments: [[UInt8]] = []
        for piece in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let segment = unescaped(piece) else { throw refused("has an escape that is none") }
            guard !segment.contains(where: { $0 < 0x20 || $0 == 0x7F || [0x2F, 0x5C].contains($0) }) else {
                throw refused("has an escaped slash or control character")
            }
            // Some servers drop what follows a semicolon before they look for dots.
            let name = segment.prefix { $0 != UInt8(ascii: ";") }
            guard !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else {
                throw refused("has . or .. in its path")
            }
            segments.append(segment)
        }
        if segments.last?.isEmpty == true { segments.removeLast() }
        return segments
    }

    private static func unescaped(_ text: Substring) -> [UInt8]? {
        var (bytes, rest) = ([UInt8](), Array(text.utf8)[...])
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, !digits.hasPrefix("+"), !digits.hasPrefix("-"),
                let value = UInt8(digits, radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
