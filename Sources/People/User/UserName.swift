/// What a user is called at sign-in: 2 to 32 of `a-z`, `0-9`, `.`, `-`, `_`, beginning with a letter.
///
/// Only these, so that no two names look the same on a page.
package struct UserName: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// The name that the API token goes by; no user has it.
    package static let token = "token"

    /// The name in lower case; nil when it cannot be one.
    package init?(_ text: String) {
        let text = text.lowercased()
        guard (2...32).contains(text.utf8.count), text != Self.token,
            let first = text.utf8.first, Self.letters.contains(first),
            text.utf8.allSatisfy({ Self.letters.contains($0) || Self.others.contains($0) })
        else { return nil }
        self.text = text
    }

    package var description: String { text }

    private static let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    private static let others = Set("0123456789.-_".utf8)
}
