import Groundwork
import PushEngine

/// The day whose partitions hold a batch: it makes the upper part of the batch's number.
///
/// Numbers below the first day's are of batches that were copied from another store, where they had none.
struct BatchDay: RawRepresentable, Hashable, Sendable {
    /// Days since 2024-01-01 in UTC, plus one; 0 for copied batches.
    ///
    /// It has 15 bits, which last until 2113.
    let rawValue: Int64

    private static let millisecondsPerDay: Int64 = 86_400_000
    /// 2024-01-01 in days since 1970-01-01.
    private static let first: Int64 = 19_723
    /// How many bits a batch's number within all days has.
    private static let numberBits: Int64 = 36

    init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    init(_ moment: Moment) {
        let day = moment.millisecondsSinceEpoch / Self.millisecondsPerDay - Self.first + 1
        self.init(rawValue: max(1, min(day, 1 << 15 - 1)))
    }

    init(of batch: BatchID) {
        self.init(rawValue: batch.rawValue >> Self.numberBits)
    }

    /// The day of a call: its number is made like its batch's.
    init(of call: IntentID) {
        self.init(rawValue: call.rawValue >> Self.numberBits)
    }

    /// When it begins.
    var start: Moment {
        Moment(millisecondsSinceEpoch: (rawValue - 1 + Self.first) * Self.millisecondsPerDay)
    }

    /// The smallest number of a batch, or a call, of this day.
    var lowest: Int64 { rawValue << Self.numberBits }

    /// The numbers of batches, and of calls, of this day.
    var numbers: Range<Int64> { lowest..<((rawValue + 1) << Self.numberBits) }

    /// The numbers of messages of this day.
    var messages: Range<Int64> { (numbers.lowerBound << 12)..<(numbers.upperBound << 12) }

    /// What the names of its partitions end in.
    var suffix: String { "d\(rawValue)" }
}
