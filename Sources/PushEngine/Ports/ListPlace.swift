package import Groundwork

/// A place in a list that is ordered by time, from which to go on.
package struct ListPlace: Hashable, Sendable, LosslessStringConvertible {
    package let at: Moment
    /// Tells those of one instant apart; what it counts is the store's own affair.
    package let number: Int64

    package init(at: Moment, number: Int64) {
        self.at = at
        self.number = number
    }

    /// Reads `1764374400000-17`.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let at = Int64(parts[0]), let number = Int64(parts[1]) else { return nil }
        self.init(at: Moment(millisecondsSinceEpoch: at), number: number)
    }

    package var description: String { "\(at.millisecondsSinceEpoch)-\(number)" }
}
