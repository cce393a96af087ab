/// Why a step stopped a message, in words.
extension Voice {
    /// What a detail of a timeline means: a code, or a code and what it is about, such as `blacklist_class marketing` or
    /// `cap_day count=5 limit=5 again=2026-04-02`; any other text is said as it is.
    func detail(_ text: String) -> String {
        let whole = "detail-\(text)"
        if self(whole) != whole { return self(whole) }
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, case let key = "detail-\(parts[0])-of", self(key) != key else { return text }
        var said = self(key)
        for pair in parts[1].split(separator: " ") {
            let halves = pair.split(separator: "=", maxSplits: 1)
            if halves.count == 2 { said = said.replacing("{\(halves[0])}", with: word(for: halves[1])) }
        }
        return said.replacing("{value}", with: word(for: parts[1]))
    }

    /// The word for a type of message; anything else stays as it is.
    private func word(for name: Substring) -> String {
        let key = "type-\(name)"
        return self(key) == key ? String(name) : self(key)
    }
}
