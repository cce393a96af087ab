/// A command as it is written in one line: words between blanks, in quotes what has blanks in it.
///
/// No shell reads it: there are no variables, no patterns, no pipes, and a backslash is a backslash.
struct CommandLine: Hashable, Sendable {
    /// The program and its arguments.
    let words: [String]

    /// Takes a line apart.
    ///
    /// - Parameter text: such as `/usr/bin/rsync -a '/srv/my files' backup:`.
    /// - Throws: `ProgramError` when it has no words, a quote that does not end, or a program without an absolute path.
    init(_ text: String) throws(ProgramError) {
        var words: [String] = []
        // nil between words: two quotes with nothing in them are a word as well.
        var word: String?
        var quote: Character?
        for character in text {
            switch (quote, character) {
            case (character?, _): quote = nil
            case (nil, "\""), (nil, "'"): (quote, word) = (character, word ?? "")
            case (nil, _) where character.isWhitespace:
                if let ended = word { words.append(ended) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { throw ProgramError("the command has a quote that does not end") }
        if let word { words.append(word) }
        guard let program = words.first else { throw ProgramError("there is no command") }
        // By its one true name, so that it can be compared.
        let segments = program.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard program.hasPrefix("/"), !segments.contains(where: { ["", ".", ".."].contains($0) }) else {
            throw ProgramError("\(program) is no absolute path of a program without . and ..")
        }
        self.words = words
    }

    /// Whether it begins with the words of `other`, the program among them.
    func begins(with other: CommandLine) -> Bool { words.starts(with: other.words) }
}
