import PushEngine

/// What Yunpian's codes mean for us.
enum YunpianCodes {
    /// Sorts a code; one that nobody has told us about counts as a fault of the content, so that it is not sent
    /// again and again, unless it is one of those for faults on their side.
    static func fault(of code: Int64) -> Refusal.Class {
        table[code] ?? (code <= -50 ? .transient : .badContent)
    }

    /// How long a recipient is left alone who cannot have a message now; nil where nobody says.
    static func wait(of code: Int64) -> Duration? { waits[code] }

    private static let waits: [Int64: Duration] = [8: .seconds(30), 9: .seconds(300), 22: .seconds(1_200)]

    private static let table: [Int64: Refusal.Class] = [
        // The same text within 30 s, or several times within 5 minutes; too many in an hour; too many in a day.
        8: .recipientLater,
        9: .recipientLater,
        22: .recipientLater,
        17: .recipientLimit,

        -4: .throttled,
        -5: .throttled,

        10: .badRecipient,
        20: .badRecipient,
        23: .badRecipient,

        3: .badConfig,
        -1: .badConfig,
        -2: .badConfig,
        -3: .badConfig,
        -6: .badConfig,

        1: .badContent,
        2: .badContent,
        4: .badContent,
        5: .badContent,
        6: .badContent,
        7: .badContent,
        13: .badContent,
        15: .badContent,
        16: .badContent,
        18: .badContent,
        19: .badContent,
        24: .badContent,
        25: .badContent,
        26: .badContent,
        27: .badContent,
        28: .badContent,

        // Calls that we should not have made: nothing was sent, and nothing would be the second time.
        11: .badContent,
        12: .badContent,
        14: .badContent,
        21: .badContent,
    ]
}
