/// The words by which a recipient can refuse further marketing: put at the end of a text, and understood in replies.
package enum OptOut {
    /// What the suppliers of Tencent and Aliyun ask for.
    package static let usualSuffix = "拒收请回复R"

    /// The text with the suffix at its end, unless it ends with words of that meaning already.
    ///
    /// - Parameters:
    ///   - suffix: the supplier's wording; empty appends nothing.
    ///   - text: the body.
    ///   - separator: what stands between the two.
    /// - Returns: the text to send.
    package static func append(_ suffix: String, to text: String, separator: String = "，") -> String {
        guard !suffix.isEmpty, !endsWithOptOut(text) else { return text }
        return text + separator + suffix
    }

    /// Whether a text ends with words that say how to refuse, in any of the wordings in use.
    package static func endsWithOptOut(_ text: String) -> Bool {
        // The longest wording has nine characters.
        let tail = String(folded(text).suffix(12))
        return endings.contains { tail.hasSuffix($0) }
    }

    /// Whether a reply is a refusal: one of the key words and nothing else.
    package static func isRefusal(_ reply: String) -> Bool {
        keywords.contains(folded(reply))
    }

    private static let keywords: Set<String> = ["R", "T", "TD", "N", "退订", "拒收", "QX", "STOP", "UNSUBSCRIBE"]

    private static let endings: [String] = {
        var endings: [String] = []
        for key in ["R", "T", "TD", "N", "QX"] {
            for verb in ["回", "回复", "请回", "请回复"] {
                for meaning in ["拒收", "退订"] {
                    endings.append(meaning + verb + key)
                    endings.append(verb + key + meaning)
                }
            }
        }
        return endings
    }()

    /// Upper case, full-width letters as half-width ones, without blanks and punctuation.
    private static func folded(_ text: String) -> String {
        var folded = String.UnicodeScalarView()
        folded.append(contentsOf: text.unicodeScalars.lazy.compactMap(\.letterOrDigit))
        return String(folded).uppercased()
    }
}
