import Foundation

/// All that the pages say, in every language: the catalogue `words.tsv`, a line a word.
///
/// A line holds the key, the English and the Chinese text, with a TAB between; `{name}` stands for a value.
struct Words: Sendable {
    private let texts: [Language: [String: String]]

    /// Every key, in the order of the catalogue.
    let keys: [String]

    /// Reads the catalogue.
    ///
    /// - Throws: `ConsoleError` naming the line that is not one, or whose key stood before.
    init(catalogue: String) throws(ConsoleError) {
        var texts: [Language: [String: String]] = [.english: [:], .chinese: [:]]
        var keys: [String] = []
        for (index, line) in catalogue.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty && !line.hasPrefix("#") {
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard cells.count == 3, cells.allSatisfy({ !$0.isEmpty }), texts[.english]?[cells[0]] == nil
            else {
                throw ConsoleError("words.tsv: line \(index + 1) is not a new key and two texts")
            }
            texts[.english]?[cells[0]] = cells[1]
            texts[.chinese]?[cells[0]] = cells[2]
            keys.append(cells[0])
        }
        self.texts = texts
        self.keys = keys
    }

    /// The texts of one language by key, as templates take them.
    func texts(in language: Language) -> [String: String] {
        texts[language] ?? [:]
    }

    /// The text under `key`; the key itself where there is none, so that a hole can be seen.
    func text(_ key: String, in language: Language) -> String {
        texts[language]?[key] ?? key
    }
}

/// Why the pages cannot be served at all: a part of them is missing or broken.
struct ConsoleError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
