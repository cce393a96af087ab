import Hummingbird

/// A language that the pages speak.
enum Language: String, Hashable, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh-CN"

    static let cookieName = "kpush_language"

    /// What it calls itself, for the switch.
    var ownName: String {
        switch self {
        case .english: "English"
        case .chinese: "简体中文"
        }
    }

    /// The one that the reader chose, else the first that the browser asks for and we have, else English.
    init(of request: Request) {
        let chosen = request.cookies[Self.cookieName].flatMap { Language(rawValue: $0.value) }
        self = chosen ?? Language(acceptLanguage: request.headers[.acceptLanguage] ?? "")
    }

    /// The cookie that a browser keeps the choice in, for a year.
    func cookie(overHTTPS: Bool) -> Cookie {
        Cookie(
            name: Self.cookieName,
            value: rawValue,
            maxAge: 365 * 86_400,
            path: "/",
            secure: overHTTPS,
            httpOnly: true,
            sameSite: .lax
        )
    }

    /// Reads `Accept-Language`: the greatest weight wins, the order settles ties.
    init(acceptLanguage: String) {
        var best: (language: Language, weight: Double)?
        for part in acceptLanguage.split(separator: ",") {
            let pieces = part.split(separator: ";").map { $0.trimmingSpaces }
            guard let tag = pieces.first?.lowercased(), let language = Language(tag: tag) else { continue }
            let weight = pieces.dropFirst().compactMap(Self.weight).first ?? 1
            if weight > best?.weight ?? 0 { best = (language, weight) }
        }
        self = best?.language ?? .english
    }

    private init?(tag: String) {
        switch tag.prefix(while: { $0 != "-" }) {
        case "en": self = .english
        case "zh": self = .chinese
        default: return nil
        }
    }

    private static func weight(_ parameter: String) -> Double? {
        parameter.hasPrefix("q=") ? Double(parameter.dropFirst(2)) : nil
    }
}

extension StringProtocol {
    /// The text without spaces at its ends.
    var trimmingSpaces: String {
        let tail = drop { $0.isWhitespace }
        guard let end = tail.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(tail[...end])
    }
}
