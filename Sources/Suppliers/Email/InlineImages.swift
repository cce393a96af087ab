import Foundation

/// A page whose pictures stand in it as `data:` addresses, which few mail programs show, and the same page with the
/// pictures beside it.
struct InlineImages {
    struct Image {
        /// What the page calls it.
        let id: String
        let type: String
        let bytes: [UInt8]
    }

    private(set) var html: String
    private(set) var images: [Image] = []

    /// Takes the pictures out of a page.
    ///
    /// - Parameters:
    ///   - page: the page.
    ///   - id: the message's, which makes the pictures' its own.
    init(_ page: String, id: String) {
        html = page
        guard page.contains("data:image/") else { return }
        let (name, domain) = (id.prefix { $0 != "@" }, id.drop { $0 != "@" })
        var names: [String: String] = [:]
        html = ""
        var rest = page[...]
        while let start = rest.range(of: "data:image/") {
            html += rest[..<start.lowerBound]
            let quote = html.last
            let isQuoted = quote == "\"" || quote == "'"
            let address = rest[start.lowerBound...].prefix { isQuoted && $0 != quote }
            rest = rest[start.lowerBound...].dropFirst(max(address.count, isQuoted ? 0 : 11))
            guard isQuoted, let image = Self.read(address) else {
                html += isQuoted ? String(address) : "data:image/"
                continue
            }
            let known = names[String(address)]
            let imageID = known ?? "\(name).\(images.count)\(domain)"
            if known == nil {
                names[String(address)] = imageID
                images.append(Image(id: imageID, type: image.type, bytes: image.bytes))
            }
            html += "cid:\(imageID)"
        }
        html += rest
    }

    private static func read(_ address: Substring) -> (type: String, bytes: [UInt8])? {
        guard let comma = address.firstIndex(of: ",") else { return nil }
        let head = address[..<comma].dropFirst(5).split(separator: ";")
        guard let type = head.first, head.last == "base64",
            type.utf8.dropFirst(6).allSatisfy({ $0 > 0x2A && $0 < 0x7F && $0 != UInt8(ascii: ",") }),
            let data = Data(base64Encoded: String(address[address.index(after: comma)...]))
        else { return nil }
        return (String(type), Array(data))
    }
}
