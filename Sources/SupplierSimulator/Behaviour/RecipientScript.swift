/// What the last four digits of a number ask for, so that a test needs no set-up.
enum RecipientScript: UInt64, Sendable {
    /// `0000`: accepted and delivered.
    case delivered = 0
    /// `0001`: accepted, not delivered.
    case undelivered = 1
    /// `0002`: refused for good.
    case badRecipient = 2
    /// `0003`: refused because it got too much today.
    case throttled = 3
    /// `0004`: accepted, the answer withheld.
    case withheld = 4
    /// `0005`: the connection is reset, nothing accepted.
    case reset = 5
    /// `0006`: HTTP 500 twice, then accepted.
    case failsTwice = 6
    /// `0007`: accepted, the answer cut short.
    case truncated = 7
    /// `0008`: accepted; the receipt comes late, and twice.
    case lateReceipt = 8
    /// `0009`: accepted; the answer comes after three seconds.
    case slow = 9

    /// The script of `recipient`; nil for almost all.
    init?(_ recipient: UInt64) {
        self.init(rawValue: recipient % 10_000)
    }
}
