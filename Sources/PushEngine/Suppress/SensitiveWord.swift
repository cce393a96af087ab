package import Groundwork

/// Names one word of the list.
package struct SensitiveWordID: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}

/// A word that is to be put on the list.
package struct SensitiveWordDraft: Hashable, Sendable {
    /// As it was written.
    package let text: String
    package let by: String
    package let at: Moment

    /// Makes a draft; nil when nothing of the text counts, or it is too long for a word.
    package init?(_ text: String, by: String, at: Moment) {
        guard (1...Self.limit).contains(FoldedText.scalars(of: text).count) else { return nil }
        self.text = text
        self.by = by
        self.at = at
    }

    /// The most letters and digits of a word.
    package static let limit = 64

    /// By what words are told apart.
    package var folded: String { FoldedText.text(of: text) }
}

/// A word that no message may hold.
package struct SensitiveWord: Hashable, Sendable, Identifiable {
    package let id: SensitiveWordID
    /// As it was written.
    package let text: String
    package let by: String
    package let at: Moment

    package init(id: SensitiveWordID, text: String, by: String, at: Moment) {
        self.id = id
        self.text = text
        self.by = by
        self.at = at
    }
}

/// What a list of words looks like from outside: words are never changed, and their numbers never used twice, so that
/// two lists with the same mark are the same.
package struct WordListMark: Hashable, Sendable {
    package let count: Int
    package let last: Int64
    package let sum: Int64

    package init(count: Int, last: Int64, sum: Int64) {
        self.count = count
        self.last = last
        self.sum = sum
    }

    package var isEmpty: Bool { count == 0 }
}
