import Groundwork
import PushEngine

/// What WeChat's codes mean for us, at official accounts and at mini-programs.
enum WeChatCodes {
    /// How an application's calls are counted, which decides how long to wait when there were too many.
    enum Quota: Sendable {
        /// By days of China's calendar.
        case daily
        /// By minutes.
        case perMinute
    }

    /// The token is none, was replaced, or is over.
    static let rejectedToken: Set<Int64> = [40_001, 40_014, 42_001]

    /// The same message came before, under the same id: it was sent once.
    static let duplicate: Int64 = 45_065

    /// The same message came a moment ago, under the same id: what became of it is not known yet.
    static let repeatedTooSoon: Int64 = 45_066

    /// Who does not follow the account, or was put on its blacklist: nothing reaches them until they follow it again.
    static let lasting: Set<String> = ["43004", "43019"]

    /// What an answer without success means.
    ///
    /// - Parameters:
    ///   - answer: the answer.
    ///   - quota: how calls are counted.
    ///   - now: the time, from which it follows when a new day begins.
    /// - Returns: the refusal.
    static func refusal(_ answer: CodedAnswer, _ quota: Quota, at now: Moment) -> Refusal {
        answer.refusal(fault(of: answer.code), wait: wait(after: answer.code, quota, at: now))
    }

    /// Sorts a code; one that nobody has told us about counts as a fault of the content, so that it is not sent
    /// again and again.
    static func fault(of code: Int64) -> Refusal.Class { table[code] ?? .badContent }

    private static func wait(after code: Int64, _ quota: Quota, at now: Moment) -> Duration? {
        switch code {
        case 45_009:
            switch quota {
            case .daily: untilMidnight(now)
            case .perMinute: .seconds(60)
            }
        case 45_011: .seconds(5)
        default: nil
        }
    }

    /// The time to the next midnight in China.
    private static func untilMidnight(_ now: Moment) -> Duration {
        let today = CivilTime(now, offset: CivilTime.china)
        return .seconds(86_400 - today.hour * 3_600 - today.minute * 60 - today.second)
    }

    private static let table: [Int64: Refusal.Class] = [
        -1: .transient,

        // A token that is rejected again although it is new: somebody else takes it away all the time.
        40_001: .badConfig,
        40_014: .badConfig,
        42_001: .badConfig,
        42_002: .badConfig,
        42_003: .badConfig,
        42_007: .badConfig,
        41_001: .badConfig,
        40_002: .badConfig,
        40_013: .badConfig,
        40_125: .badConfig,
        40_164: .badConfig,
        40_243: .badConfig,
        48_001: .badConfig,
        48_004: .badConfig,
        48_008: .badConfig,
        50_001: .badConfig,
        50_002: .badConfig,

        40_003: .badRecipient,
        43_004: .badRecipient,
        43_019: .badRecipient,
        43_101: .badRecipient,
        50_005: .badRecipient,
        // This user refuses to hear from the account.
        48_002: .badRecipient,

        40_037: .badContent,
        41_028: .badContent,
        41_029: .badContent,
        41_030: .badContent,
        44_002: .badContent,
        47_001: .badContent,
        47_003: .badContent,
        87_014: .badContent,

        45_009: .throttled,
        45_011: .throttled,
        45_029: .throttled,
        45_047: .throttled,
    ]
}
