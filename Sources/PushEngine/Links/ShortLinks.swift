package import Groundwork
import Synchronization

/// Puts short links in place of those in a template's fixed text, once for each template and day, and each occurrence of a
/// campaign.
///
/// What is left to do for a recipient is less than before: a short link is not tracked again.
package final class ShortLinks: Sendable {
    private struct Key: Hashable {
        let template: TemplateID
        let version: Int
        let businessID: BusinessID
        let run: CampaignRunID?
    }

    /// Addresses of more bytes stay as they are: no index of a store takes them.
    private static let longest = 2_000
    /// Templates of as many days are kept in memory; then all are made anew.
    private static let roomiest = 1_000
    private static let attempts = 8

    private let base: String
    private let store: any LinkStore
    private let clock: any WallClock
    private let known = Mutex<[Key: ContentTemplate]>([:])

    /// Makes short links below an address such as `https://t.example.com`, without a slash at its end.
    package init(base: String, store: any LinkStore, clock: any WallClock) {
        self.base = base
        self.store = store
        self.clock = clock
    }

    /// The content with short links, all of which are stored when it returns.
    ///
    /// - Throws: `StoreError` when they cannot be.
    func content(
        of template: CompiledTemplate,
        _ id: BusinessID,
        for run: CampaignRunID?
    ) async throws(StoreError) -> ContentTemplate {
        let key = Key(template: template.id, version: template.version, businessID: id, run: run)
        if let ready = known.withLock({ $0[key] }) { return ready }
        let made = try await shorten(template.content, key)
        known.withLock { known in
            if known.count >= Self.roomiest { known.removeAll() }
            known[key] = made
        }
        return made
    }

    private func shorten(
        _ content: ContentTemplate,
        _ key: Key
    ) async throws(StoreError) -> ContentTemplate {
        var segments: [ContentTemplate.Segment] = []
        for segment in content.segments {
            guard segment.isTracked else {
                segments.append(segment)
                continue
            }
            for part in segment.parts {
                guard case .link(_, let address) = part, address.count <= Self.longest else {
                    segments.append(ContentTemplate.Segment(pieces: part.pieces, isTracked: true))
                    continue
                }
                let short = Array("\(base)/s/\(try await code(of: address, key))".utf8)
                segments.append(ContentTemplate.Segment(pieces: [.literal(short)], isTracked: false))
            }
        }
        return ContentTemplate(text: content.text, segments: segments, variables: content.variables)
    }

    /// The code of an address, which gets its tracking parameter first.
    private func code(of address: [UInt8], _ key: Key) async throws(StoreError) -> String {
        var tracked: [UInt8] = []
        LinkTracker(key.businessID).append(address.span, to: &tracked)
        let url = String(decoding: tracked, as: UTF8.self)
        for attempt in 1... {
            let link = TrackedLink(
                code: LinkCode.random(),
                url: url,
                businessID: key.businessID,
                campaignRun: key.run,
                madeAt: clock.now
            )
            do throws(StoreError) { return try await store.keepLink(link).code } catch {
                guard error.code == .conflict, attempt < Self.attempts else { throw error }
            }
        }
        preconditionFailure("the loop above has no end")
    }
}

/// What stands in a short link: nine letters and digits, of which nobody guesses the next.
package enum LinkCode {
    package static let length = 9
    private static let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    static func random() -> String {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<length).map { _ in letters[Int.random(in: letters.indices, using: &random)] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a text can be one.
    package static func isOne(_ text: String) -> Bool {
        text.utf8.count == length && text.utf8.allSatisfy(letters.contains)
    }
}

extension ContentTemplate.Segment {
    /// A stretch of a segment.
    fileprivate enum Part {
        /// A link that holds no variable, as it is written, and the address that it leads to.
        case link([UInt8], address: [UInt8])
        case other([ContentTemplate.Piece])

        var pieces: [ContentTemplate.Piece] {
            switch self {
            case .link(let bytes, _): [.literal(bytes)]
            case .other(let pieces): pieces
            }
        }
    }

    /// The segment cut at its links.
    ///
    /// One that a variable stands right behind may go on in it: it stays as it is. So does one with an escape of HTML
    /// in it other than the `&amp;` of a page, because it is not the address that it leads to.
    fileprivate var parts: [Part] {
        var parts: [Part] = []
        var open: [ContentTemplate.Piece] = []
        for (place, piece) in pieces.enumerated() {
            guard case .literal(let bytes) = piece else {
                open.append(piece)
                continue
            }
            let isLast = place == pieces.count - 1
            // Where a variable stands before it, its first letters may belong to what is in the variable.
            let isFirst = open.isEmpty
            var copied = 0
            for range in LinkTracker.links(in: bytes.span) {
                // Punctuation at its end is part of it when what is in the variable goes on.
                let goesOn = !isLast && bytes[range.upperBound...].allSatisfy(LinkTracker.isLinkByte)
                let isWhole = !goesOn && (isFirst || range.lowerBound > 0)
                let link = Array(bytes[range])
                let address = isPage ? link.withPlainAmpersands : link
                guard isWhole, !address.holdsEscape else { continue }
                if range.lowerBound > copied {
                    open.append(.literal(Array(bytes[copied..<range.lowerBound])))
                }
                if !open.isEmpty { parts.append(.other(open)) }
                open = []
                parts.append(.link(link, address: address))
                copied = range.upperBound
            }
            if copied < bytes.count { open.append(.literal(Array(bytes[copied...]))) }
        }
        if !open.isEmpty { parts.append(.other(open)) }
        return parts
    }
}

extension [UInt8] {
    /// With `&` where it holds `&amp;`.
    fileprivate var withPlainAmpersands: [UInt8] {
        Array(String(decoding: self, as: UTF8.self).replacing("&amp;", with: "&").utf8)
    }

    /// Whether it holds `&…;`.
    fileprivate var holdsEscape: Bool {
        guard let start = firstIndex(of: UInt8(ascii: "&")) else { return false }
        return self[start...].contains(UInt8(ascii: ";"))
    }
}
