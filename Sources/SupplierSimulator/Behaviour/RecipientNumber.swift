/// Recipients that are no telephone numbers, as numbers.
enum RecipientNumber {
    /// A number for a text, such as an openid.
    ///
    /// It ends in the text's last four digits, so that these script what happens to it, and is larger than any
    /// telephone number. Of a mail address the digits before the `@` count.
    static func of(_ text: String) -> UInt64 {
        let tail = text.utf8.prefix { $0 != UInt8(ascii: "@") }.suffix(4)
        let isScript = tail.count == 4 && tail.allSatisfy { (48...57).contains($0) }
        let digits = isScript ? tail.reduce(UInt64(0)) { $0 * 10 + UInt64($1 - 48) } : 9_999
        let hash = ContentHash.of(text.utf8) % 100_000_000_000_000
        return 1_000_000_000_000_000_000 + hash * 10_000 + digits
    }
}
