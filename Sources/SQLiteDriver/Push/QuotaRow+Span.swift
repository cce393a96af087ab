import Groundwork
import PushEngine

/// What several days count: a row whose entries have their day in the place of a text, and whose own day is the last
/// one for which any of them counts.
extension QuotaRow {
    /// Whether a claim would be too many; nil when it may go on, or has its place.
    mutating func verdict(on owner: MessageID, _ span: QuotaSpan, day: Int) -> QuotaVerdict? {
        let first = span.firstDay(for: day)
        forget { Int($0.content) < first }
        guard entries.count >= span.limit, !has(owner) else { return nil }
        let leaving = Int(entries[entries.count - span.limit].content)
        return .overSpan(
            by: entries.map { MessageID(rawValue: $0.owner) },
            again: span.dayAgain(after: leaving)
        )
    }

    /// Counts a message of `day`; false when it was counted before.
    mutating func count(_ owner: MessageID, _ span: QuotaSpan, day: Int, now: Moment) -> Bool {
        guard !has(owner) else { return false }
        // Days only go on.
        let day = max(day, entries.last.map { Int($0.content) } ?? 0)
        append(
            Entry(content: UInt64(day), at: now.millisecondsSinceEpoch, owner: owner.rawValue),
            until: span.lastDay(of: day)
        )
        return true
    }
}
