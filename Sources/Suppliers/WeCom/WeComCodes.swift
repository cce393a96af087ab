import PushEngine

/// What WeCom's codes mean for messages of an application.
enum WeComCodes {
    /// The token is none, or is over.
    static let rejectedToken: Set<Int64> = [40_014, 42_001]

    /// All recipients of the call are none; the call was looked at one by one.
    static let allInvalid: Int64 = 81_013

    /// A part of the request is none, such as a message that it does not know, or knows no more.
    static let badParameter = "40058"

    /// What an answer without success means.
    static func refusal(_ answer: CodedAnswer) -> Refusal {
        switch answer.code {
        // Whoever goes on is blocked for a minute.
        case 45_009: answer.refusal(.throttled, wait: .seconds(60))
        case 45_033: answer.refusal(.throttled, wait: .seconds(1))
        default: answer.refusal(fault(of: answer.code))
        }
    }

    /// Sorts a code; one that nobody has told us about counts as a fault of the content, so that it is not sent
    /// again and again.
    static func fault(of code: Int64) -> Refusal.Class { table[code] ?? .badContent }

    private static let table: [Int64: Refusal.Class] = [
        -1: .transient,

        40_001: .badConfig,
        40_013: .badConfig,
        40_014: .badConfig,
        40_056: .badConfig,
        41_001: .badConfig,
        42_001: .badConfig,
        48_002: .badConfig,
        50_003: .badConfig,
        60_011: .badConfig,
        60_020: .badConfig,
        301_002: .badConfig,

        40_003: .badRecipient,
        40_031: .badRecipient,
        60_111: .badRecipient,
        81_013: .badRecipient,
        82_001: .badRecipient,
        82_002: .badRecipient,
        82_003: .badRecipient,

        40_008: .badContent,
        40_058: .badContent,
        45_002: .badContent,

        45_009: .throttled,
        45_033: .throttled,
    ]
}
